import { EdgewrightError } from "@edgewright/core";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { planMaskGradient } from "../activation/plan-masked-activation.js";
import { checkExtents } from "../check-extents.js";
import { joinPlans } from "../layout/join-plans.js";
import { requireTraining } from "../load-training-kernels.js";
import { type ChannelChunks, channelChunks, partialBytes } from "./channel-chunks.js";
import type { BatchNormShape } from "./plan-batch-norm-training.js";

/** The gradients of a batch normalisation, for {@link planBatchNormGradient}; those not named are not computed. */
export interface BatchNormGradientSpec extends BatchNormShape {
  /** Address of the operand, [rows, c]. With `frozen`, only `dgamma` needs it. */
  readonly x?: number;
  /** Address of the gradient of the result, [rows, c]. */
  readonly dy: number;
  /** Address of the mean that was taken off, [c]. With `frozen`, only `dgamma` needs it. */
  readonly mean?: number;
  /** Address of the factors 1 / sqrt(variance + epsilon), [c]. Not needed for `dbeta`. */
  readonly rstd?: number;
  /** Address of the factors, [c]. @default ones */
  readonly gamma?: number;
  /** Address of the mask of an activation in the same pass: dy counts only where its bit is set. @default none */
  readonly mask?: number;
  /** Where the gradient of the operand goes; may be `dy`. @default not computed */
  readonly dx?: number;
  /** Where the gradient of the factors goes, [c]. @default not computed */
  readonly dgamma?: number;
  /** Where the gradient of the shifts goes, [c]. @default not computed */
  readonly dbeta?: number;
  /** Add to what lies at `dgamma` and `dbeta`. @default false */
  readonly accumulate?: boolean;
  /** The statistics were constants, not those of the batch. @default false */
  readonly frozen?: boolean;
  /** Address of {@link batchNormGradientWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** Bytes of workspace that {@link planBatchNormGradient} needs: sums of chunks of rows, and factors. */
export function batchNormGradientWorkspaceBytes({ rows, c }: BatchNormShape): number {
  const { partial, merged } = partialBytes(
    channelChunks("batchNormGradientWorkspaceBytes", 1, rows, c),
  );
  return partial + merged + 3 * c * 4;
}

/**
 * Plans dx = gamma rstd (dy - mean(dy) - n mean(dy n)), dgamma = sum(dy n) and dbeta = sum(dy) over the rows,
 * where n = (x - mean) rstd; with `frozen` dx = gamma rstd dy. Two passes over x and dy: sums of chunks,
 * merged in 64 bits, then dx.
 *
 * @throws ShapeError for sizes below 1, and EdgewrightError `invalid-argument` where x or mean is missing and
 * needed.
 */
export function planBatchNormGradient(kernels: Kernels, spec: BatchNormGradientSpec): Plan {
  const where = "planBatchNormGradient";
  requireTraining(where, kernels);
  const { rows, c, dy, gamma = 0, mask = 0, dx, dgamma = 0, dbeta = 0, workspace } = spec;
  if (mask !== 0 && dx !== undefined && c % 8 !== 0) {
    // A byte of the mask lies across positions: a pass of its own is faster.
    const { mask: _, ...unmasked } = spec;
    // Made first: it checks the sizes, and what it refuses must not leave the other plan behind.
    const gradient = planBatchNormGradient(kernels, { ...unmasked, dy: dx });
    const masking = planMaskGradient(kernels, { kind: "relu", dy, dx, mask, count: rows * c });
    return joinPlans([masking, gradient]);
  }
  const frozen = spec.frozen === true;
  const accumulate = spec.accumulate ? 1 : 0;
  const chunks = channelChunks(where, 1, rows, c);
  checkExtents(where, { dy: [rows, c] });
  const sums = workspace + partialBytes(chunks).partial;
  const factors = sums + 2 * c * 4;
  const usesX = dgamma !== 0 || (!frozen && dx !== undefined);
  const usesRstd = usesX || dx !== undefined;
  const rstd = spec.rstd ?? (usesRstd ? missing("rstd") : 0);
  // Without x the second sum, over any c numbers, comes to nothing that is used.
  const { x = usesX ? missing("x") : dy, mean = usesX ? missing("mean") : rstd || dbeta } = spec;
  const summed = usesX || dbeta !== 0;
  const [products, merge] = productJobs(chunks, {
    ...{ x, dy, mean, meanStride: 0, mask, partial: workspace, sums },
  });
  if (!usesRstd) {
    const params = [workspace, dbeta, c, chunks.chunks, accumulate, 2 * c * 4];
    const units = Math.ceil(c / 4);
    return createPlan(kernels.arena, dbeta === 0 ? [] : [products, { ...merge, params, units }]);
  }
  const jobs: JobSpec[] = summed ? [products, merge] : [];
  jobs.push({
    kernel: "batch_gradient_f32",
    params: [summed ? sums : 0, c, rows, rstd, gamma, dgamma, dbeta, accumulate].concat([
      dx === undefined ? 0 : factors,
      frozen ? 1 : 0,
    ]),
    units: c,
    grain: 1024,
  });
  if (dx !== undefined) {
    const read = frozen ? 0 : x;
    const one = { x: read, dy, dx, mean, meanStride: 0, mask, factors, factorStride: 0 };
    jobs.push(channelGradientJob(chunks, one));
  }
  return createPlan(kernels.arena, jobs);
}

/** Sums of dy and dy (x - mean) for every channel of every image: of chunks to `partial`, then to `sums`. */
export function productJobs(
  { images, positions, c, chunk, chunks, units, grain }: ChannelChunks,
  spec: {
    readonly x: number;
    readonly dy: number;
    readonly mean: number;
    readonly meanStride: number;
    readonly mask: number;
    readonly partial: number;
    readonly sums: number;
  },
): [products: JobSpec, merge: JobSpec] {
  const { x, dy, mean, meanStride, mask, partial, sums } = spec;
  return [
    {
      kernel: "channel_products_f32",
      params: [x, dy, c, positions, chunk, chunks, mean, meanStride, mask, partial],
      units,
      grain,
    },
    {
      kernel: "merge_sums_f32",
      params: [partial, sums, 2 * c, chunks, 0, 0],
      units: images * Math.ceil(c / 2),
      grain: Math.ceil(4096 / chunks),
    },
  ];
}

/** dx = a dy + b (x - mean) + k, or a dy where x is 0; strides in bytes from image to image. */
export function channelGradientJob(
  { positions, c, chunk, chunks, units, grain }: ChannelChunks,
  spec: {
    readonly x: number;
    readonly dy: number;
    readonly dx: number;
    readonly mean: number;
    readonly meanStride: number;
    readonly mask: number;
    readonly factors: number;
    readonly factorStride: number;
  },
): JobSpec {
  const { x, dy, dx, mean, meanStride, mask, factors, factorStride } = spec;
  return {
    kernel: "channel_gradient_f32",
    params: [x, dy, c, positions, chunk, chunks, mean, meanStride, mask, dx, factors, factorStride],
    units,
    grain,
  };
}

function missing(name: string): never {
  throw new EdgewrightError(
    "invalid-argument",
    `planBatchNormGradient: the gradients asked for need ${name}; give its address`,
  );
}
