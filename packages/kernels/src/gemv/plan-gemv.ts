import type { Allocation } from "../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
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
 * - `int8`: 8 bits, one scale;
 * - `int4`: 11 bits, one scale; in the relaxed build 8 bits where groups are multiples of 32 columns;
 * - `ternary`: one scale for 512 columns, such that pairs of codes stay within 63 (6 to 7 bits).
 *
 * Magnitudes below 1e-30 count as zero.
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
  const dot = weights.kernel === "gemv_int4_dot";
  const own: Allocation[] = [];
  const jobs: JobSpec[] = [];
  let x = spec.x;
  let info = 0;
  let scratch = 0;
  // Space for the prepared activations, what goes with them, and codes in between.
  const prepare = (kernel: string, bytes: number, padded: number, infoBytes: number): void => {
    const infoSpace = Math.ceil(infoBytes / 64) * 64;
    const xSpace = Math.ceil(bytes / 64) * 64;
    const space = kernels.arena.allocate(infoSpace + xSpace + padded * 2 + 16);
    own.push(space);
    info = space.ptr;
    x = space.ptr + infoSpace;
    const params = [spec.x, x, cols, padded, info, x + xSpace, groupSize];
    jobs.push({ kernel, params, units: 1 });
  };
  if (format === "f16") prepare("gemv_lift", cols * 4, 0, 4);
  else if (format === "int8") prepare("gemv_quantize_int8", steps * 8 + 8, steps * 4, 8);
  else if (format === "int4") {
    const quantize = dot ? "gemv_quantize_int4_dot" : "gemv_quantize_int4";
    prepare(quantize, steps * groupSize * 2, steps * groupSize, 4 + steps * 4);
  } else if (format === "ternary") {
    prepare("gemv_tables", steps * 32, steps * 4, Math.ceil(steps / 128) * 4);
    const sums = kernels.arena.allocate(weights.panels * 256);
    own.push(sums);
    scratch = sums.ptr;
  }
  jobs.push({
    kernel: weights.kernel,
    params: [
      ...[weights.ptr, x, spec.y, weights.rows, steps, weights.panelBytes, spec.bias ?? 0],
      ...[weights.scalesPtr, info, groupSize / (dot ? 32 : 8), scratch],
    ],
    units: weights.panels,
    grain: Math.ceil(16384 / weights.panelBytes),
  });
  return createPlan(kernels.arena, jobs, own);
}
