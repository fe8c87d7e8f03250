import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** A softmax over rows for {@link planSoftmax}. */
export interface SoftmaxSpec {
  /** Address of the operand, [rows, cols]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  readonly rows: number;
  readonly cols: number;
  /** The logarithm of the softmax instead. @default false */
  readonly log?: boolean;
}

/**
 * Plans y = e^(x - max) / sum of e^(x - max) over every row.
 *
 * Relative error at most 2e-6 plus the rounding of x - max; probabilities below 2.4e-38 are 0.
 */
export function planSoftmax(kernels: Kernels, spec: SoftmaxSpec): Plan {
  const { x, y, rows, cols, log = false } = spec;
  checkCounts("planSoftmax", { rows }, 0);
  checkCounts("planSoftmax", { cols }, 1);
  return createPlan(kernels.arena, [
    {
      kernel: "softmax_f32",
      params: [x, y, cols, log ? 1 : 0],
      units: rows,
      grain: Math.max(1, Math.ceil(8192 / cols)),
    },
  ]);
}
