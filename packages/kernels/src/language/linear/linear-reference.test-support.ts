import type { Kernels } from "../../runtime/load.js";
import { packLinear } from "./pack-linear.js";
import type { LinearWeights, PackedLinear } from "./packed-linear.js";
import { type LinearSpec, planLinear } from "./plan-linear.js";

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Options of {@link runLinear} beside the operands. */
export interface RunLinearOptions
  extends Partial<Pick<LinearSpec, "bits" | "int8Activations" | "xStride" | "yStride">> {
  readonly bias?: Float32Array;
  /** What y holds before, to be added to. */
  readonly onto?: Float32Array;
}

/** y [n, rows] of one product, whose weights are packed for it unless they are already. */
export function runLinear(
  kernels: Kernels,
  weights: LinearWeights | readonly LinearWeights[] | PackedLinear,
  x: Float32Array,
  n: number,
  options: RunLinearOptions = {},
): Float32Array {
  const packed = "bytesAt" in weights ? weights : packLinear(kernels, weights);
  const { bias, onto, ...rest } = options;
  const { arena } = kernels;
  const { xStride = packed.cols, yStride = packed.rows } = rest;
  const at = arena.allocate(n * xStride * 4);
  const y = arena.allocate(n * yStride * 4);
  const biasAt = bias && arena.upload(bias);
  arena.f32(at.ptr, n * xStride).fill(Number.NaN);
  for (let row = 0; row < n; row++) {
    arena
      .f32(at.ptr + row * xStride * 4, packed.cols)
      .set(x.subarray(row * packed.cols, (row + 1) * packed.cols));
  }
  arena.f32(y.ptr, n * yStride).fill(Number.NaN);
  if (onto) arena.f32(y.ptr, n * yStride).set(onto);
  const plan = planLinear(kernels, {
    weights: packed,
    x: at.ptr,
    y: y.ptr,
    n,
    ...rest,
    accumulate: onto !== undefined,
    ...(biasAt === undefined ? {} : { bias: biasAt.ptr }),
  });
  kernels.run(plan);
  const result = arena.f32(y.ptr, n * yStride).slice();
  plan.dispose();
  for (const allocation of [at, y, biasAt]) allocation?.dispose();
  if (packed !== weights) packed.dispose();
  return result;
}

/** The sums and the sums of magnitudes of x [n, cols] times W [rows, cols] transposed, in 64 bits. */
export function multiplySlowly(
  weights: ArrayLike<number>,
  x: ArrayLike<number>,
  { rows, cols, n }: { rows: number; cols: number; n: number },
): { sums: Float64Array; magnitudes: Float64Array } {
  const sums = new Float64Array(n * rows);
  const magnitudes = new Float64Array(n * rows);
  for (let i = 0; i < n; i++) {
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const product = weights[row * cols + col]! * x[i * cols + col]!;
        sums[i * rows + row]! += product;
        magnitudes[i * rows + row]! += Math.abs(product);
      }
    }
  }
  return { sums, magnitudes };
}
