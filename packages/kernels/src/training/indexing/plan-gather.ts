import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { type IndexedPlan, withIndexCheck } from "./indexed-plan.js";

/** A choice of rows for {@link planGather}: an embedding, where `outer` is 1. Elements have 4 bytes. */
export interface GatherSpec {
  /** Address of the rows to choose from, [outer, rows, cols]. */
  readonly x: number;
  /** Address of the indices, i32 [count], the same for every outer index. */
  readonly indices: number;
  /** Address of the result, [outer, count, cols]. */
  readonly y: number;
  /** @default 1 */
  readonly outer?: number;
  readonly rows: number;
  readonly count: number;
  readonly cols: number;
}

/** The gradient of a choice of rows for {@link planGatherGradient}. */
export interface GatherGradientSpec {
  /** Address of the gradient of the chosen rows, [outer, count, cols]. */
  readonly dy: number;
  /** Address of the indices, i32 [count]. */
  readonly indices: number;
  /** Address of the gradient of the rows to choose from, [outer, rows, cols]. */
  readonly dx: number;
  /** @default 1 */
  readonly outer?: number;
  readonly rows: number;
  readonly count: number;
  readonly cols: number;
  /** Add to what lies at `dx`. @default false */
  readonly accumulate?: boolean;
}

const FLOATS_WORTH_A_THREAD = 16384;
const STRIP = 32; // columns of a unit, as in assembly/training/gather.ts

/**
 * Plans y[o][i] = x[o][indices[i]] over rows of 4-byte elements. An index out of range gives a row of zeros
 * and lets `checkIndices` throw.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws UnsupportedError for kernels without the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const table = kernels.arena.upload(new Float32Array([1, 2, 3, 4, 5, 6]));
 * const ids = kernels.arena.upload(new Int32Array([2, 0]));
 * const y = kernels.arena.allocate(16);
 * const plan = planGather(kernels, {
 *   x: table.ptr, indices: ids.ptr, y: y.ptr, rows: 3, count: 2, cols: 2,
 * });
 * kernels.run(plan);
 * plan.checkIndices();
 * console.log(kernels.arena.f32(y.ptr, 4)); // 5, 6, 1, 2
 * ```
 */
export function planGather(kernels: Kernels, spec: GatherSpec): IndexedPlan {
  const { x, indices, y, outer = 1, rows, count, cols } = spec;
  requireTraining("planGather", kernels);
  checkCounts("planGather", { outer, rows, count, cols }, 0);
  checkExtents("planGather", { x: [outer, rows, cols], y: [outer, count, cols] });
  const plan = createPlan(kernels.arena, [
    {
      kernel: "gather_rows",
      params: [x, indices, y, rows, count, cols * 4, 0],
      units: outer * count,
      grain: Math.max(1, Math.ceil(FLOATS_WORTH_A_THREAD / Math.max(1, cols))),
    },
  ]);
  const flag = { where: "planGather", word: 6, indices, count, limit: rows };
  return withIndexCheck(kernels.arena, plan, flag);
}

/**
 * Plans dx[o][indices[i]] += dy[o][i]: rows that were chosen more than once sum up, in the order of the
 * indices whatever the number of threads. Indices out of range are left out.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planGatherGradient(kernels: Kernels, spec: GatherGradientSpec): Plan {
  const { dy, indices, dx, outer = 1, rows, count, cols, accumulate = false } = spec;
  requireTraining("planGatherGradient", kernels);
  checkCounts("planGatherGradient", { outer, rows, count, cols }, 0);
  checkExtents("planGatherGradient", { dx: [outer, rows, cols], dy: [outer, count, cols] });
  const jobs: JobSpec[] = [];
  const words = outer * rows * cols;
  if (!accumulate) {
    jobs.push({
      kernel: "fill_words",
      params: [dx, words, 0],
      units: Math.ceil(words / 1024),
      grain: 128,
    });
  }
  jobs.push({
    kernel: "gather_rows_gradient_f32",
    params: [dy, indices, dx, rows, count, cols],
    units: outer * Math.ceil(cols / STRIP),
    grain: Math.max(1, Math.ceil(FLOATS_WORTH_A_THREAD / (STRIP * Math.max(1, count)))),
  });
  return createPlan(kernels.arena, jobs);
}
