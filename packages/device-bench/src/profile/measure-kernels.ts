import { createRng, throwIfAborted } from "@edgewright/core";
import {
  type Kernels,
  type Plan,
  packGemvWeights,
  packInt8Matrix,
  packMatrix,
  planGemm,
  planGemmInt8,
  planGemv,
  planReadMemory,
} from "@edgewright/kernels";
import {
  type Candidate,
  type MeasureOptions,
  measureInterleaved,
} from "../measure/measure-interleaved.js";
import { summaryOf } from "../measure/ratio.js";
import type { FigureInput } from "../report/report.js";

/** What the kernels reach on this device. */
export interface KernelFigures {
  /** Rows for a report. */
  readonly rows: readonly FigureInput[];
  /** The same numbers for `DeviceProfile.device.features`, named with their units. */
  readonly features: Readonly<Record<string, number>>;
}

/** Options of {@link measureKernels}. */
export interface MeasureKernelsOptions extends MeasureOptions {
  /** Bytes that the read and the matrix-vector products walk over; beyond the caches. @default 64 MiB */
  streamBytes?: number;
  /** Rows and columns of the square matrix products. @default 512 */
  matrixSize?: number;
}

const UNITS: Record<string, { feature: string; metric: string; unit: string }> = {
  read: { feature: "readBandwidthGbps", metric: "read bandwidth", unit: "GB/s" },
  gemm: { feature: "gemmF32Gflops", metric: "f32 matrix product", unit: "GFLOP/s" },
  gemmInt8: { feature: "gemmInt8Gops", metric: "int8 matrix product", unit: "GOP/s" },
  gemv: { feature: "gemvF32Gbps", metric: "f32 matrix-vector product", unit: "GB/s" },
};

/**
 * Measures what the kernels reach on this device: read bandwidth, matrix products in 32-bit floats and
 * in 8 bits, and a matrix-vector product whose weights come from memory. Figures are of wall time.
 */
export async function measureKernels(
  kernels: Kernels,
  options: MeasureKernelsOptions = {},
): Promise<KernelFigures> {
  const { streamBytes = 2 ** 26, matrixSize: n = 512, signal } = options;
  throwIfAborted(signal, "measureKernels");
  const held: { dispose(): void }[] = [];
  const keep = <T extends { dispose(): void }>(one: T): T => {
    held.push(one);
    return one;
  };
  try {
    const rng = createRng(1);
    const { arena } = kernels;
    const values = Float32Array.from({ length: n * n }, () => rng.uniform() - 0.5);
    const codes = Int8Array.from({ length: n * n }, () => rng.integer(-127, 128));
    const a = keep(arena.upload(values));
    const c = keep(arena.allocate(n * n * 4));
    const b = keep(packMatrix(kernels, { data: values, rows: n, cols: n }));
    const gemm = keep(planGemm(kernels, { a: a.ptr, b, c: c.ptr, m: n, n, k: n }));
    const a8 = keep(arena.upload(codes));
    const b8 = keep(packInt8Matrix(kernels, { data: codes, rows: n, cols: n }));
    const int8 = { a: { ptr: a8.ptr, dtype: "i8" }, b: b8, c: c.ptr, m: n } as const;
    const gemmInt8 = keep(planGemmInt8(kernels, int8));
    const cols = 1024;
    const rows = Math.max(16, Math.floor(streamBytes / 4 / cols));
    const weights = keep(
      packGemvWeights(kernels, {
        format: "f32",
        rows,
        cols,
        data: new Float32Array(rows * cols).fill(0.5),
      }),
    );
    const x = keep(arena.upload(new Float32Array(cols).fill(1)));
    const y = keep(arena.allocate(rows * 4));
    const gemv = keep(planGemv(kernels, { weights, x: x.ptr, y: y.ptr }));
    const read = keep(planReadMemory(kernels, weights.ptr, weights.bytes));

    const candidate = (name: string, plan: Plan): Candidate => ({
      name,
      run: () => kernels.run(plan),
    });
    const measurement = await measureInterleaved(
      [
        candidate("read", read),
        candidate("gemm", gemm),
        candidate("gemmInt8", gemmInt8),
        candidate("gemv", gemv),
      ],
      { clock: "wall", ...options },
    );
    const work = {
      read: weights.bytes,
      gemm: 2 * n ** 3,
      gemmInt8: 2 * n ** 3,
      gemv: weights.bytes,
    };
    const results = Object.entries(work).map(([name, amount]) => {
      const summary = summaryOf(measurement, name, "wall");
      return { ...UNITS[name]!, value: amount / summary.median / 1e6, noise: summary.noise };
    });
    return {
      rows: results.map(({ metric, unit, value, noise }) => ({
        metric: `${metric}, ${kernels.threads} thread${kernels.threads === 1 ? "" : "s"}`,
        value,
        unit,
        note: `noise ${(noise * 100).toFixed(1)} %`,
      })),
      features: Object.fromEntries(results.map(({ feature, value }) => [feature, value])),
    };
  } finally {
    for (const one of held.reverse()) one.dispose();
  }
}
