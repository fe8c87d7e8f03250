import { ValidationError } from "../../errors.js";
import { type MatrixView, viewAsMatrix } from "../../packed/matrix-view.js";
import type { PackedTensor } from "../../packed/packed-tensor.js";

/**
 * Checks that every part of a packed tensor has the length that its layout gives it, and that no code stands
 * for nothing: what comes from a file is not to lead a kernel beside its memory.
 *
 * @throws ValidationError naming the part.
 */
export function checkPackedTensor(packed: PackedTensor, where: string): void {
  const view = viewAsMatrix(packed.shape, where);
  const { rows, cols } = view;
  const part = (name: string, data: { readonly length: number } | undefined, length: number) => {
    if (data === undefined || data.length === length) return;
    throw new ValidationError(
      `${where}: ${name} must hold ${length} elements, got ${data.length}`,
      { where },
    );
  };
  switch (packed.format) {
    case "int8-channel":
      part("codes", packed.codes, rows * cols);
      part("scales", packed.scales, rows);
      part("zeroPoints", packed.zeroPoints, rows);
      return;
    case "int8-group":
    case "int4-group": {
      const { groupSize } = packed;
      checkNumber("groupSize", groupSize, 8, 2 ** 24, where);
      if (groupSize % 8 !== 0) throw wrong("groupSize", "a multiple of 8", groupSize, where);
      const groups = Math.ceil(cols / groupSize);
      const codes = rows * groups * groupSize;
      part("codes", packed.codes, packed.format === "int8-group" ? codes : codes / 2);
      part("scales", packed.scales.data, rows * groups);
      if (packed.format === "int8-group") return;
      part("zeroPoints", packed.zeroPoints, rows * Math.ceil(groups / 2));
      part("mins", packed.mins?.data, rows * groups);
      if (packed.mins && packed.zeroPoints) {
        throw new ValidationError(`${where}: mins and zeroPoints exclude one another`, { where });
      }
      return;
    }
    case "ternary":
      part("codes", packed.codes, rows * Math.ceil(cols / 4));
      if (packed.scales.length !== 1) part("scales", packed.scales, rows);
      // Two bits of 1 say 3, which is no weight.
      if (packed.codes.some((byte) => byte & (byte >> 1) & 0x55)) {
        throw new ValidationError(`${where}: codes must be 0, 1 or 2, got 3`, { where });
      }
      return;
    case "nested": {
      const { rowsPerCodebook } = packed;
      checkNumber("rowsPerCodebook", rowsPerCodebook, 1, 2 ** 24, where);
      checkPlanes(packed, view, where);
      const books = Math.ceil(rows / rowsPerCodebook);
      part("codebooks", packed.codebooks.data, books * sumOfWidths(packed, (width) => 2 ** width));
      return;
    }
    case "binary-coded": {
      const { groupSize } = packed;
      checkNumber("groupSize", groupSize, 1, 2 ** 24, where);
      if (groupSize % 32 !== 0 && groupSize < cols) {
        throw wrong("groupSize", "a multiple of 32 or all columns", groupSize, where);
      }
      checkPlanes(packed, view, where);
      const groups = rows * Math.ceil(cols / groupSize);
      part("scales", packed.scales.data, groups * sumOfWidths(packed, (width) => width + 1));
    }
  }
}

function checkPlanes(
  packed: { readonly seedBits: number; readonly bits: number; readonly planes: Uint8Array },
  view: MatrixView,
  where: string,
): void {
  checkNumber("bits", packed.bits, 1, 8, where);
  checkNumber("seedBits", packed.seedBits, 1, packed.bits, where);
  const length = packed.bits * view.rows * 4 * Math.ceil(view.cols / 32);
  if (packed.planes.length === length) return;
  throw wrong("planes", `${length} bytes`, packed.planes.length, where);
}

function sumOfWidths(
  packed: { readonly seedBits: number; readonly bits: number },
  count: (width: number) => number,
): number {
  let sum = 0;
  for (let width = packed.seedBits; width <= packed.bits; width++) sum += count(width);
  return sum;
}

function checkNumber(name: string, value: number, low: number, high: number, where: string): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw wrong(name, `a whole number from ${low} to ${high}`, value, where);
}

function wrong(name: string, expected: string, got: unknown, where: string): ValidationError {
  return new ValidationError(`${where}: ${name} must be ${expected}, got ${String(got)}`, {
    where,
  });
}
