import { ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";

/** The backward pass of y = x < 0 ? slope x : x, for {@link planPreluGradient}. */
export interface PreluGradientSpec {
  /** Address of the operand, [rows, cols]. */
  readonly x: number;
  /** Address of the result's gradient, [rows, cols]. */
  readonly dy: number;
  /** Address of the slopes, [cols] or [1]. */
  readonly slope: number;
  /** Number of slopes: `cols`, or 1 for all. @default cols */
  readonly slopes?: number;
  /** Address of the operand's gradient; may be `dy` or `x`. @default not computed */
  readonly dx?: number;
  /** Address of the slopes' gradient. @default not computed */
  readonly dslope?: number;
  /** Adds to `dslope` instead of writing it. @default false */
  readonly accumulate?: boolean;
  readonly rows: number;
  readonly cols: number;
}

const CHUNK = 1024;

/**
 * Plans the gradients of the parametric rectifier (He et al. 2015, arXiv:1502.01852, equation 8):
 * dx = x < 0 ? slope dy : dy, and dslope = sum of x dy over the x < 0 of each column.
 *
 * @throws ShapeError when the number of slopes is neither `cols` nor 1.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planPreluGradient(kernels: Kernels, spec: PreluGradientSpec): Plan {
  const { x, dy, slope, dx, dslope, rows, cols, slopes = cols, accumulate = false } = spec;
  requireTraining("planPreluGradient", kernels);
  checkCounts("planPreluGradient", { rows, cols }, 0);
  checkExtents("planPreluGradient", { x: [rows, cols] });
  if (slopes !== cols && slopes !== 1) {
    throw new ShapeError(
      `planPreluGradient: expected ${cols} slopes (one a column) or 1, got ${slopes}`,
    );
  }
  const count = rows * cols;
  const shared = slopes === 1 ? 1 : 0;
  const jobs: JobSpec[] = [];
  if (dslope !== undefined) {
    // With one slope for all, the matrix is seen as one of four columns.
    const width = shared ? 4 : cols;
    jobs.push({
      kernel: "prelu_slope_gradient_f32",
      params: [x, dy, dslope, count, width, shared, accumulate ? 1 : 0],
      units: Math.ceil(width / 4),
      grain: Math.max(1, Math.ceil(16384 / Math.max(1, rows))),
    });
  }
  if (dx !== undefined) {
    const width = shared ? CHUNK : cols;
    jobs.push({
      kernel: "prelu_gradient_f32",
      params: [x, dy, slope, dx, count, width, shared],
      units: width === 0 ? 0 : Math.ceil(count / width),
      grain: Math.max(1, Math.ceil(32768 / Math.max(1, width))),
    });
  }
  return createPlan(kernels.arena, jobs);
}
