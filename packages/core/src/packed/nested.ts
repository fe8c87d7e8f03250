import { EdgewrightError } from "../errors.js";
import { decodeFloat16 } from "../half.js";
import { checkWidths, joinWidths, packBitPlanes, unpackBitPlanes } from "./bit-planes.js";
import { checkElements, checkPart, packFloats, viewAsMatrix } from "./matrix-view.js";
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
  const planes = packBitPlanes(codes, { rows, cols }, bits, where);
  const codebooks = packFloats(joinWidths(parts.codebooks), codebookType);
  return { format: "nested", shape, seedBits, bits, planes, rowsPerCodebook, codebooks };
}

/** Codes at `width` bits, [rows, cols], read from the first `width` planes alone. */
export function unpackNestedCodes(packed: NestedTensor, width: number = packed.bits): Uint8Array {
  const where = "unpackNestedCodes";
  checkWidths(packed.seedBits, packed.bits, where);
  return unpackBitPlanes(
    packed.planes,
    viewAsMatrix(packed.shape, where),
    packed.bits,
    width,
    where,
  );
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
  const end = start + books * 2 ** width;
  const { dtype, data } = packed.codebooks;
  return dtype === "f32" ? data.slice(start, end) : decodeFloat16(data.subarray(start, end));
}

/** The numbers that nested codes stand for at `width` bits, row-major. */
export function unpackNested(packed: NestedTensor, width: number = packed.bits): Float32Array {
  const { rows, cols } = viewAsMatrix(packed.shape, "unpackNested");
  const books = nestedCodebooks(packed, width);
  const codes = unpackNestedCodes(packed, width);
  const weights = new Float32Array(codes.length);
  for (let row = 0; row < rows; row++) {
    const book = Math.floor(row / packed.rowsPerCodebook) * 2 ** width;
    for (let at = row * cols; at < (row + 1) * cols; at++) weights[at] = books[book + codes[at]!]!;
  }
  return weights;
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
