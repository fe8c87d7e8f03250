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
import type { Int4GroupTensor, PackedFloats } from "./packed-tensor.js";

const MIDDLE = 8;

/** Codes and what belongs to them, one value an element: what {@link packInt4Group} packs. */
export interface Int4GroupParts {
  readonly shape: readonly number[];
  readonly groupSize: number;
  /** [rows, cols], 0 to 15. */
  readonly codes: Uint8Array;
  /** [rows, groups]. */
  readonly scales: PackedFloats;
  /** [rows, groups], 0 to 15; absent means 8 everywhere, or 0 with `mins`. */
  readonly zeroPoints?: Uint8Array;
  /** [rows, groups], taken off every weight of a group; excludes `zeroPoints`. */
  readonly mins?: PackedFloats;
}

/** Options of {@link quantizeInt4Group}. */
export interface QuantizeInt4Options {
  /** Columns that share a scale, a multiple of 8. @default 32 */
  groupSize?: number;
  /** A zero point of 8 everywhere, rather than one a group. @default true */
  symmetric?: boolean;
  /** How scales are stored. @default "f16" */
  scales?: "f16" | "f32";
}

/**
 * Rounds weights to 4 bits with one scale a group: the plain scheme that finer ones are compared with.
 *
 * Symmetric groups take their scale from the weight of largest size, which becomes code 0 (as ONNX
 * Runtime and llama.cpp's Q4_0 do), so that all 16 codes are used.
 *
 * @param weights row-major, of `shape` [rows, ...]
 */
export function quantizeInt4Group(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeInt4Options = {},
): Int4GroupTensor {
  const where = "quantizeInt4Group";
  const { groupSize = 32, symmetric = true, scales: scaleType = "f16" } = options;
  const { rows, cols } = viewAsMatrix(shape, where);
  checkGroupSize(groupSize, where);
  checkElements(weights.length, shape, where);
  checkFinite(weights, where);
  const groups = Math.ceil(cols / groupSize);
  const codes = new Uint8Array(rows * cols);
  const exact = new Float32Array(rows * groups);
  const zeroPoints = new Uint8Array(rows * groups).fill(MIDDLE);
  for (let group = 0; group < rows * groups; group++) {
    const range = rangeOf(weights, group, groups, groupSize, cols);
    const extreme = range.high > -range.low ? range.high : range.low;
    exact[group] = symmetric ? extreme / -MIDDLE : (range.high - range.low) / 15;
  }
  const scales = packFloats(exact, scaleType);
  const stored = unpackFloats(scales); // codes must fit the scales that a reader will see
  for (let group = 0; group < rows * groups; group++) {
    const scale = stored[group]! || 1;
    const { start, end, low } = rangeOf(weights, group, groups, groupSize, cols);
    if (!symmetric) zeroPoints[group] = roundInto(-low / scale, 0, 15);
    for (let at = start; at < end; at++) {
      codes[at] = roundInto(weights[at]! / scale + zeroPoints[group]!, 0, 15);
    }
  }
  const parts = { shape, groupSize, codes, scales };
  return packInt4Group(symmetric ? parts : { ...parts, zeroPoints });
}

/**
 * Packs 4-bit codes, two to a byte.
 *
 * @throws EdgewrightError `invalid-argument` for a code above 15 or a group size that is no multiple of 8.
 */
export function packInt4Group(parts: Int4GroupParts): Int4GroupTensor {
  const where = "packInt4Group";
  const { shape, groupSize, codes, scales, zeroPoints, mins } = parts;
  const { rows, cols } = viewAsMatrix(shape, where);
  checkGroupSize(groupSize, where);
  const groups = Math.ceil(cols / groupSize);
  checkElements(codes.length, shape, where);
  checkPart(scales.data.length, rows * groups, "scales", where);
  if (zeroPoints) checkPart(zeroPoints.length, rows * groups, "zeroPoints", where);
  checkMins(parts, rows * groups, where);
  const middle = mins ? 0 : MIDDLE;
  const rowBytes = (groups * groupSize) / 2;
  const packed = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < groups * groupSize; col++) {
      const group = row * groups + Math.floor(col / groupSize);
      const code = col < cols ? codes[row * cols + col]! : (zeroPoints?.[group] ?? middle);
      writeNibble(packed, row * rowBytes, col, code);
    }
  }
  const base = { format: "int4-group", shape, groupSize, codes: packed, scales } as const;
  if (mins) return { ...base, mins };
  if (!zeroPoints) return base;
  const zeroBytes = Math.ceil(groups / 2);
  const packedZeros = new Uint8Array(rows * zeroBytes);
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      writeNibble(packedZeros, row * zeroBytes, group, zeroPoints[row * groups + group]!);
    }
  }
  return { ...base, zeroPoints: packedZeros };
}

