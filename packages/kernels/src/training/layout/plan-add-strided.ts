import { ShapeError } from "@edgewright/core";
import { copyJobs, denseStrides } from "../../layout/plan-copy.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";

/** A sum into a strided layout for {@link planAddStrided}. */
export interface AddStridedSpec {
  /** Address of element [0, 0, ...] of what is added. */
  readonly x: number;
  /** Address of element [0, 0, ...] of what it is added to; the two must not overlap. */
  readonly y: number;
  readonly shape: readonly number[];
  /** Distance between neighbours of x along each axis, in elements; 0 repeats. @default dense, row-major */
  readonly xStrides?: readonly number[];
  /** The same of y, where no two elements may be one. @default dense, row-major */
  readonly yStrides?: readonly number[];
}

/**
 * Plans y += x between two strided layouts of floats: what the gradients of slices, splits, pads and
 * concatenations add to gradients that are there already. (Those that are the first to come are a
 * `planCopy`, after a `planFill` where it leaves gaps.)
 *
 * @throws ShapeError when the lists differ in length, or y repeats.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planAddStrided(kernels: Kernels, spec: AddStridedSpec): Plan {
  const { x, y, shape } = spec;
  const { xStrides = denseStrides(shape), yStrides = denseStrides(shape) } = spec;
  requireTraining("planAddStrided", kernels);
  if (xStrides.length !== shape.length || yStrides.length !== shape.length) {
    throw new ShapeError(
      `planAddStrided: expected a stride for each of ${shape.length} axes, ` +
        `got ${xStrides.length} and ${yStrides.length}`,
    );
  }
  if (yStrides.some((stride, i) => stride === 0 && shape[i]! > 1)) {
    throw new ShapeError(
      `planAddStrided: expected strides of y without 0, got [${yStrides.join(", ")}]; ` +
        "sum over the axis by planBroadcastGradient instead",
    );
  }
  const jobs = copyJobs({ x, y, shape, xStrides, yStrides, bytes: 4 });
  return createPlan(
    kernels.arena,
    jobs.map((job) => ({ ...job, kernel: "add_runs_f32" })),
  );
}
