import type { Allocation } from "../../runtime/arena.js";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { checkChannels } from "../convolution/conv-pass-spec.js";
import { requireTraining } from "../load-training-kernels.js";

/** The gradient of a bias that was added to every row; addresses are bytes in the arena. */
export interface BiasGradientSpec {
  /** Address of the gradient of the rows, [rows, cols]; the rows of an image are its pixels. */
  readonly dy: number;
  readonly rows: number;
  readonly cols: number;
  /** Address of the bias gradient, cols values, or as many as `channels`. */
  readonly db: number;
  /** Adds to what db holds. @default false */
  readonly accumulate?: boolean;
  /** Columns to compute, ascending; db holds just these. @default all */
  readonly channels?: readonly number[];
}

/**
 * Plans db[j] = sum over rows of dy[row, j], rows in a fixed order and in blocks, so that the rounding error
 * grows with 256 + rows / 256 and not with the rows.
 *
 * @throws ShapeError when sizes are not whole numbers from 1, UnsupportedError without the training extension.
 */
export function planBiasGradient(kernels: Kernels, spec: BiasGradientSpec): Plan {
  requireTraining("planBiasGradient", kernels);
  const { dy, rows, cols, db, accumulate = false, channels } = spec;
  checkCounts("planBiasGradient", { rows, cols }, 1);
  checkExtents("planBiasGradient", { dy: [rows, cols] });
  checkChannels("planBiasGradient", channels, cols);
  const own: Allocation[] = [];
  if (channels !== undefined) own.push(kernels.arena.upload(Int32Array.from(channels)));
  const count = channels?.length ?? cols;
  const job = {
    kernel: "column_sums_f32",
    params: [dy, db, rows, cols, count, own[0]?.ptr ?? 0, accumulate ? 1 : 0],
    units: Math.ceil(count / 32),
    grain: Math.ceil(2048 / rows),
  };
  return createPlan(kernels.arena, [job], own);
}
