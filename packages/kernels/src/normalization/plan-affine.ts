import { type Activation, activationWords } from "../activation/activation.js";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** A scale and shift per channel for {@link planAffine}. */
export interface AffineSpec {
  /** Address of the operand, [positions, c]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  readonly positions: number;
  readonly c: number;
  /** Address of the factors, [c]. */
  readonly scale: number;
  /** Address of the shifts, [c]. @default no shift */
  readonly shift?: number;
  /** Applied to the result. @default identity */
  readonly activation?: Activation;
}

/** Plans y = activation(x * scale + shift) per channel: batch normalisation at inference. */
export function planAffine(kernels: Kernels, spec: AffineSpec): Plan {
  checkCounts("planAffine", { positions: spec.positions }, 0);
  checkCounts("planAffine", { c: spec.c }, 1);
  const { scale, shift = 0 } = spec;
  return createPlan(kernels.arena, [
    affineJob({ ...spec, images: 1, scale, shift, imageBytes: 0 }),
  ]);
}

/** The job of {@link planAffine} over several images, each with its own scale and shift. */
export function affineJob(spec: {
  readonly x: number;
  readonly y: number;
  readonly images: number;
  readonly positions: number;
  readonly c: number;
  readonly scale: number;
  readonly shift: number;
  readonly imageBytes: number;
  readonly activation?: Activation;
}): JobSpec {
  return {
    kernel: "affine_f32",
    params: [
      spec.x,
      spec.y,
      spec.c,
      spec.positions,
      spec.scale,
      spec.shift,
      spec.imageBytes,
      ...activationWords(spec.activation),
    ],
    units: spec.images * spec.positions,
    grain: Math.max(1, Math.ceil(65536 / spec.c)),
  };
}
