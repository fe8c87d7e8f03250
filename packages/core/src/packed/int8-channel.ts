import { checkElements, checkFinite, checkPart, roundInto, viewAsMatrix } from "./matrix-view.js";
import type { Int8ChannelTensor } from "./packed-tensor.js";

/** Options of {@link quantizeInt8Channel}. */
export interface QuantizeInt8Options {
  /**
   * Codes from -127 to 127 around 0, rather than -128 to 127 with a zero point a row.
   * @default true
   */
  symmetric?: boolean;
}

/**
 * Rounds weights to 8 bits with one scale a row: the plain scheme that finer ones are compared with.
 * No weight moves by more than half a scale.
 *
 * @param weights row-major, of `shape` [rows, ...]
 */
export function quantizeInt8Channel(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeInt8Options = {},
): Int8ChannelTensor {
  const { symmetric = true } = options;
  const { rows, cols } = viewAsMatrix(shape, "quantizeInt8Channel");
  checkElements(weights.length, shape, "quantizeInt8Channel");
  checkFinite(weights, "quantizeInt8Channel");
  const codes = new Int8Array(rows * cols);
  const scales = new Float32Array(rows);
  const zeroPoints = new Int8Array(rows);
  for (let row = 0; row < rows; row++) {
    let low = 0; // the range holds 0, so that 0 has a code of its own
    let high = 0;
    for (let col = 0; col < cols; col++) {
      low = Math.min(low, weights[row * cols + col]!);
      high = Math.max(high, weights[row * cols + col]!);
    }
    const range = symmetric ? Math.max(-low, high) / 127 : (high - low) / 255;
    const scale = Math.fround(range) || 1;
    const zeroPoint = symmetric ? 0 : roundInto(-128 - low / scale, -128, 127);
    scales[row] = scale;
    zeroPoints[row] = zeroPoint;
    const lowest = symmetric ? -127 : -128;
    for (let at = row * cols; at < (row + 1) * cols; at++) {
      codes[at] = roundInto(weights[at]! / scale + zeroPoint, lowest, 127);
    }
  }
  const base = { format: "int8-channel", shape, codes, scales } as const;
  return symmetric ? base : { ...base, zeroPoints };
}

/** The numbers that 8-bit codes stand for, row-major. */
export function unpackInt8Channel(packed: Int8ChannelTensor): Float32Array {
  const where = "unpackInt8Channel";
  const { codes, scales, zeroPoints } = packed;
  const { rows, cols } = viewAsMatrix(packed.shape, where);
  checkPart(codes.length, rows * cols, "codes", where);
  checkPart(scales.length, rows, "scales", where);
  if (zeroPoints) checkPart(zeroPoints.length, rows, "zeroPoints", where);
  const weights = new Float32Array(codes.length);
  for (let row = 0; row < rows; row++) {
    const zeroPoint = zeroPoints?.[row] ?? 0;
    const scale = scales[row]!;
    for (let at = row * cols; at < (row + 1) * cols; at++) {
      weights[at] = (codes[at]! - zeroPoint) * scale;
    }
  }
  return weights;
}
