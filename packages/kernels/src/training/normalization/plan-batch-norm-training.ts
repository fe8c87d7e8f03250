import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { planMaskedActivation } from "../activation/plan-masked-activation.js";
import { checkExtents } from "../check-extents.js";
import { joinPlans } from "../layout/join-plans.js";
import { requireTraining } from "../load-training-kernels.js";
import { type ChannelChunks, channelChunks, partialBytes } from "./channel-chunks.js";

/** Sizes of a batch normalisation. */
export interface BatchNormShape {
  /** Images times positions: all that a channel's statistics are taken over. */
  readonly rows: number;
  readonly c: number;
}

/** What follows a batch normalisation in the same pass. */
export interface BatchNormActivation {
  /** @default none */
  readonly activation?: "relu" | "relu6";
  /**
   * Address of (rows c + 7) >> 3 bytes, where bit i tells whether element i of the result may change: lies
   * above 0 (and below 6). @default not kept
   */
  readonly mask?: number;
}

/** A batch normalisation by the statistics of the batch, for {@link planBatchNormTraining}. */
export interface BatchNormTrainingSpec extends BatchNormShape, BatchNormActivation {
  /** Address of the operand, [rows, c]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** Address of the factors, [c]. @default ones */
  readonly gamma?: number;
  /** Address of the shifts, [c]. @default zeros */
  readonly beta?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Where the mean of every channel goes, [c]. */
  readonly mean: number;
  /** Where 1 / sqrt(variance + epsilon) goes, [c]. */
  readonly rstd: number;
  /** Address of the running mean, [c], updated in place. @default none */
  readonly runningMean?: number;
  /** Address of the running variance, [c], updated in place by the unbiased variance. @default none */
  readonly runningVariance?: number;
  /** Weight of the batch in the running statistics: new = (1 - momentum) old + momentum batch. @default 0.1 */
  readonly momentum?: number;
  /** Address of {@link batchNormTrainingWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** Bytes of workspace that {@link planBatchNormTraining} needs: the moments of chunks of rows. */
export function batchNormTrainingWorkspaceBytes({ rows, c }: BatchNormShape): number {
  const { partial, merged } = partialBytes(
    channelChunks("batchNormTrainingWorkspaceBytes", 1, rows, c),
  );
  return partial + merged;
}

/**
 * Plans y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with the mean and the variance (divided by
 * rows) of every channel of x (Ioffe and Szegedy, 2015), keeps these, and updates the running statistics.
 *
 * Deviations are taken from the mean of a chunk of rows, and chunks merged in 64 bits: a mean far from 0
 * costs no digits. x is read from memory twice in all.
 *
 * @throws ShapeError for sizes below 1.
 */
export function planBatchNormTraining(kernels: Kernels, spec: BatchNormTrainingSpec): Plan {
  requireTraining("planBatchNormTraining", kernels);
  if (maskNeedsPass(spec)) return withMaskPass(kernels, spec, planBatchNormTraining);
  const { x, rows, c, mean, rstd, workspace, epsilon = 1e-5, momentum = 0.1 } = spec;
  const chunks = channelChunks("planBatchNormTraining", 1, rows, c);
  checkExtents("planBatchNormTraining", { x: [rows, c] });
  const merged = workspace + partialBytes(chunks).partial;
  return createPlan(kernels.arena, [
    ...momentJobs(chunks, x, workspace, merged),
    {
      kernel: "batch_statistics_f32",
      params: [merged, c, rows, floatBits(epsilon), mean, rstd].concat([
        spec.runningMean ?? 0,
        spec.runningVariance ?? 0,
        floatBits(momentum),
      ]),
      units: c,
      grain: 1024,
    },
    normalizeJob(chunks, { ...spec, stride: 0 }),
  ]);
}

/** A batch normalisation by constant statistics, for {@link planBatchNormFrozen}. */
export interface BatchNormFrozenSpec extends BatchNormShape, BatchNormActivation {
  /** Address of the operand, [rows, c]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** Address of the factors, [c]. @default ones */
  readonly gamma?: number;
  /** Address of the shifts, [c]. @default zeros */
  readonly beta?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Address of the mean, [c]. */
  readonly mean: number;
  /** Address of the variance, [c]. */
  readonly variance: number;
  /** Where 1 / sqrt(variance + epsilon) goes, [c]. */
  readonly rstd: number;
}

/**
 * Plans y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with statistics that are given: the running
 * ones of a network whose normalisation no longer learns them.
 *
 * @throws ShapeError for sizes below 1.
 */
export function planBatchNormFrozen(kernels: Kernels, spec: BatchNormFrozenSpec): Plan {
  requireTraining("planBatchNormFrozen", kernels);
  if (maskNeedsPass(spec)) return withMaskPass(kernels, spec, planBatchNormFrozen);
  const { rows, c, variance, rstd, epsilon = 1e-5 } = spec;
  const chunks = channelChunks("planBatchNormFrozen", 1, rows, c);
  checkExtents("planBatchNormFrozen", { x: [rows, c] });
  return createPlan(kernels.arena, [
    {
      kernel: "inverse_deviation_f32",
      params: [variance, rstd, floatBits(epsilon)],
      units: c,
      grain: 1024,
    },
    normalizeJob(chunks, { ...spec, stride: 0 }),
  ]);
}

/** Whether a byte of the mask lies across positions. */
function maskNeedsPass({ c, mask = 0, activation }: BatchNormShape & BatchNormActivation): boolean {
  return mask !== 0 && activation !== undefined && c % 8 !== 0;
}

/** The activation and its mask in a pass behind the normalisation. */
function withMaskPass<Spec extends BatchNormShape & BatchNormActivation & { readonly y: number }>(
  kernels: Kernels,
  spec: Spec,
  plan: (kernels: Kernels, spec: Spec) => Plan,
): Plan {
  const { mask = 0, activation, ...plain } = spec;
  const { y, rows, c } = spec;
  const pieces =
    activation === "relu6"
      ? ({ kind: "clip", alpha: 0, beta: 6 } as const)
      : ({ kind: "relu" } as const);
  return joinPlans([
    plan(kernels, plain as unknown as Spec),
    planMaskedActivation(kernels, { ...pieces, x: y, y, mask, count: rows * c }),
  ]);
}

/** Mean and squares about it of every channel of every image: of chunks to `partial`, then to `merged`. */
export function momentJobs(
  { images, positions, c, chunk, chunks, units, grain }: ChannelChunks,
  x: number,
  partial: number,
  merged: number,
): JobSpec[] {
  const params = [c, positions, chunk, chunks];
  return [
    { kernel: "channel_moments_f32", params: [x, partial, ...params], units, grain },
    {
      kernel: "merge_moments_f32",
      params: [partial, merged, ...params],
      units: images * Math.ceil(c / 4),
      grain: Math.ceil(1024 / chunks),
    },
  ];
}

/** y = (x - mean) * rstd * gamma + beta and what follows it; `stride` bytes lie between images' statistics. */
export function normalizeJob(
  { positions, c, chunk, chunks, units, grain }: ChannelChunks,
  spec: BatchNormActivation & {
    readonly x: number;
    readonly y: number;
    readonly mean: number;
    readonly rstd: number;
    readonly stride: number;
    readonly gamma?: number;
    readonly beta?: number;
  },
): JobSpec {
  const { x, y, mean, rstd, stride, gamma = 0, beta = 0, mask = 0, activation } = spec;
  const low = floatBits(activation === undefined ? Number.NEGATIVE_INFINITY : 0);
  const high = floatBits(activation === "relu6" ? 6 : Number.POSITIVE_INFINITY);
  return {
    kernel: "normalize_channels_f32",
    params: [x, y, c, positions, chunk, chunks, mean, rstd, stride, gamma, beta, mask, low, high],
    units,
    grain,
  };
}
