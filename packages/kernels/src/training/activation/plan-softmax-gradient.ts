import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";

/** The backward pass of a softmax over rows, for {@link planSoftmaxGradient}. */
export interface SoftmaxGradientSpec {
  /** Address of the result of the forward pass, [rows, cols]. */
  readonly y: number;
  /** Address of its gradient, [rows, cols]. */
  readonly dy: number;
  /** Address of the operand's gradient; may be `dy` or `y`. */
  readonly dx: number;
  readonly rows: number;
  readonly cols: number;
  /** `y` is the logarithm of the softmax. @default false */
  readonly log?: boolean;
  /** Factor on dx: what the scores of attention were multiplied by. @default 1 */
  readonly scale?: number;
}

/**
 * Plans dx = scale y (dy - sum(dy y)) for y = softmax(x), or dx = scale (dy - e^y sum dy) for its logarithm.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planSoftmaxGradient(kernels: Kernels, spec: SoftmaxGradientSpec): Plan {
  const { y, dy, dx, rows, cols, log = false, scale = 1 } = spec;
  requireTraining("planSoftmaxGradient", kernels);
  checkCounts("planSoftmaxGradient", { rows }, 0);
  checkCounts("planSoftmaxGradient", { cols }, 1);
  checkExtents("planSoftmaxGradient", { y: [rows, cols] });
  return createPlan(kernels.arena, [
    {
      kernel: "softmax_gradient_f32",
      params: [y, dy, dx, cols, log ? 1 : 0, floatBits(scale)],
      units: rows,
      grain: Math.max(1, Math.ceil(8192 / cols)),
    },
  ]);
}
