import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";

/** The gradient of a maximum or minimum along an axis for {@link planExtremeGradient}. */
export interface ExtremeGradientSpec {
  /** Address of the operand, [outer, axis, inner]. */
  readonly x: number;
  /** Address of its maxima or minima, [outer, inner]. */
  readonly y: number;
  /** Address of their gradient, [outer, inner]. */
  readonly dy: number;
  /** Address of the operand's gradient, [outer, axis, inner]; may be the operand's. */
  readonly dx: number;
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

/**
 * Plans the gradient of `planReduce` with `max` or `min`: elements that equal the extreme share its gradient
 * evenly, the others get 0.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planExtremeGradient(kernels: Kernels, spec: ExtremeGradientSpec): Plan {
  const { x, y, dy, dx, outer, axis, inner } = spec;
  requireTraining("planExtremeGradient", kernels);
  checkCounts("planExtremeGradient", { outer, axis, inner }, 0);
  return createPlan(kernels.arena, [
    {
      kernel: "extreme_gradient_f32",
      params: [x, y, dy, dx, axis, inner],
      units: outer * Math.ceil(inner / 4),
      grain: Math.max(1, Math.ceil(16384 / (Math.max(1, axis) * Math.min(4, inner || 1)))),
    },
  ]);
}
