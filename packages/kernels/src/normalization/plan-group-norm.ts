import { ShapeError } from "@edgewright/core";
import type { Activation } from "../activation/activation.js";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { affineJob } from "./plan-affine.js";

/** An instance normalisation for {@link planInstanceNorm}. */
export interface InstanceNormSpec {
  /** Address of the operand, [n, positions, c]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  readonly n: number;
  /** Rows times columns of an image. */
  readonly positions: number;
  readonly c: number;
  /** Address of the factors, [c]. */
  readonly gamma?: number;
  /** Address of the shifts, [c]. */
  readonly beta?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Applied to the result. @default identity */
  readonly activation?: Activation;
}

/** A group normalisation for {@link planGroupNorm}. */
export interface GroupNormSpec extends InstanceNormSpec {
  /** Divides c; neighbouring channels share mean and variance. */
  readonly groups: number;
}

/** Plans y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with statistics per image and channel. */
export function planInstanceNorm(kernels: Kernels, spec: InstanceNormSpec): Plan {
  return planGroupNorm(kernels, { ...spec, groups: spec.c });
}

/**
 * Plans group normalisation (Wu and He, 2018): statistics per image and group of channels.
 *
 * @throws ShapeError when `groups` does not divide `c`.
 */
export function planGroupNorm(kernels: Kernels, spec: GroupNormSpec): Plan {
  const { x, y, n, positions, c, groups, gamma = 0, beta = 0, epsilon = 1e-5 } = spec;
  checkCounts("planGroupNorm", { n, positions, c, groups }, 1);
  if (c % groups !== 0) {
    throw new ShapeError(`planGroupNorm: ${c} channels cannot be split into ${groups} groups`);
  }
  const statistics = kernels.arena.allocate(n * 2 * c * 4);
  const at = statistics.ptr;
  return createPlan(
    kernels.arena,
    [
      {
        kernel: "channel_statistics_f32",
        params: [x, at, positions, c],
        units: n * Math.ceil(c / 4),
        grain: Math.max(1, Math.ceil(4096 / positions)),
      },
      {
        kernel: "group_scale_f32",
        params: [at, positions, c, c / groups, gamma, beta, floatBits(epsilon)],
        units: n * groups,
        grain: Math.max(1, Math.ceil((4096 * groups) / c)),
      },
      affineJob({
        x,
        y,
        images: n,
        positions,
        c,
        scale: at,
        shift: at + 4 * c,
        imageBytes: 8 * c,
        ...(spec.activation && { activation: spec.activation }),
      }),
    ],
    [statistics],
  );
}
