import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { checkRows } from "./check-rows.js";

/** Rows to find the largest elements of, for {@link planTopK}. */
export interface TopKSpec {
  /** Address of the rows, f32 [rows, cols]. */
  readonly x: number;
  /** Address of the largest elements, f32 [rows, k]. */
  readonly values: number;
  /** Address of their indices, i32 [rows, k]. */
  readonly indices: number;
  readonly rows: number;
  readonly cols: number;
  /** From 1 to 256. */
  readonly k: number;
}

/**
 * Plans the `k` largest elements of every row and their indices, from the largest down, the first of equal ones
 * first. A NaN is never among them; where fewer than `k` elements are left, the rest is -Infinity with index -1.
 *
 * @throws ShapeError for sizes that are no whole numbers, EdgewrightError `invalid-argument` for k above 256.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planTopK(kernels: Kernels, spec: TopKSpec): Plan {
  const { x, values, indices, rows, cols, k } = spec;
  requireLanguage("planTopK", kernels);
  checkRows("planTopK", rows, cols);
  checkCounts("planTopK", { k }, 1);
  if (k > 256) {
    throw new EdgewrightError("invalid-argument", `planTopK: expected k from 1 to 256, got ${k}`);
  }
  const params = [x, values, indices, cols, k];
  const grain = Math.max(1, Math.ceil(16384 / cols));
  return createPlan(kernels.arena, [{ kernel: "top_k_f32", params, units: rows, grain }]);
}
