import { ShapeError } from "@edgewright/core";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { checkRows } from "./check-rows.js";

/** Rows of logits, for {@link planLogSumExp}. */
export interface LogSumExpSpec {
  /** Address of the rows, f32 [rows, cols]. */
  readonly x: number;
  /** Address of the results, f32 [rows, 2]: the largest element, then the logarithm of the sum. */
  readonly y: number;
  readonly rows: number;
  readonly cols: number;
  /** Multiplies the elements first: one over the temperature. @default 1 */
  readonly scale?: number;
}

/**
 * Plans the largest of every row's elements times `scale`, and ln(sum of e^(scale x)) over the row: the
 * probability of element i is then e^(scale x[i] - the second).
 *
 * @throws ShapeError for sizes that are no whole numbers and a scale that is not finite.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planLogSumExp(kernels: Kernels, spec: LogSumExpSpec): Plan {
  const { x, y, rows, cols, scale = 1 } = spec;
  requireLanguage("planLogSumExp", kernels);
  checkRows("planLogSumExp", rows, cols);
  if (!Number.isFinite(scale)) {
    throw new ShapeError(`planLogSumExp: expected scale to be a finite number, got ${scale}`);
  }
  const params = [x, y, cols, floatBits(scale)];
  const grain = Math.max(1, Math.ceil(8192 / cols));
  return createPlan(kernels.arena, [{ kernel: "log_sum_exp_f32", params, units: rows, grain }]);
}
