import { EdgewrightError } from "@edgewright/core";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { type RotateAndStoreSpec, rotateWords } from "../cache/plan-rotate-and-store.js";
import { requireLanguage } from "../load-language-kernels.js";
import {
  attentionJob,
  attentionWorkspaceBytes,
  BLOCK_ROWS,
  type CacheAttentionSpec,
} from "./plan-cache-attention.js";

/** Rotation, storing and attention of some rows, for {@link planRotateAndAttend}. */
export interface RotateAndAttendSpec
  extends RotateAndStoreSpec,
    Pick<CacheAttentionSpec, "y" | "yStride" | "state" | "paths" | "scale" | "workspace"> {}

/**
 * Plans {@link planRotateAndStore} and {@link planCacheAttention} in one job, with the same bits as the two by
 * themselves: for up to 16 rows that saves the second job.
 *
 * @throws ShapeError and EdgewrightError as these do, and EdgewrightError `invalid-argument` for more than 16
 * rows.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planRotateAndAttend(kernels: Kernels, spec: RotateAndAttendSpec): Plan {
  const where = "planRotateAndAttend";
  requireLanguage(where, kernels);
  const rotation = rotateWords(where, spec);
  const attention = { ...spec, q: spec.qkv, qStride: rotation[1]! };
  const { params, units, grain = 1 } = attentionJob(where, attention);
  if (spec.n > BLOCK_ROWS) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected at most ${BLOCK_ROWS} rows, got ${spec.n}; plan the two jobs for more`,
    );
  }
  const bytes = attentionWorkspaceBytes(attention);
  const own = spec.workspace === undefined ? [kernels.arena.allocate(bytes * kernels.threads)] : [];
  const workspace = spec.workspace ?? own[0]!.ptr;
  const words = new Array<number>(16).fill(0);
  rotation.forEach((word, i) => {
    words[i] = word;
  });
  words.push(...params.with(13, workspace).with(14, bytes));
  return createPlan(
    kernels.arena,
    [{ kernel: "rotate_and_attend", params: words, units, grain }],
    own,
  );
}
