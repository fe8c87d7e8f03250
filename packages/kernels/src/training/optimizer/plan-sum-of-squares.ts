import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";

/** Runs of floats for {@link planSumOfSquares}. */
export interface SumOfSquaresSpec {
  readonly runs: readonly { readonly x: number; readonly count: number }[];
  /** Address of {@link sumOfSquaresWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** A {@link planSumOfSquares} with its result. */
export interface SumOfSquaresPlan extends Plan {
  /** The sum after a run, in 64 bits. It is not finite just when an element is not. */
  read(): number;
}

const CHUNK = 4096; // as in assembly/training/squares.ts

/** Bytes of scratch, and of the result, for {@link planSumOfSquares}. */
export function sumOfSquaresWorkspaceBytes(counts: readonly number[]): number {
  return 8 * (1 + counts.reduce((sum, count) => sum + Math.ceil(count / CHUNK), 0));
}

/**
 * Plans the sum of the squares of all elements of some runs, in 64 bits and in a fixed order: what clipping by
 * the global norm needs, and the check for NaN and infinities at the same time.
 *
 * @throws ShapeError for counts that are no whole numbers.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planSumOfSquares(kernels: Kernels, spec: SumOfSquaresSpec): SumOfSquaresPlan {
  const { runs, workspace } = spec;
  requireTraining("planSumOfSquares", kernels);
  let partials = 0;
  const jobs = runs.map(({ x, count }): JobSpec => {
    checkCounts("planSumOfSquares", { count }, 0);
    const to = workspace + 8 * (1 + partials);
    const units = Math.ceil(count / CHUNK);
    partials += units;
    return { kernel: "squares_f64", params: [x, 0, to, count], units, grain: 8 };
  });
  jobs.push({
    kernel: "add_partials",
    params: [workspace + 8, partials, workspace, 0, floatBits(1)],
    units: 1,
  });
  const plan = createPlan(kernels.arena, jobs);
  return {
    ...plan,
    read: () => new Float64Array(kernels.arena.memory.buffer, workspace, 1)[0]!,
  };
}