/** Codes, scales and zero points of a packed tensor, one value an element: undoes {@link packInt4Group}. */
export function unpackInt4GroupParts(packed: Int4GroupTensor): Int4GroupParts {
  const where = "unpackInt4GroupParts";
  const { shape, groupSize, scales } = packed;
  const { rows, cols } = viewAsMatrix(shape, where);
  checkGroupSize(groupSize, where);
  const groups = Math.ceil(cols / groupSize);
  const rowBytes = (groups * groupSize) / 2;
  const zeroBytes = Math.ceil(groups / 2);
  checkPart(packed.codes.length, rows * rowBytes, "codes", where);
  checkPart(scales.data.length, rows * groups, "scales", where);
  const codes = new Uint8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      codes[row * cols + col] = readNibble(packed.codes, row * rowBytes, col);
    }
  }
  checkMins(packed, rows * groups, where);
  const parts = { shape, groupSize, codes, scales };
  if (packed.mins) return { ...parts, mins: packed.mins };
  if (!packed.zeroPoints) return parts;
  checkPart(packed.zeroPoints.length, rows * zeroBytes, "zeroPoints", where);
  const zeroPoints = new Uint8Array(rows * groups);
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      zeroPoints[row * groups + group] = readNibble(packed.zeroPoints, row * zeroBytes, group);
    }
  }
  return { ...parts, zeroPoints };
}

/** The numbers that 4-bit codes stand for, row-major. */
export function unpackInt4Group(packed: Int4GroupTensor): Float32Array {
  const { shape, groupSize, codes, scales, zeroPoints, mins } = unpackInt4GroupParts(packed);
  const { rows, cols } = viewAsMatrix(shape, "unpackInt4Group");
  const groups = Math.ceil(cols / groupSize);
  const factors = unpackFloats(scales);
  const offsets = mins && unpackFloats(mins);
  const weights = new Float32Array(codes.length);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const group = row * groups + Math.floor(col / groupSize);
      const factor = factors[group]!;
      const code = codes[row * cols + col]!;
      weights[row * cols + col] = offsets
        ? code * factor - offsets[group]!
        : (code - (zeroPoints?.[group] ?? MIDDLE)) * factor;
    }
  }
  return weights;
}

function checkMins(
  packed: Pick<Int4GroupTensor, "mins" | "zeroPoints">,
  length: number,
  where: string,
): void {
  if (!packed.mins) return;
  checkPart(packed.mins.data.length, length, "mins", where);
  if (packed.zeroPoints) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: mins and zeroPoints exclude one another, got both`,
    );
  }
}

function rangeOf(
  weights: ArrayLike<number>,
  group: number,
  groups: number,
  groupSize: number,
  cols: number,
): { start: number; end: number; low: number; high: number } {
  const row = Math.floor(group / groups);
  const first = (group % groups) * groupSize;
  const start = row * cols + first;
  const end = row * cols + Math.min(cols, first + groupSize);
  let low = 0;
  let high = 0;
  for (let at = start; at < end; at++) {
    low = Math.min(low, weights[at]!);
    high = Math.max(high, weights[at]!);
  }
  return { start, end, low, high };
}

function writeNibble(bytes: Uint8Array, base: number, index: number, code: number): void {
  if (code > 15) {
    throw new EdgewrightError(
      "invalid-argument",
      `packInt4Group: codes and zero points must be 0 to 15, got ${code}`,
    );
  }
  const at = base + (index >> 1);
  bytes[at] = bytes[at]! | (code << ((index & 1) * 4));
}

function readNibble(bytes: Uint8Array, base: number, index: number): number {
  return (bytes[base + (index >> 1)]! >> ((index & 1) * 4)) & 15;
}

function checkGroupSize(groupSize: number, where: string): void {
  if (Number.isInteger(groupSize) && groupSize > 0 && groupSize % 8 === 0) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: groupSize must be a multiple of 8, got ${groupSize}`,
  );
}
