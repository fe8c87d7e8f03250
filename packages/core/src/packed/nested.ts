import { EdgewrightError } from "../errors.js";
import { checkElements, checkPart, packFloats, unpackFloats, viewAsMatrix } from "./matrix-view.js";
import type { NestedTensor, PackedFloats } from "./packed-tensor.js";

/** Codes and codebooks, unpacked: what {@link packNested} packs. */
export interface NestedParts {
  readonly shape: readonly number[];
  /** The smallest width that has codebooks. */
  readonly seedBits: number;
  /** The width of the codes, at most 8. */
  readonly bits: number;
  /** [rows, cols], each below 2^bits; its upper b bits are the code at b bits. */
  readonly codes: Uint8Array;
  /** Rows that share a codebook. @default 1 */
  readonly rowsPerCodebook?: number;
  /** For each width from `seedBits` to `bits`: [ceil(rows / rowsPerCodebook), 2^width] numbers. */
  readonly codebooks: readonly Float32Array[];
  /** How codebooks are stored. @default "f16" */
  readonly codebookType?: PackedFloats["dtype"];
}

/**
 * Packs nested codes into bit planes, highest bit first, so that the first b planes serve a product at
 * b bits.
 *
 * @throws EdgewrightError `invalid-argument` for widths out of range or a code that has more bits.
 */
export function packNested(parts: NestedParts): NestedTensor {
  const where = "packNested";
  const { shape, seedBits, bits, codes, rowsPerCodebook = 1, codebookType = "f16" } = parts;
  const { rows, cols } = viewAsMatrix(shape, where);
  checkWidths(seedBits, bits, where);
  checkElements(codes.length, shape, where);
  const books = countCodebooks(rows, rowsPerCodebook, where);
  checkPart(parts.codebooks.length, bits - seedBits + 1, "codebooks", where);
  parts.codebooks.forEach((book, i) => {
    checkPart(
      book.length,
      books * 2 ** (seedBits + i),
      `the codebooks of ${seedBits + i} bits`,
      where,
    );
  });
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
  const all = new Float32Array(books * (2 ** (bits + 1) - 2 ** seedBits));
  let end = 0;
  for (const book of parts.codebooks) {
    all.set(book, end);
    end += book.length;
  }
  const codebooks = packFloats(all, codebookType);
  return { format: "nested", shape, seedBits, bits, planes, rowsPerCodebook, codebooks };
}

/** Codes at `width` bits, [rows, cols], read from the first `width` planes alone. */
export function unpackNestedCodes(packed: NestedTensor, width: number = packed.bits): Uint8Array {
  const where = "unpackNestedCodes";
  const { rows, cols } = viewAsMatrix(packed.shape, where);
  const rowBytes = planeRowBytes(cols);
  checkWidths(packed.seedBits, packed.bits, where);
  checkPart(packed.planes.length, packed.bits * rows * rowBytes, "planes", where);
  if (!Number.isInteger(width) || width < 1 || width > packed.bits) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: a width from 1 to ${packed.bits} bits was expected, got ${width}`,
    );
  }
  const codes = new Uint8Array(rows * cols);
  for (let plane = 0; plane < width; plane++) {
    for (let row = 0; row < rows; row++) {
      const base = (plane * rows + row) * rowBytes;
      for (let col = 0; col < cols; col++) {
        const bit = (packed.planes[base + (col >> 3)]! >> (col & 7)) & 1;
        codes[row * cols + col] = (codes[row * cols + col]! << 1) | bit;
      }
    }
  }
  return codes;
}

/** The codebooks of one width, [ceil(rows / rowsPerCodebook), 2^width]. */
export function nestedCodebooks(packed: NestedTensor, width: number): Float32Array {
  const where = "nestedCodebooks";
  const { seedBits, bits, rowsPerCodebook } = packed;
  const { rows } = viewAsMatrix(packed.shape, where);
  if (!Number.isInteger(width) || width < seedBits || width > bits) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: there are codebooks of ${seedBits} to ${bits} bits, not of ${width}`,
    );
  }
  const books = countCodebooks(rows, rowsPerCodebook, where);
  const total = books * (2 ** (bits + 1) - 2 ** seedBits);
  checkPart(packed.codebooks.data.length, total, "codebooks", where);
  const start = books * (2 ** width - 2 ** seedBits);
  return unpackFloats(packed.codebooks).slice(start, start + books * 2 ** width);
}

/** The numbers that nested codes stand for at `width` bits, row-major. */
export function unpackNested(packed: NestedTensor, width: number = packed.bits): Float32Array {
  const { cols } = viewAsMatrix(packed.shape, "unpackNested");
  const books = nestedCodebooks(packed, width);
  return Float32Array.from(unpackNestedCodes(packed, width), (code, at) => {
    const book = Math.floor(Math.floor(at / cols) / packed.rowsPerCodebook);
    return books[book * 2 ** width + code]!;
  });
}

// Whole 32-bit words, so that kernels may load them.
function planeRowBytes(cols: number): number {
  return 4 * Math.ceil(cols / 32);
}

function countCodebooks(rows: number, rowsPerCodebook: number, where: string): number {
  if (Number.isInteger(rowsPerCodebook) && rowsPerCodebook > 0) {
    return Math.ceil(rows / rowsPerCodebook);
  }
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: rowsPerCodebook must be a whole number from 1, got ${rowsPerCodebook}`,
  );
}

function checkWidths(seedBits: number, bits: number, where: string): void {
  const whole = Number.isInteger(seedBits) && Number.isInteger(bits);
  if (whole && seedBits >= 1 && seedBits <= bits && bits <= 8) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: 1 <= seedBits <= bits <= 8 was expected, got ${seedBits} and ${bits}`,
  );
}
