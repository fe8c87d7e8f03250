// Two threads against one, what handing a job over costs, and what the module weighs. Wall clock, minima:
// the cores of a shared machine are rarely both free, and a minimum says what happens when they are.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type FigureInput, summaryOf } from "@edgewright/device-bench";
import {
  type Kernels,
  loadKernels,
  type Plan,
  packConvWeights,
  packMatrix,
  planConv2d,
  planGemm,
  planSoftmax,
  planTranspose,
  planUnary,
} from "@edgewright/kernels";
import type { BenchContext } from "../context.js";

interface Work {
  readonly name: string;
  readonly target?: number;
  plan(kernels: Kernels): Plan;
}

const NEVER_BELOW = 0.95;

function gemm(size: number): Work["plan"] {
  return (kernels) => {
    const data = new Float32Array(size * size).fill(0.01);
    const a = kernels.arena.upload(data);
    const c = kernels.arena.allocate(data.byteLength);
    const b = packMatrix(kernels, { data, rows: size, cols: size });
    return planGemm(kernels, { a: a.ptr, b, c: c.ptr, m: size, n: size, k: size });
  };
}

function conv(
  side: number,
  c: number,
  oc: number,
  k: number,
  algorithm: "auto" | "direct" = "auto",
): Work["plan"] {
  return (kernels) => {
    const x = kernels.arena.upload(new Float32Array(side * side * c).fill(0.5));
    const y = kernels.arena.allocate(side * side * oc * 4);
    const shape = { h: side, w: side, c, oc, kh: k, kw: k, algorithm };
    const data = new Float32Array(oc * c * k * k).fill(0.01);
    const weights = packConvWeights(kernels, { ...shape, weights: data });
    const pad = (k - 1) / 2;
    return planConv2d(kernels, {
      ...shape,
      x: x.ptr,
      y: y.ptr,
      weights,
      pads: [pad, pad, pad, pad],
    });
  };
}

function elementwise(count: number, kind: "hard-swish" | "sigmoid"): Work["plan"] {
  return (kernels) => {
    const x = kernels.arena.upload(new Float32Array(count).fill(0.5));
    const y = kernels.arena.allocate(count * 4);
    return planUnary(kernels, { op: kind, x: x.ptr, y: y.ptr, count });
  };
}

const WORKS: readonly Work[] = [
  { name: "f32 GEMM 512^3", target: 1.9, plan: gemm(512) },
  { name: "conv 3x3 32->64 at 56x56", target: 1.9, plan: conv(56, 32, 64, 3) },
  { name: "the same, direct", target: 1.9, plan: conv(56, 32, 64, 3, "direct") },
  { name: "conv 3x3 96->24 at 160x160", target: 1.9, plan: conv(160, 96, 24, 3) },
  { name: "f32 GEMM 128^3", plan: gemm(128) },
  { name: "f32 GEMM 32^3", plan: gemm(32) },
  { name: "conv 1x1 24->24 at 14x14", plan: conv(14, 24, 24, 1) },
  { name: "hard-swish of 8192", plan: elementwise(8192, "hard-swish") },
  { name: "hard-swish of 262144", plan: elementwise(262144, "hard-swish") },
  { name: "sigmoid of 65536", plan: elementwise(65536, "sigmoid") },
  {
    name: "softmax 40 x 6625",
    plan(kernels) {
      const x = kernels.arena.upload(new Float32Array(40 * 6625).fill(0.5));
      const y = kernels.arena.allocate(40 * 6625 * 4);
      return planSoftmax(kernels, { x: x.ptr, y: y.ptr, rows: 40, cols: 6625 });
    },
  },
  {
    name: "NCHW to NHWC 96x40x40",
    plan(kernels) {
      const x = kernels.arena.upload(new Float32Array(96 * 1600).fill(0.5));
      const y = kernels.arena.allocate(96 * 1600 * 4);
      const perm = [0, 2, 3, 1];
      const shape = [1, 96, 40, 40];
      return planTranspose(kernels, { x: x.ptr, y: y.ptr, shape, perm, bytes: 4 });
    },
  },
];

