import { ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { channelChunks, partialBytes } from "./channel-chunks.js";
import { channelGradientJob, productJobs } from "./plan-batch-norm-gradient.js";
import { momentJobs, normalizeJob } from "./plan-batch-norm-training.js";

/** Sizes of a group normalisation of [n, positions, c]. */
export interface GroupNormShape {
  readonly n: number;
  /** Rows times columns of an image. */
  readonly positions: number;
  readonly c: number;
  /** Divides c; neighbouring channels share mean and variance. */
  readonly groups: number;
}

/** A group normalisation that keeps its statistics, for {@link planGroupNormTraining}. */
export interface GroupNormTrainingSpec extends GroupNormShape {
  /** Address of the operand, [n, positions, c]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** Address of the factors, [c]. @default ones */
  readonly gamma?: number;
  /** Address of the shifts, [c]. @default zeros */
  readonly beta?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Where the means go, [n, groups]. */
  readonly mean: number;
  /** Where the factors 1 / sqrt(variance + epsilon) go, [n, groups]. */
  readonly rstd: number;
  /** Address of {@link groupNormTrainingWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** Bytes of workspace that {@link planGroupNormTraining} needs. */
export function groupNormTrainingWorkspaceBytes({ n, positions, c }: GroupNormShape): number {
  const chunks = channelChunks("groupNormTrainingWorkspaceBytes", n, positions, c);
  const { partial, merged } = partialBytes(chunks);
  return partial + merged;
}

/**
 * Plans group normalisation (Wu and He, 2018): statistics per image and group of channels, which are kept.
 *
 * @throws ShapeError for sizes below 1 and when `groups` does not divide `c`.
 */
export function planGroupNormTraining(kernels: Kernels, spec: GroupNormTrainingSpec): Plan {
  const where = "planGroupNormTraining";
  requireTraining(where, kernels);
  const { x, n, positions, c, groups, workspace, epsilon = 1e-5 } = spec;
  const size = channelsOfGroup(where, spec);
  const chunks = channelChunks(where, n, positions, c);
  checkExtents(where, { x: [n, positions, c] });
  const merged = workspace + partialBytes(chunks).partial;
  return createPlan(kernels.arena, [
    ...momentJobs(chunks, x, workspace, merged),
    {
      kernel: "group_statistics_f32",
      params: [merged, positions, c, size, floatBits(epsilon), spec.mean, spec.rstd],
      units: n * groups,
      grain: Math.ceil(1024 / size),
    },
    normalizeJob(chunks, { ...spec, mean: merged, rstd: merged + 4 * c, stride: 8 * c }),
  ]);
}

/** The gradients of a group normalisation, for {@link planGroupNormGradient}; those not named are not computed. */
export interface GroupNormGradientSpec extends GroupNormShape {
  /** Address of the operand, [n, positions, c]. */
  readonly x: number;
  /** Address of the gradient of the result, [n, positions, c]. */
  readonly dy: number;
  /** Address of the means, [n, groups]. */
  readonly mean: number;
  /** Address of the factors 1 / sqrt(variance + epsilon), [n, groups]. */
  readonly rstd: number;
  /** Address of the factors, [c]. @default ones */
  readonly gamma?: number;
  /** Where the gradient of the operand goes; may be `dy`. @default not computed */
  readonly dx?: number;
  /** Where the gradient of the factors goes, [c]. @default not computed */
  readonly dgamma?: number;
  /** Where the gradient of the shifts goes, [c]. @default not computed */
  readonly dbeta?: number;
  /** Add to what lies at `dgamma` and `dbeta`. @default false */
  readonly accumulate?: boolean;
  /** Address of {@link groupNormGradientWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** Bytes of workspace that {@link planGroupNormGradient} needs. */
export function groupNormGradientWorkspaceBytes({ n, positions, c }: GroupNormShape): number {
  const chunks = channelChunks("groupNormGradientWorkspaceBytes", n, positions, c);
  const { partial, merged } = partialBytes(chunks);
  return partial + merged + n * 4 * c * 4;
}

/**
 * Plans dx = rstd (g - mean(g) - n mean(g n)) over every group, where g = dy gamma and n = (x - mean) rstd,
 * dgamma = sum(dy n) and dbeta = sum(dy).
 *
 * @throws ShapeError for sizes below 1 and when `groups` does not divide `c`.
 */
export function planGroupNormGradient(kernels: Kernels, spec: GroupNormGradientSpec): Plan {
  const where = "planGroupNormGradient";
  requireTraining(where, kernels);
  const { x, dy, dx, n, positions, c, groups, rstd, gamma = 0, workspace } = spec;
  const size = channelsOfGroup(where, spec);
  const chunks = channelChunks(where, n, positions, c);
  checkExtents(where, { x: [n, positions, c] });
  const sums = workspace + partialBytes(chunks).partial;
  const mean = sums + partialBytes(chunks).merged;
  const factors = mean + n * c * 4;
  const shared = { x, dy, mean, meanStride: 4 * c, mask: 0 };
  const jobs = [
    {
      kernel: "spread_groups_f32",
      params: [spec.mean, mean, size],
      units: n * groups,
      grain: Math.ceil(1024 / size),
    },
    ...productJobs(chunks, { ...shared, partial: workspace, sums }),
  ];
  if (dx !== undefined) {
    jobs.push({
      kernel: "group_gradient_f32",
      params: [sums, positions, c, size, rstd, gamma, factors],
      units: n * groups,
      grain: Math.ceil(1024 / size),
    });
    jobs.push(channelGradientJob(chunks, { ...shared, dx, factors, factorStride: 12 * c }));
  }
  if (spec.dgamma !== undefined || spec.dbeta !== undefined) {
    const accumulate = spec.accumulate ? 1 : 0;
    jobs.push({
      kernel: "group_parameters_f32",
      params: [sums, n, c, size, rstd, spec.dgamma ?? 0, spec.dbeta ?? 0, accumulate],
      units: c,
      grain: Math.ceil(1024 / n),
    });
  }
  return createPlan(kernels.arena, jobs);
}

function channelsOfGroup(where: string, { n, positions, c, groups }: GroupNormShape): number {
  checkCounts(where, { n, positions, c, groups }, 1);
  if (c % groups !== 0) {
    throw new ShapeError(`${where}: ${c} channels cannot be split into ${groups} groups`);
  }
  return c / groups;
}
