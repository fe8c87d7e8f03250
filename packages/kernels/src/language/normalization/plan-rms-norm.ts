import { planNormalize } from "../../normalization/plan-normalize.js";
import type { Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";

/** A root-mean-square normalisation for {@link planRmsNorm}. */
export interface RmsNormSpec {
  /** Address of the operand, [n, cols]. */
  readonly x: number;
  /** Address of the result, [n, cols]; may be the operand's. */
  readonly y: number;
  readonly n: number;
  readonly cols: number;
  /** Address of the factors, [cols]. */
  readonly gamma?: number;
  /** Added to the mean of squares. @default 1e-5 */
  readonly epsilon?: number;
  /** Address of [n, cols], added to x first. */
  readonly residual?: number;
  /** Where x + residual is kept, [n, cols]; only with `residual`. */
  readonly sum?: number;
}

/**
 * Plans y = x / sqrt(mean(x^2) + epsilon) * gamma over every row (Zhang and Sennrich, "Root Mean Square Layer
 * Normalization", 2019). A row has the same bits whatever rows are computed with it.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 */
export function planRmsNorm(kernels: Kernels, { n, ...spec }: RmsNormSpec): Plan {
  return planNormalize(kernels, { ...spec, kind: "rms", rows: n });
}
