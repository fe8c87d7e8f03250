// Kernels that do little arithmetic, against a plain copy of as many bytes in the same run.
import { type FigureInput, summaryOf } from "@edgewright/device-bench";
import {
  createResizeTable,
  type Kernels,
  loadKernels,
  type Plan,
  planBinary,
  planGlobalPool,
  planNormalize,
  planPool2d,
  planResize2d,
  planSoftmax,
  planTranspose,
  planUnary,
} from "@edgewright/kernels";
import type { BenchContext } from "../context.js";

interface Work {
  readonly name: string;
  /** Floats read and written, the measure of a memory-bound kernel. */
  readonly reads: number;
  readonly writes: number;
  plan(kernels: Kernels, x: number, y: number): Plan;
}

const LARGE = 2 ** 21; // floats: 8 MiB, beyond the second-level cache

const WORKS: readonly Work[] = [
  {
    name: "hard-swish, in cache",
    ...{ reads: 32768, writes: 32768 },
    plan: (kernels, x, y) => planUnary(kernels, { op: "hard-swish", x, y, count: 32768 }),
  },
  {
    name: "hard-swish",
    ...{ reads: LARGE, writes: LARGE },
    plan: (kernels, x, y) => planUnary(kernels, { op: "hard-swish", x, y, count: LARGE }),
  },
  {
    name: "add a vector of 96",
    ...{ reads: 96 * 16384, writes: 96 * 16384 },
    plan: (kernels, x, y) =>
      planBinary(kernels, { op: "add", a: x, aShape: [16384, 96], b: x, bShape: [96], y }),
  },
  {
    name: "add, in cache",
    ...{ reads: 65536, writes: 32768 },
    plan: (kernels, x, y) =>
      planBinary(kernels, { op: "add", a: x, aShape: [32768], b: y, bShape: [32768], y }),
  },
  {
    name: "NCHW to NHWC 96x160x160",
    ...{ reads: 96 * 25600, writes: 96 * 25600 },
    plan: (kernels, x, y) =>
      planTranspose(kernels, { x, y, shape: [96, 25600], perm: [1, 0], bytes: 4 }),
  },
  {
    name: "NHWC to NCHW 96x160x160",
    ...{ reads: 96 * 25600, writes: 96 * 25600 },
    plan: (kernels, x, y) =>
      planTranspose(kernels, { x, y, shape: [25600, 96], perm: [1, 0], bytes: 4 }),
  },
  {
    name: "NCHW to NHWC 3x640x640",
    ...{ reads: 3 * 409600, writes: 3 * 409600 },
    plan: (kernels, x, y) =>
      planTranspose(kernels, { x, y, shape: [3, 409600], perm: [1, 0], bytes: 4 }),
  },
  {
    name: "softmax 40 x 6625",
    ...{ reads: 40 * 6625, writes: 40 * 6625 },
    plan: (kernels, x, y) => planSoftmax(kernels, { x, y, rows: 40, cols: 6625 }),
  },
  {
    name: "layer norm 40 x 120",
    ...{ reads: 40 * 120, writes: 40 * 120 },
    plan: (kernels, x, y) =>
      planNormalize(kernels, { kind: "layer", x, y, rows: 40, cols: 120, gamma: x, beta: x }),
  },
  {
    name: "global average pool 480 x 12 x 80",
    ...{ reads: 480 * 960, writes: 480 },
    plan: (kernels, x, y) =>
      planGlobalPool(kernels, { kind: "average", x, y, n: 1, positions: 960, c: 480 }),
  },
  {
    name: "max pool 2x2, 72 x 76 x 32",
    ...{ reads: 72 * 76 * 32, writes: (72 * 76 * 32) / 4 },
    plan: (kernels, x, y) => {
      const shape = { h: 76, w: 32, c: 72, oh: 38, ow: 16, n: 1 };
      const kernel = [2, 2] as const;
      return planPool2d(kernels, { kind: "max", x, y, ...shape, kernel, strides: kernel });
    },
  },
  {
    name: "nearest x2, 96 x 80 x 80",
    ...{ reads: 96 * 6400, writes: 96 * 25600 },
    plan: (kernels, x, y) => {
      const axis = createResizeTable({ inputLength: 80, outputLength: 160, mode: "nearest" });
      return planResize2d(kernels, { x, y, n: 1, c: 96, rows: axis, columns: axis });
    },
  },
  {
    name: "sigmoid, in cache",
    ...{ reads: 32768, writes: 32768 },
    plan: (kernels, x, y) => planUnary(kernels, { op: "sigmoid", x, y, count: 32768 }),
  },
];

/** GB/s of kernels that only move data, and of copying the same bytes. */
export async function benchMemoryBound(context: BenchContext): Promise<FigureInput[]> {
  const bytes = 96 * 25600 * 4;
  using kernels = await loadKernels({ initialBytes: 3 * bytes });
  const { arena } = kernels;
  const x = arena.allocate(bytes);
  const y = arena.allocate(bytes);
  arena.f32(x.ptr, bytes / 4).fill(0.25);
  const memory = arena.u8(0, arena.capacity);
  const rows: FigureInput[] = [];
  for (const work of WORKS) {
    using plan = work.plan(kernels, x.ptr, y.ptr);
    const copied = (work.reads + work.writes) * 2; // bytes of a copy that moves as many
    const measured = await context.measure(
      [
        { name: "kernel", run: () => kernels.run(plan) },
        { name: "copy", run: () => memory.copyWithin(y.ptr, x.ptr, x.ptr + copied) },
      ],
      { maxSeconds: context.quick ? 0.5 : 2 },
    );
    const own = summaryOf(measured, "kernel").median;
    const copy = summaryOf(measured, "copy").median;
    rows.push({
      metric: work.name,
      value: ((work.reads + work.writes) * 4) / own / 1e6,
      unit: "GB/s",
      peer: "memory copy",
      ratio: copy / own,
    });
  }
  return rows;
}
