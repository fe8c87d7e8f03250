import { UnsupportedError } from "../../errors.js";
import { encodeFloat16, toFloat16Bits } from "../../half.js";
import { unpackInt4GroupParts } from "../../packed/int4-group.js";
import { viewAsMatrix } from "../../packed/matrix-view.js";
import type {
  Int4GroupTensor,
  Int8GroupTensor,
  PackedFloats,
  TernaryTensor,
} from "../../packed/packed-tensor.js";
import { unpackTernary, unpackTernaryValues } from "../../packed/ternary.js";
import type { WeightTensor } from "../decoder-weights.js";
import type { GgmlTypeName } from "./ggml-type.js";

/** A tensor's bytes as GGUF stores them. */
export interface EncodedBlocks {
  readonly type: GgmlTypeName;
  readonly bytes: Uint8Array;
}

/**
 * Stores weights in the GGUF type that holds the same codes: what `readBlocks` reads back, with scales rounded to
 * the 16 bits that GGUF gives them. Ternary rows that do not fill blocks of 256 are stored as f16.
 *
 * @param ternary which of the two ternary types
 * @throws UnsupportedError for formats of which GGUF has no counterpart.
 */
export function encodeBlocks(
  weight: WeightTensor,
  name: string,
  ternary: "tq1_0" | "tq2_0" = "tq2_0",
): EncodedBlocks {
  if ("dtype" in weight) {
    const { buffer, byteOffset, byteLength } = weight.data;
    return { type: weight.dtype, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
  }
  const { cols } = viewAsMatrix(weight.shape, "writeGguf");
  if (weight.format === "int8-group" && weight.groupSize === 32 && cols % 32 === 0) {
    return encodeQ8(weight);
  }
  if (weight.format === "int4-group" && weight.groupSize === 32 && cols % 32 === 0) {
    if (!weight.zeroPoints) return encodeQ4(weight);
  }
  if (weight.format === "ternary") {
    if (cols % 256 === 0) return encodeTernary(weight, ternary, cols);
    return { type: "f16", bytes: bytesOf(encodeFloat16(unpackTernary(weight))) };
  }
  const group = "groupSize" in weight ? ` by ${weight.groupSize}` : "";
  throw new UnsupportedError(
    `writeGguf: ${name} is stored as ${weight.format}${group}, which GGUF does not have; choose a type to round it to`,
    { where: name },
  );
}

function encodeQ8(weight: Int8GroupTensor): EncodedBlocks {
  const scales = halvesOf(weight.scales);
  const bytes = new Uint8Array(scales.length * 34);
  const codes = new Uint8Array(weight.codes.buffer, weight.codes.byteOffset, weight.codes.length);
  scales.forEach((scale, block) => {
    putWord(bytes, block * 34, scale);
    bytes.set(codes.subarray(block * 32, block * 32 + 32), block * 34 + 2);
  });
  return { type: "q8_0", bytes };
}

function encodeQ4(weight: Int4GroupTensor): EncodedBlocks {
  const { codes } = unpackInt4GroupParts(weight);
  const scales = halvesOf(weight.scales);
  const mins = weight.mins && halvesOf(weight.mins);
  const size = mins ? 20 : 18;
  const bytes = new Uint8Array(scales.length * size);
  scales.forEach((scale, block) => {
    putWord(bytes, block * size, scale);
    if (mins) putWord(bytes, block * size + 2, mins[block]! ^ 0x8000); // q4_1 adds its minimum
    const nibbles = (block + 1) * size - 16;
    for (let i = 0; i < 16; i++) {
      bytes[nibbles + i] = codes[block * 32 + i]! | (codes[block * 32 + 16 + i]! << 4);
    }
  });
  return { type: mins ? "q4_1" : "q4_0", bytes };
}

function encodeTernary(
  weight: TernaryTensor,
  type: "tq1_0" | "tq2_0",
  cols: number,
): EncodedBlocks {
  const values = unpackTernaryValues(weight);
  const size = type === "tq1_0" ? 54 : 66;
  const blocks = values.length / 256;
  const perRow = cols / 256;
  const bytes = new Uint8Array(blocks * size);
  for (let block = 0; block < blocks; block++) {
    const from = values.subarray(block * 256, block * 256 + 256);
    const to = bytes.subarray(block * size, (block + 1) * size);
    if (type === "tq1_0") writeBase3(from, to);
    else writePairs(from, to);
    const row = weight.scales.length === 1 ? 0 : Math.floor(block / perRow);
    putWord(to, size - 2, toFloat16Bits(weight.scales[row]!));
  }
  return { type, bytes };
}

function writePairs(from: Int8Array, to: Uint8Array): void {
  for (let i = 0; i < 256; i++) {
    const within = i & 127;
    const at = (i >> 7) * 32 + (within & 31);
    to[at] = to[at]! | ((from[i]! + 1) << (2 * (within >> 5)));
  }
}

// A number of five digits is stored as its share of 3^5 in 256ths, rounded up, so that digits are upper bits.
function writeBase3(from: Int8Array, to: Uint8Array): void {
  const put = (at: number, digits: number[]): void => {
    const whole = digits.reduce((sum, digit) => sum * 3 + digit + 1, 0);
    const five = whole * 3 ** (5 - digits.length);
    to[at] = Math.ceil((five * 256) / 243);
  };
  const strided = (start: number, stride: number, count: number): number[] =>
    Array.from({ length: count }, (_, n) => from[start + n * stride]!);
  for (let m = 0; m < 32; m++) put(m, strided(m, 32, 5));
  for (let m = 0; m < 16; m++) put(32 + m, strided(160 + m, 16, 5));
  for (let m = 0; m < 4; m++) put(48 + m, strided(240 + m, 4, 4));
}

function halvesOf(floats: PackedFloats): Uint16Array {
  return floats.dtype === "f16" ? floats.data : encodeFloat16(floats.data);
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word & 255;
  bytes[at + 1] = word >> 8;
}

function bytesOf(words: Uint16Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
