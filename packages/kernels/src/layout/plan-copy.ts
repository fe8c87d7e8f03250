import { ShapeError } from "@edgewright/core";
import { mergeAxes, splitOuterAxes } from "../elementwise/strided-axes.js";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** A copy between strided layouts for {@link planCopy}. */
export interface CopySpec {
  /** Address of element [0, 0, ...] of the source. */
  readonly x: number;
  /** Address of element [0, 0, ...] of the destination; the two must not overlap. */
  readonly y: number;
  readonly shape: readonly number[];
  /** Distance between neighbours of the source along each axis, in elements; 0 repeats, below 0 walks back. */
  readonly xStrides: readonly number[];
  /** The same of the destination. @default dense, row-major */
  readonly yStrides?: readonly number[];
  /** Bytes of an element. */
  readonly bytes: 1 | 2 | 4 | 8;
}

/** A copy of rows for {@link planCopy2d}. */
export interface Copy2dSpec {
  /** Address of the source. */
  readonly x: number;
  /** Address of the destination. */
  readonly y: number;
  readonly rows: number;
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Bytes from one row of the source to the next. @default rowBytes */
  readonly xStride?: number;
  /** Bytes from one row of the destination to the next. @default rowBytes */
  readonly yStride?: number;
}

const BYTES_WORTH_A_THREAD = 2 ** 19;

/**
 * Plans a copy between two strided layouts: slices (with any step), concatenation, splitting, padding,
 * expansion and tiling are all such copies. Axes that both sides walk as one are merged first.
 *
 * @throws ShapeError when the lists differ in length.
 */
export function planCopy(kernels: Kernels, spec: CopySpec): Plan {
  return createPlan(kernels.arena, copyJobs(spec));
}

/** Plans a copy of `rows` runs of `rowBytes` bytes. */
export function planCopy2d(kernels: Kernels, spec: Copy2dSpec): Plan {
  const { x, y, rows, rowBytes, xStride = rowBytes, yStride = rowBytes } = spec;
  return planCopy(kernels, {
    x,
    y,
    shape: [rows, rowBytes],
    xStrides: [xStride, 1],
    yStrides: [yStride, 1],
    bytes: 1,
  });
}

/** Plans y[i] = value for `count` 32-bit words; wrap floats by `floatBits`. */
export function planFill(
  kernels: Kernels,
  spec: { readonly y: number; readonly count: number; readonly value: number },
): Plan {
  checkCounts("planFill", { count: spec.count }, 0);
  return createPlan(kernels.arena, [
    {
      kernel: "fill_words",
      params: [spec.y, spec.count, spec.value],
      units: Math.ceil(spec.count / 1024),
      grain: 128,
    },
  ]);
}

/** Row-major strides of a dense array, in elements. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides.unshift(stride);
    stride *= shape[i]!;
  }
  return strides;
}

/** The jobs of {@link planCopy}. */
export function copyJobs(spec: CopySpec): JobSpec[] {
  const { shape, xStrides, yStrides = denseStrides(shape), bytes } = spec;
  if (xStrides.length !== shape.length || yStrides.length !== shape.length) {
    throw new ShapeError(
      `planCopy: expected a stride for each of ${shape.length} axes, got ${xStrides.length} and ${yStrides.length}`,
    );
  }
  checkCounts("planCopy", Object.fromEntries(shape.map((length, i) => [`shape[${i}]`, length])), 0);
  if (shape.includes(0)) return [];
  const axes = mergeAxes([
    ...shape.map((length, i) => ({
      length,
      strides: [xStrides[i]! * bytes, yStrides[i]! * bytes],
    })),
    { length: bytes, strides: [1, 1] }, // the bytes of an element: a dense last axis merges with them
  ]);
  if (axes.at(-1)!.strides.some((stride) => stride !== 1))
    axes.push({ length: 1, strides: [1, 1] });
  const { inner, outer, blocks } = splitOuterAxes(axes, 4);
  let runs = outer.reduce((product, axis) => product * axis.length, 1);
  let runBytes = inner.length;
  if (runs === 1 && runBytes > BYTES_WORTH_A_THREAD && runBytes % 4096 === 0) {
    runs = runBytes / 4096; // one long run: cut it, so that threads can share it
    runBytes = 4096;
    outer[3] = { length: runs, strides: [4096, 4096] };
  }
  return blocks.map((block) => ({
    kernel: "copy_runs",
    params: [
      spec.x + block.offsets[0]!,
      spec.y + block.offsets[1]!,
      runBytes,
      ...outer.slice(1).map((axis) => axis.length),
      ...outer.map((axis) => axis.strides[0]!),
      ...outer.map((axis) => axis.strides[1]!),
    ],
    units: runs,
    grain: Math.max(1, Math.ceil(BYTES_WORTH_A_THREAD / runBytes)),
  }));
}
