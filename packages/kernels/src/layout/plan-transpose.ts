import { ShapeError } from "@edgewright/core";
import { mergeAxes, type StridedAxis, splitOuterAxes } from "../elementwise/strided-axes.js";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { copyJobs, denseStrides } from "./plan-copy.js";

/** A permutation of axes for {@link planTranspose}. */
export interface TransposeSpec {
  /** Address of the operand. */
  readonly x: number;
  /** Address of the result; not the operand's. */
  readonly y: number;
  /** Shape of the operand. */
  readonly shape: readonly number[];
  /** Axis i of the result is axis perm[i] of the operand. */
  readonly perm: readonly number[];
  /** Bytes of an element. */
  readonly bytes: 1 | 2 | 4 | 8;
}

/**
 * Plans a permutation of axes; of any number, for elements of 1, 2, 4 or 8 bytes.
 *
 * Axes that stay neighbours are merged. What remains is a copy of runs when the last axis stays last, and
 * otherwise a set of matrix transposes, done in cache-line squares: [n, c, h, w] to [n, h, w, c] and back
 * are one such set.
 *
 * @throws ShapeError when `perm` is not a permutation of the axes.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const x = kernels.arena.upload(new Float32Array([1, 2, 3, 4, 5, 6]));
 * const y = kernels.arena.allocate(24);
 * const plan = planTranspose(kernels, { x: x.ptr, y: y.ptr, shape: [2, 3], perm: [1, 0], bytes: 4 });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(y.ptr, 6)); // 1, 4, 2, 5, 3, 6
 * ```
 */
export function planTranspose(kernels: Kernels, spec: TransposeSpec): Plan {
  const { shape, perm, bytes } = spec;
  checkCounts("planTranspose", Object.fromEntries(shape.map((n, i) => [`shape[${i}]`, n])), 0);
  if (
    perm.length !== shape.length ||
    [...perm].sort((a, b) => a - b).some((axis, i) => axis !== i)
  ) {
    throw new ShapeError(
      `planTranspose: expected a permutation of ${shape.length} axes, got [${perm.join(", ")}]`,
    );
  }
  if (shape.includes(0)) return createPlan(kernels.arena, []);
  const xStrides = denseStrides(shape);
  const lengths = perm.map((axis) => shape[axis]!);
  const yStrides = denseStrides(lengths);
  const axes = mergeAxes(
    lengths.map((length, i) => ({ length, strides: [xStrides[perm[i]!]!, yStrides[i]!] })),
  );
  const jobs =
    axes.at(-1)!.strides[0] === 1
      ? copyJobs({
          x: spec.x,
          y: spec.y,
          shape: axes.map((axis) => axis.length),
          xStrides: axes.map((axis) => axis.strides[0]!),
          yStrides: axes.map((axis) => axis.strides[1]!),
          bytes,
        })
      : transposeJobs(spec, axes);
  return createPlan(kernels.arena, jobs);
}

const BAND = 256; // rows of a unit, as in assembly/layout.ts
const STRIP = 64; // columns of a unit

function transposeJobs(spec: TransposeSpec, axes: readonly StridedAxis[]): JobSpec[] {
  const { bytes } = spec;
  // Rows of each matrix run along the result's last axis, columns along the operand's last axis.
  const row = axes.at(-1)!;
  const columnAt = axes.findIndex((axis) => axis.strides[0] === 1);
  const column = axes[columnAt]!;
  const rest = axes.filter((axis) => axis !== row && axis !== column);
  const { outer, blocks } = splitOuterAxes([...rest, row], 3);
  const matrices = outer.reduce((product, axis) => product * axis.length, 1);
  return blocks.map((block) => ({
    kernel: "transpose",
    params: [
      spec.x + block.offsets[0]! * bytes,
      spec.y + block.offsets[1]! * bytes,
      row.length,
      column.length,
      row.strides[0]! * bytes,
      column.strides[1]! * bytes,
      bytes,
      outer[1]!.length,
      outer[2]!.length,
      ...outer.map((axis) => axis.strides[0]! * bytes),
      ...outer.map((axis) => axis.strides[1]! * bytes),
    ],
    units: matrices * Math.ceil(column.length / STRIP) * Math.ceil(row.length / BAND),
    grain: Math.max(
      1,
      Math.ceil(65536 / (Math.min(row.length, BAND) * Math.min(column.length, STRIP))),
    ),
  }));
}
