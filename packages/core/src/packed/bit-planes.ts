import { EdgewrightError } from "../errors.js";
import { checkPart, type MatrixView } from "./matrix-view.js";

/** Throws unless 1 <= seedBits <= bits <= 8. */
export function checkWidths(seedBits: number, bits: number, where: string): void {
  const whole = Number.isInteger(seedBits) && Number.isInteger(bits);
  if (whole && seedBits >= 1 && seedBits <= bits && bits <= 8) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: 1 <= seedBits <= bits <= 8 was expected, got ${seedBits} and ${bits}`,
  );
}

/** Bytes of one row of a plane: whole 32-bit words, so that kernels may load them. */
function planeRowBytes(cols: number): number {
  return 4 * Math.ceil(cols / 32);
}

/**
 * Codes as bit planes [bits, rows, rowBytes], highest bit first: column c of a row is bit `c % 8` of byte
 * `floor(c / 8)`; the bits beyond the last column are 0.
 *
 * @throws EdgewrightError `invalid-argument` for a code that has more bits.
 */
export function packBitPlanes(
  codes: Uint8Array,
  { rows, cols }: MatrixView,
  bits: number,
  where: string,
): Uint8Array {
  const rowBytes = planeRowBytes(cols);
  const planes = new Uint8Array(bits * rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const code = codes[row * cols + col]!;
      if (code >= 2 ** bits) {
        throw new EdgewrightError(
          "invalid-argument",
          `${where}: code ${code} in row ${row}, column ${col} has more than ${bits} bits`,
        );
      }
      for (let plane = 0; plane < bits; plane++) {
        const at = (plane * rows + row) * rowBytes + (col >> 3);
        planes[at] = planes[at]! | (((code >> (bits - 1 - plane)) & 1) << (col & 7));
      }
    }
  }
  return planes;
}

/** Codes at `width` bits, [rows, cols], from the first `width` of `bits` planes alone. */
export function unpackBitPlanes(
  planes: Uint8Array,
  { rows, cols }: MatrixView,
  bits: number,
  width: number,
  where: string,
): Uint8Array {
  const rowBytes = planeRowBytes(cols);
  checkPart(planes.length, bits * rows * rowBytes, "planes", where);
  if (!Number.isInteger(width) || width < 1 || width > bits) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: a width from 1 to ${bits} bits was expected, got ${width}`,
    );
  }
  const codes = new Uint8Array(rows * cols);
  for (let plane = 0; plane < width; plane++) {
    for (let row = 0; row < rows; row++) {
      const base = (plane * rows + row) * rowBytes;
      for (let col = 0; col < cols; col++) {
        const bit = (planes[base + (col >> 3)]! >> (col & 7)) & 1;
        codes[row * cols + col] = (codes[row * cols + col]! << 1) | bit;
      }
    }
  }
  return codes;
}

/** Parts of all widths after one another. */
export function joinWidths(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}
