import { ShapeError } from "@edgewright/core";
import type { Allocation, Arena } from "../runtime/arena.js";
import { floatBits } from "../runtime/job.js";
import type { PackedInt8Weights } from "./pack-panels.js";

/**
 * What becomes of the i32 sums of an int8 product, column by column.
 *
 * - `i32`: the sums themselves (ONNX MatMulInteger, ConvInteger);
 * - `u8`, `i8`: `saturate(round(sum * scale[n]) + zeroPoint)`, ties to even, in 32-bit floats as ONNX
 *   QLinearMatMul and QLinearConv are computed, with `scale[n] = aScale * bScale[n] / yScale`;
 * - `f32`: `sum * scale[n] + shift[n]`.
 */
export interface Int8Output {
  /** @default "i32" */
  readonly dtype?: "i32" | "u8" | "i8" | "f32";
  /** Integers added to the sums of each column before anything else. @default 0 */
  readonly bias?: ArrayLike<number>;
  /** One factor, or one a column. @default 1 */
  readonly scale?: number | ArrayLike<number>;
  /** Added after the factor, one a column; for `f32` only. @default 0 */
  readonly shift?: ArrayLike<number>;
  /** Zero point of the output; for `u8` and `i8`. @default 0 */
  readonly zeroPoint?: number;
  /** Smallest code to write, for a fused ReLU or clip. @default the smallest of the type */
  readonly minimum?: number;
  /** Largest code to write. @default the largest of the type */
  readonly maximum?: number;
}

const KINDS = { i32: 0, u8: 1, i8: 2, f32: 3 } as const;
const RANGES = { i32: [0, 0], f32: [0, 0], u8: [0, 255], i8: [-128, 127] } as const;

/** Bytes of one output value. */
export function outputBytes(output: Int8Output): number {
  return output.dtype === "u8" || output.dtype === "i8" ? 1 : 4;
}

/**
 * Checks an output description and writes its per-column arrays, 8 a panel.
 *
 * @param zeroPoint what every activation code stands above zero, as the kernel sees the codes
 * @param rowBytes from one output row to the next
 * @returns the words from START on
 */
export function outputWords(
  where: string,
  arena: Arena,
  output: Int8Output,
  weights: PackedInt8Weights,
  zeroPoint: number,
  rowBytes: number,
  own: Allocation[],
): number[] {
  const { dtype = "i32", scale = 1, bias, shift, zeroPoint: zero = 0 } = output;
  const columns = weights.groups * weights.columnsPerGroup;
  for (const [name, values] of Object.entries({ bias, scale, shift })) {
    if (typeof values === "object" && values.length !== columns) {
      throw new ShapeError(
        `${where}: expected ${columns} values of output.${name}, got ${values.length}`,
      );
    }
  }
  const [lowest, highest] = RANGES[dtype];
  const { minimum = lowest, maximum = highest } = output;
  const codes = dtype === "u8" || dtype === "i8";
  for (const [name, code] of Object.entries({ zeroPoint: zero, minimum, maximum })) {
    if (codes && (!Number.isInteger(code) || code < lowest || code > highest)) {
      throw new ShapeError(
        `${where}: expected output.${name} to be a code of ${dtype}, got ${code}`,
      );
    }
  }
  const padded = weights.panels * 8;
  const arrays = arena.allocate(padded * 12);
  own.push(arrays);
  const start = arena.i32(arrays.ptr, padded);
  const scales = arena.f32(arrays.ptr + padded * 4, padded).fill(0);
  const shifts = arena.f32(arrays.ptr + padded * 8, padded).fill(0);
  const panelsPerGroup = weights.panels / weights.groups;
  for (let at = 0; at < padded; at++) start[at] = Math.imul(-zeroPoint, weights.columnSums[at]!);
  for (let column = 0; column < columns; column++) {
    const group = Math.floor(column / weights.columnsPerGroup);
    const at = group * panelsPerGroup * 8 + (column - group * weights.columnsPerGroup);
    start[at] = start[at]! + (bias?.[column] ?? 0);
    scales[at] = typeof scale === "number" ? scale : scale[column]!;
    shifts[at] = shift?.[column] ?? 0;
  }
  const bounds = [floatBits(minimum - zero), floatBits(maximum - zero)];
  const at = arrays.ptr;
  return [at, KINDS[dtype], rowBytes, at + padded * 4, at + padded * 8, zero, ...bounds];
}
