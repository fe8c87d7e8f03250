import { EdgewrightError } from "../errors.js";
import {
  checkElements,
  checkFinite,
  checkPart,
  packFloats,
  roundInto,
  unpackFloats,
  viewAsMatrix,
} from "./matrix-view.js";
import type { Int8GroupTensor } from "./packed-tensor.js";

/** Options of {@link quantizeInt8Group}. */
export interface QuantizeInt8GroupOptions {
  /** Columns that share a scale, a multiple of 8. @default 32 */
  groupSize?: number;
  /** How scales are stored. @default "f16" */
  scales?: "f16" | "f32";
}

/**
 * Rounds weights to 8 bits with one scale a group of columns, codes from -127 to 127: llama.cpp's Q8_0.
 *
 * @param weights row-major, of `shape` [rows, ...]
 */
export function quantizeInt8Group(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeInt8GroupOptions = {},
): Int8GroupTensor {
  const where = "quantizeInt8Group";
  const { groupSize = 32, scales: scaleType = "f16" } = options;
  const { rows, cols } = viewAsMatrix(shape, where);
  checkGroupSize(groupSize, where);
  checkElements(weights.length, shape, where);
  checkFinite(weights, where);
  const groups = Math.ceil(cols / groupSize);
  const exact = new Float32Array(rows * groups);
  for (let at = 0; at < weights.length; at++) {
    const row = Math.floor(at / cols);
    const group = row * groups + Math.floor((at - row * cols) / groupSize);
    exact[group] = Math.max(exact[group]!, Math.abs(weights[at]!) / 127);
  }
  const scales = packFloats(exact, scaleType);
  const stored = unpackFloats(scales); // codes must fit the scales that a reader will see
  const codes = new Int8Array(rows * groups * groupSize);
  for (let at = 0; at < weights.length; at++) {
    const row = Math.floor(at / cols);
    const col = at - row * cols;
    const scale = stored[row * groups + Math.floor(col / groupSize)]! || 1;
    codes[row * groups * groupSize + col] = roundInto(weights[at]! / scale, -127, 127);
  }
  return { format: "int8-group", shape, groupSize, codes, scales };
}

/** The numbers that 8-bit codes with a scale a group stand for, row-major. */
export function unpackInt8Group(packed: Int8GroupTensor): Float32Array {
  const where = "unpackInt8Group";
  const { groupSize, codes, shape } = packed;
  const { rows, cols } = viewAsMatrix(shape, where);
  checkGroupSize(groupSize, where);
  const groups = Math.ceil(cols / groupSize);
  const rowCodes = groups * groupSize;
  checkPart(codes.length, rows * rowCodes, "codes", where);
  checkPart(packed.scales.data.length, rows * groups, "scales", where);
  const scales = unpackFloats(packed.scales);
  const weights = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const scale = scales[row * groups + Math.floor(col / groupSize)]!;
      weights[row * cols + col] = codes[row * rowCodes + col]! * scale;
    }
  }
  return weights;
}

function checkGroupSize(groupSize: number, where: string): void {
  if (Number.isInteger(groupSize) && groupSize > 0 && groupSize % 8 === 0) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: groupSize must be a multiple of 8, got ${groupSize}`,
  );
}