/** Two threads over one, for large work and for work too small to share. */
export async function benchTwoThreads(context: BenchContext): Promise<FigureInput[]> {
  const initialBytes = 2 ** 26;
  using one = await loadKernels({ initialBytes });
  using two = await loadKernels({ initialBytes, threads: 2 });
  const rows: FigureInput[] = [];
  for (const work of WORKS) {
    const plans = [work.plan(one), work.plan(two)] as const;
    const measured = await context.measure(
      [
        { name: "one", run: () => one.run(plans[0]) },
        { name: "two", run: () => two.run(plans[1]) },
      ],
      {
        clock: "wall",
        sampleMs: 10,
        minRounds: context.quick ? 6 : 30,
        precision: 0.002,
        maxSeconds: 4,
      },
    );
    const single = summaryOf(measured, "one", "wall").min;
    const double = summaryOf(measured, "two", "wall").min;
    rows.push({
      metric: `${work.name}, two threads`,
      value: double,
      unit: "ms",
      peer: "one thread",
      ratio: single / double,
      target: { atLeast: work.target ?? NEVER_BELOW },
      note: "minima, wall clock",
    });
  }
  return rows;
}

/** What handing a job to an awake and to a sleeping worker costs the caller. */
export async function benchDispatch(context: BenchContext): Promise<FigureInput[]> {
  using one = await loadKernels();
  using two = await loadKernels({ threads: 2 });
  const tiny = [elementwise(8 * 1024, "hard-swish")(one), elementwise(8 * 1024, "hard-swish")(two)];
  // Eight pieces of a microsecond or less: what two threads take longer than one is the hand-over.
  const [alone, shared] = tiny.map((plan) => ({
    ...plan,
    jobs: plan.jobs.map((job) => ({ ...job, grain: 1 })),
  })) as [Plan, Plan];
  const hot = await context.measure(
    [
      { name: "one", run: () => one.run(alone) },
      { name: "two", run: () => two.run(shared) },
    ],
    { clock: "wall", maxSeconds: 3, minRounds: 30, precision: 0.002 },
  );
  const half = summaryOf(hot, "one", "wall").min / 2;
  const hotUs = (summaryOf(hot, "two", "wall").min - half) * 1000;

  const work = [
    elementwise(2 ** 19, "sigmoid")(one),
    elementwise(2 ** 19, "sigmoid")(two),
  ] as const;
  const sleep = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
  const cold = await context.measure(
    [
      { name: "one", run: () => one.run(work[0]), prepare: sleep, iterations: 1 },
      { name: "two", run: () => two.run(work[1]), prepare: sleep, iterations: 1 },
    ],
    { clock: "wall", maxSeconds: 3, minRounds: 100, precision: 0.002 },
  );
  // A worker that comes L late leaves (T + L) / 2 for both.
  const single = summaryOf(cold, "one", "wall");
  const double = summaryOf(cold, "two", "wall");
  const coldUs = (2 * double.min - single.min) * 1000;
  return [
    {
      metric: "dispatch to an awake worker",
      value: hotUs,
      unit: "us",
      target: { atMost: 2 },
      note: "two threads minus half of one thread, minima",
    },
    {
      metric: "dispatch to a sleeping worker",
      value: coldUs,
      unit: "us",
      target: { atMost: 60 },
      note: "twice two threads minus one thread, minima",
    },
  ];
}

/** Bytes and compile time of both builds. */
export async function benchModule(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const name of ["kernels", "kernels-relaxed"]) {
    if (name === "kernels-relaxed" && !context.relaxed) continue;
    const url = new URL(`../../packages/kernels/dist/${name}.wasm`, import.meta.url);
    const bytes = Uint8Array.from(readFileSync(fileURLToPath(url)));
    rows.push({
      metric: `${name}.wasm`,
      value: bytes.length / 1024,
      unit: "KiB",
      target: { atMost: 64 },
    });
    // Engines remember modules by their bytes: a section for tools, with another number in each, is news.
    let serial = 0;
    const compile = (): WebAssembly.Module => {
      const fresh = new Uint8Array(bytes.length + 8);
      fresh.set(bytes);
      fresh.set([0, 6, 1, 110], bytes.length);
      new DataView(fresh.buffer).setUint32(bytes.length + 4, serial++);
      return new WebAssembly.Module(fresh);
    };
    const measured = await context.measure([{ name: "compile", run: compile, iterations: 1 }], {
      clock: "wall",
      maxSeconds: 1,
    });
    rows.push({
      metric: `${name}.wasm, compiled`,
      value: summaryOf(measured, "compile", "wall").median,
      unit: "ms",
      target: { atMost: 2 },
    });
  }
  return rows;
}
