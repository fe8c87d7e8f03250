import { EdgewrightError } from "../errors.js";
import { checkElements, checkFinite, checkPart, roundInto, viewAsMatrix } from "./matrix-view.js";
import type { TernaryTensor } from "./packed-tensor.js";

/** Options of {@link quantizeTernary}. */
export interface QuantizeTernaryOptions {
  /** One scale a row instead of one for the tensor. @default false */
  perRow?: boolean;
}

/**
 * Rounds weights to -1, 0 or 1 times their mean size (absmean: Ma et al., The Era of 1-bit LLMs,
 * 2024): `clip(round(w / mean|w|), -1, 1)`.
 *
 * @param weights row-major, of `shape` [rows, ...]
 */
export function quantizeTernary(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeTernaryOptions = {},
): TernaryTensor {
  const where = "quantizeTernary";
  const { rows, cols } = viewAsMatrix(shape, where);
  checkElements(weights.length, shape, where);
  checkFinite(weights, where);
  const sizes = Float64Array.from(weights, Math.abs);
  const scales = options.perRow
    ? Float32Array.from({ length: rows }, (_, row) => meanSize(sizes, row * cols, cols))
    : Float32Array.of(meanSize(sizes, 0, sizes.length));
  const values = new Int8Array(weights.length);
  for (let row = 0; row < rows; row++) {
    const scale = scales[scales.length === 1 ? 0 : row]!;
    if (scale === 0) continue;
    for (let at = row * cols; at < (row + 1) * cols; at++) {
      values[at] = roundInto(weights[at]! / scale, -1, 1);
    }
  }
  return packTernary(values, shape, scales);
}

/**
 * Packs weights of -1, 0 and 1, four to a byte.
 *
 * @param values [rows, cols]
 * @param scales one for the tensor, or one a row
 * @throws EdgewrightError `invalid-argument` for another value.
 */
export function packTernary(
  values: ArrayLike<number>,
  shape: readonly number[],
  scales: Float32Array,
): TernaryTensor {
  const where = "packTernary";
  const { rows, cols } = viewAsMatrix(shape, where);
  checkElements(values.length, shape, where);
  if (scales.length !== 1) checkPart(scales.length, rows, "scales", where);
  const rowBytes = Math.ceil(cols / 4);
  const codes = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < rowBytes * 4; col++) {
      const value = col < cols ? values[row * cols + col]! : 0;
      if (value !== 0 && value !== 1 && value !== -1) {
        throw new EdgewrightError(
          "invalid-argument",
          `${where}: values must be -1, 0 or 1, got ${value} in row ${row}, column ${col}`,
        );
      }
      const at = row * rowBytes + (col >> 2);
      codes[at] = codes[at]! | ((value + 1) << (2 * (col & 3)));
    }
  }
  return { format: "ternary", shape, codes, scales };
}

/** The weights of -1, 0 and 1, [rows, cols], without their scales: undoes {@link packTernary}. */
export function unpackTernaryValues(packed: TernaryTensor): Int8Array {
  const where = "unpackTernaryValues";
  const { rows, cols } = viewAsMatrix(packed.shape, where);
  const rowBytes = Math.ceil(cols / 4);
  checkPart(packed.codes.length, rows * rowBytes, "codes", where);
  const values = new Int8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const byte = packed.codes[row * rowBytes + (col >> 2)]!;
      values[row * cols + col] = ((byte >> (2 * (col & 3))) & 3) - 1;
    }
  }
  return values;
}

/** The numbers that ternary codes stand for, row-major. */
export function unpackTernary(packed: TernaryTensor): Float32Array {
  const { rows, cols } = viewAsMatrix(packed.shape, "unpackTernary");
  const { scales } = packed;
  if (scales.length !== 1) checkPart(scales.length, rows, "scales", "unpackTernary");
  const values = unpackTernaryValues(packed);
  const weights = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const scale = scales[scales.length === 1 ? 0 : row]!;
    for (let at = row * cols; at < (row + 1) * cols; at++) weights[at] = values[at]! * scale;
  }
  return weights;
}

function meanSize(sizes: Float64Array, start: number, count: number): number {
  let sum = 0;
  for (let at = start; at < start + count; at++) sum += sizes[at]!;
  return count === 0 ? 0 : sum / count;
}
