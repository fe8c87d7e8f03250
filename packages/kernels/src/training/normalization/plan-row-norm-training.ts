import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";

/** Sizes of a normalisation of rows. */
export interface RowNormShape {
  readonly rows: number;
  readonly cols: number;
}

/** A layer or root-mean-square normalisation that keeps its statistics, for {@link planRowNormTraining}. */
export interface RowNormTrainingSpec extends RowNormShape {
  /** Address of the operand, [rows, cols]. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** Address of the factors, [cols]. @default ones */
  readonly gamma?: number;
  /** Address of the shifts, [cols]. @default zeros */
  readonly beta?: number;
  /** Added to the mean of squares. @default 1e-5 */
  readonly epsilon?: number;
  /** Where the means go, [rows]. @default nothing is taken off: root-mean-square normalisation */
  readonly mean?: number;
  /** Where the factors 1 / sqrt(variance + epsilon) go, [rows]. */
  readonly rstd: number;
}

/**
 * Plans y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over every row (Ba, Kiros and Hinton,
 * "Layer Normalization", 2016), or without the mean (Zhang and Sennrich, "Root Mean Square Layer
 * Normalization", 2019), and keeps the statistics.
 *
 * @throws ShapeError for sizes below 1.
 */
export function planRowNormTraining(kernels: Kernels, spec: RowNormTrainingSpec): Plan {
  requireTraining("planRowNormTraining", kernels);
  const { x, y, rows, cols, gamma = 0, beta = 0, epsilon = 1e-5, mean = 0, rstd } = spec;
  checkCounts("planRowNormTraining", { rows, cols }, 1);
  checkExtents("planRowNormTraining", { x: [rows, cols] });
  return createPlan(kernels.arena, [
    {
      kernel: "normalize_rows_f32",
      params: [x, y, cols, gamma, beta, floatBits(epsilon), mean, rstd],
      units: rows,
      grain: Math.ceil(16384 / cols),
    },
  ]);
}

/** The gradients of a normalisation of rows, for {@link planRowNormGradient}; those not named are not computed. */
export interface RowNormGradientSpec extends RowNormShape {
  /** Address of the operand, [rows, cols]. */
  readonly x: number;
  /** Address of the gradient of the result, [rows, cols]. */
  readonly dy: number;
  /** Address of the factors, [cols]. @default ones */
  readonly gamma?: number;
  /** Address of the means, [rows]. @default root-mean-square normalisation */
  readonly mean?: number;
  /** Address of the factors 1 / sqrt(variance + epsilon), [rows]. */
  readonly rstd: number;
  /** Where the gradient of the operand goes; may be `dy`. @default not computed */
  readonly dx?: number;
  /** Where the gradient of the factors goes, [cols]. @default not computed */
  readonly dgamma?: number;
  /** Where the gradient of the shifts goes, [cols]. @default not computed */
  readonly dbeta?: number;
  /** Add to what lies at `dgamma` and `dbeta`. @default false */
  readonly accumulate?: boolean;
  /** Address of {@link rowNormGradientWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** Bytes of workspace that {@link planRowNormGradient} needs: sums of chunks of rows. */
export function rowNormGradientWorkspaceBytes({ rows, cols }: RowNormShape): number {
  return Math.ceil(rows / rowsOfChunk(cols)) * 2 * cols * 4;
}

/**
 * Plans dx = rstd (g - mean(g) - n mean(g n)) over every row, where g = dy gamma and n = (x - mean) rstd
 * (mean(g) is left out where no mean was taken off), dgamma = sum(dy n) and dbeta = sum(dy), in one pass over
 * x and dy.
 *
 * @throws ShapeError for sizes below 1.
 */
export function planRowNormGradient(kernels: Kernels, spec: RowNormGradientSpec): Plan {
  requireTraining("planRowNormGradient", kernels);
  const { x, dy, dx = 0, rows, cols, gamma = 0, mean = 0, rstd, workspace } = spec;
  checkCounts("planRowNormGradient", { rows, cols }, 1);
  checkExtents("planRowNormGradient", { x: [rows, cols] });
  const { dgamma, dbeta } = spec;
  const chunk = rowsOfChunk(cols);
  const units = Math.ceil(rows / chunk);
  const sums = dgamma === undefined && dbeta === undefined ? 0 : workspace;
  const jobs: JobSpec[] = [
    {
      kernel: "normalize_rows_gradient_f32",
      params: [x, dy, dx, cols, gamma, mean, rstd, rows, chunk, sums],
      units,
      grain: Math.ceil(16384 / (chunk * cols)),
    },
  ];
  // [units, 2, cols]: the first half of every row of sums is dgamma's, the second dbeta's.
  const merge = (to: number | undefined, half: number): void => {
    if (to === undefined) return;
    jobs.push({
      kernel: "merge_sums_f32",
      params: [sums + half * cols * 4, to, cols, units, spec.accumulate ? 1 : 0, 2 * cols * 4],
      units: Math.ceil(cols / 4),
      grain: Math.ceil(4096 / units),
    });
  };
  merge(dgamma, 0);
  merge(dbeta, 1);
  return createPlan(kernels.arena, jobs);
}

/** Rows that share their sums: 16 at least, so that the sums are small beside the rows. */
function rowsOfChunk(cols: number): number {
  return Math.max(16, Math.min(256, Math.ceil(8192 / cols)));
}
