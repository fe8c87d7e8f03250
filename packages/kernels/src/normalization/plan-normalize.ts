import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** A normalisation of rows for {@link planNormalize}. */
export interface NormalizeSpec {
  /** `layer` takes off the mean and divides by the standard deviation, `rms` only divides by the root mean square. */
  readonly kind: "layer" | "rms";
  /** Address of the operand, [rows, cols]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  readonly rows: number;
  readonly cols: number;
  /** Address of the factors, [cols]. */
  readonly gamma?: number;
  /** Address of the shifts, [cols]. */
  readonly beta?: number;
  /** Added to the mean of squares. @default 1e-5 */
  readonly epsilon?: number;
  /** Address of [rows, cols], added to x first. */
  readonly residual?: number;
  /** Where x + residual is kept, [rows, cols]; only with `residual`. */
  readonly sum?: number;
}

/**
 * Plans y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over every row (Ba, Kiros and Hinton,
 * "Layer Normalization", 2016), or root-mean-square normalisation (Zhang and Sennrich, 2019). The
 * variance is that of the whole row (divided by cols) and is taken in a second pass.
 */
export function planNormalize(kernels: Kernels, spec: NormalizeSpec): Plan {
  const { rows, cols } = spec;
  checkCounts("planNormalize", { rows }, 0);
  checkCounts("planNormalize", { cols }, 1);
  return createPlan(kernels.arena, [
    {
      kernel: "normalize_f32",
      params: [
        spec.x,
        spec.y,
        cols,
        spec.kind === "rms" ? 1 : 0,
        spec.gamma ?? 0,
        spec.beta ?? 0,
        floatBits(spec.epsilon ?? 1e-5),
        spec.residual ?? 0,
        spec.sum ?? 0,
      ],
      units: rows,
      grain: Math.max(1, Math.ceil(16384 / cols)),
    },
  ]);
}
