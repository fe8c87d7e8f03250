import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";

/** A mask in memory, for {@link MaskedSoftmaxSpec}. */
export interface AttentionMask {
  readonly ptr: number;
  /** Floats to add to the scaled scores, or bytes of which 0 hides a column. */
  readonly kind: "add" | "keep";
  /**
   * Distance in elements from batch entry to batch entry, from head to head and from row to row; 0 repeats.
   * Columns lie side by side.
   *
   * @default [0, 0, cols]: one matrix for all
   */
  readonly strides?: readonly [number, number, number];
}

/** A softmax over attention scores for {@link planMaskedSoftmax}. */
export interface MaskedSoftmaxSpec {
  /** Address of the scores, [batch, heads, rows, cols]. */
  readonly x: number;
  /** Address of the probabilities; may be the scores'. */
  readonly y: number;
  /** @default 1 */
  readonly batch?: number;
  /** @default 1 */
  readonly heads?: number;
  /** Queries. */
  readonly rows: number;
  /** Keys. */
  readonly cols: number;
  /** Multiplies the scores first. @default 1 */
  readonly scale?: number;
  /**
   * Row i sees the columns up to i + offset only, and no more than `window` of them.
   *
   * @default every row sees every column
   */
  readonly causal?: {
    /** @default cols - rows: the last row sees every column */
    readonly offset?: number;
    /** @default no limit */
    readonly window?: number;
  };
  /** Address of the number of columns that each batch entry has, i32 [batch]. @default cols for all */
  readonly lengths?: number;
  readonly mask?: AttentionMask;
}

/**
 * Plans the softmax of scaled attention scores over the columns that a row may see; the others get 0. A row
 * that sees nothing is 0 throughout, where a softmax of minus infinities would be NaN.
 *
 * The causal limit, the sliding window and the lengths need no mask in memory, and their columns cost
 * nothing. The gradient is that of every softmax, dx = scale y (dy - sum of y dy): hidden columns get 0 by
 * their y.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws UnsupportedError for kernels without the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const scores = kernels.arena.upload(new Float32Array([1, 9, 2, 2]));
 * const plan = planMaskedSoftmax(kernels, {
 *   x: scores.ptr, y: scores.ptr, rows: 2, cols: 2, causal: {},
 * });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(scores.ptr, 4)); // 1, 0, 0.5, 0.5
 * ```
 */
export function planMaskedSoftmax(kernels: Kernels, spec: MaskedSoftmaxSpec): Plan {
  const { x, y, batch = 1, heads = 1, rows, cols, scale = 1, causal, mask } = spec;
  requireTraining("planMaskedSoftmax", kernels);
  checkCounts("planMaskedSoftmax", { batch, heads, rows }, 0);
  checkCounts("planMaskedSoftmax", { cols }, 1);
  checkExtents("planMaskedSoftmax", { x: [batch, heads, rows, cols] });
  const { offset = cols - rows, window = 0 } = causal ?? {};
  if (offset !== (offset | 0)) {
    throw new ShapeError(`planMaskedSoftmax: expected a whole number as offset, got ${offset}`);
  }
  if (causal?.window !== undefined) checkCounts("planMaskedSoftmax", { window }, 1);
  const kind = mask === undefined ? 0 : 1 + ["add", "keep"].indexOf(mask.kind);
  if (mask !== undefined && kind === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `planMaskedSoftmax: expected a mask of kind "add" or "keep", got ${JSON.stringify(mask?.kind)}`,
    );
  }
  const strides = mask?.strides ?? [0, 0, cols];
  const [ofBatch, ofHead, ofRow] = strides;
  const distances = { "strides[0]": ofBatch, "strides[1]": ofHead, "strides[2]": ofRow };
  if (mask !== undefined) checkCounts("planMaskedSoftmax", distances, 0);
  const elementBytes = mask?.kind === "add" ? 4 : 1;
  return createPlan(kernels.arena, [
    {
      kernel: "masked_softmax_f32",
      params: [
        x,
        y,
        cols,
        floatBits(scale),
        rows,
        heads,
        causal === undefined ? 0 : 1,
        offset,
        window,
        spec.lengths ?? 0,
        mask?.ptr ?? 0,
        kind,
        ...strides.map((stride) => stride * elementBytes),
      ],
      units: batch * heads * rows,
      grain: Math.max(1, Math.ceil(8192 / cols)),
    },
  ]);
}
