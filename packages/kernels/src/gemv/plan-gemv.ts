import type { Allocation } from "../runtime/arena.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import type { PackedGemvWeights } from "./gemv-weights.js";

/** A matrix-vector product for {@link planGemv}; addresses are bytes in the arena. */
export interface GemvSpec {
  /** From {@link packGemvWeights}. */
  readonly weights: PackedGemvWeights;
  /** Address of x, f32, `weights.cols` values. */
  readonly x: number;
  /** Address of y, f32, `weights.rows` values. */
  readonly y: number;
  /** Address of `weights.rows` f32 values added to y. */
  readonly bias?: number;
}

/**
 * Plans y = W x + bias in 32-bit floats, W in one of the formats of {@link packGemvWeights}.
 *
 * Where weights are integers the plan quantises x first, symmetrically and by its largest magnitude:
 * - `int8`: one scale, as many bits as 32-bit sums allow (13 for 4096 columns, at most 16);
 * - `int4`: 8 bits, one scale a group of columns;
 * - `ternary`: one scale, such that pairs of codes stay within 127 (6 to 7 bits).
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const weights = packGemvWeights(kernels, {
 *   format: "int8", rows: 2, cols: 3, data: new Int8Array([1, 2, 3, 4, 5, 6]), scales: 0.5,
 * });
 * const x = kernels.arena.upload(new Float32Array([1, 1, 1]));
 * const y = kernels.arena.allocate(8);
 * kernels.run(planGemv(kernels, { weights, x: x.ptr, y: y.ptr }));
 * kernels.arena.f32(y.ptr, 2); // 3, 7.5
 * ```
 */
export function planGemv(kernels: Kernels, spec: GemvSpec): Plan {
  const { weights } = spec;
  const { format, cols, steps, groupSize } = weights;
  const own: Allocation[] = [];
  const jobs: JobSpec[] = [];
  let x = spec.x;
  let info = 0;
  let scratch = 0;
  const prepare = (
    kernel: string,
    bytes: number,
    extra: readonly number[],
    infoBytes = 4,
  ): void => {
    const infoSpace = Math.ceil(infoBytes / 64) * 64;
    const space = kernels.arena.allocate(infoSpace + bytes);
    own.push(space);
    info = space.ptr;
    x = space.ptr + infoSpace;
    jobs.push({
      kernel,
      params: [spec.x, x, cols, extra[0] ?? 0, info, ...extra.slice(1)],
      units: 1,
    });
  };
  if (format === "f16") prepare("gemv_lift", cols * 4, []);
  else if (format === "int8") {
    prepare("gemv_quantize", steps * 4, [steps * 2, floatBits(largestCode(steps * 2))]);
  } else if (format === "int4") {
    const padded = steps * groupSize;
    prepare("gemv_quantize_groups", padded * 2, [padded, 0, groupSize], steps * 8);
  } else if (format === "ternary") {
    prepare("gemv_tables", steps * 16, []);
    const sums = kernels.arena.allocate(weights.panels * 256);
    own.push(sums);
    scratch = sums.ptr;
  }
  jobs.push({
    kernel: `gemv_${format}`,
    params: [
      ...[weights.ptr, x, spec.y, weights.rows, steps, weights.panelBytes, spec.bias ?? 0],
      ...[weights.scalesPtr, info, groupSize / 8, scratch],
    ],
    units: weights.panels,
    grain: Math.ceil(16384 / weights.panelBytes),
  });
  return createPlan(kernels.arena, jobs, own);
}

/**
 * The largest activation code for which 32-bit sums over `depth` weights of 8 bits cannot overflow;
 * at most that of i16.
 */
export function largestCode(depth: number): number {
  return Math.min(32767, Math.floor((2 ** 31 - 1) / (depth * 128)));
}
