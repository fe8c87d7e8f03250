import { fromFloat16Bits } from "../../half.js";
import type { WeightTensor } from "../decoder-weights.js";
import { type StoredRows, storedBytes } from "../weight-rows.js";
import type { TakePart } from "./take-part.js";
import { wordAt } from "./word-at.js";

const BLOCK = 256;

/** What blocks of ternary weights become. */
export type TernaryFormat = "ternary" | "int4-group";

/** Reads blocks through to see what {@link readTernaryBlocks} makes of all of them. */
export async function findTernaryFormat(
  type: "tq1_0" | "tq2_0",
  stored: StoredRows,
): Promise<TernaryFormat> {
  const size = blockBytes(type);
  const perRow = (stored.shape.at(-1) ?? 0) / BLOCK;
  for await (const bytes of storedBytes(stored)) {
    for (let block = 0; block * size < bytes.length; block++) {
      const end = (block + 1) * size;
      const first = (block - (block % perRow) + 1) * size;
      if (wordAt(bytes, end - 2) !== wordAt(bytes, first - 2)) return "int4-group";
      if (type === "tq2_0" && hasThree(bytes, end - size, end - 2)) return "int4-group";
    }
  }
  return "ternary";
}

function hasThree(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let at = begin; at < end; at++) {
    const byte = bytes[at]!;
    if ((byte & (byte >> 1) & 0x55) !== 0) return true;
  }
  return false;
}

function blockBytes(type: "tq1_0" | "tq2_0"): number {
  return type === "tq1_0" ? 54 : 66;
}

/**
 * Turns blocks of 256 ternary weights into a `ternary` tensor with one scale, or one a row; into
 * `int4-group` by 256 columns where a row's blocks have scales of their own.
 *
 * @param format what all blocks of a tensor become, where these are some of them. @default what these do
 */
export function readTernaryBlocks(
  type: "tq1_0" | "tq2_0",
  bytes: Uint8Array,
  shape: readonly number[],
  take: TakePart,
  format?: TernaryFormat,
): WeightTensor {
  const size = blockBytes(type);
  const blocks = bytes.length / size;
  const scales = new Uint16Array(take("scales", 2 * blocks).buffer, 0, blocks);
  for (let block = 0; block < blocks; block++)
    scales[block] = wordAt(bytes, (block + 1) * size - 2);
  const digits = new Uint8Array(BLOCK); // weight + 1
  const read = type === "tq1_0" ? readBase3 : readPairs;
  const digitsOf = (block: number): Uint8Array => {
    read(bytes.subarray(block * size, (block + 1) * size), digits);
    return digits;
  };
  const cols = shape.at(-1) ?? 0;
  const rows = cols === 0 ? 0 : (blocks * BLOCK) / cols;
  const perRow = rows === 0 ? 0 : blocks / rows;
  const sameInRow = scales.every((scale, at) => scale === scales[at - (at % perRow)]);
  const codes =
    sameInRow && format !== "int4-group" ? packTernary(blocks, digitsOf, take) : undefined;
  if (codes === undefined) {
    const packed = { dtype: "f16", data: scales } as const;
    const nibbles = packNibbles(blocks, digitsOf, take);
    return { format: "int4-group", shape, groupSize: BLOCK, codes: nibbles, scales: packed };
  }
  const one = scales.every((scale) => scale === scales[0]);
  const numbers = Float32Array.from({ length: one ? 1 : rows }, (_, row) =>
    fromFloat16Bits(scales[row * perRow] ?? 0),
  );
  return { format: "ternary", shape, codes, scales: numbers };
}

type DigitsOf = (block: number) => Uint8Array;

// Undefined for what is no ternary weight, yet a number: two bits can say 3, which stands for 2.
function packTernary(blocks: number, digitsOf: DigitsOf, take: TakePart): Uint8Array | undefined {
  const codes = take("codes", (blocks * BLOCK) / 4);
  for (let block = 0, to = 0; block < blocks; block++) {
    const digits = digitsOf(block);
    for (let i = 0; i < BLOCK; i += 4, to++) {
      const [a, b, c, d] = [digits[i]!, digits[i + 1]!, digits[i + 2]!, digits[i + 3]!];
      if (a > 2 || b > 2 || c > 2 || d > 2) return undefined;
      codes[to] = a | (b << 2) | (c << 4) | (d << 6);
    }
  }
  return codes;
}

function packNibbles(blocks: number, digitsOf: DigitsOf, take: TakePart): Uint8Array {
  const codes = take("codes", (blocks * BLOCK) / 2);
  for (let block = 0, to = 0; block < blocks; block++) {
    const digits = digitsOf(block);
    for (let i = 0; i < BLOCK; i += 2, to++) {
      codes[to] = (digits[i]! + 7) | ((digits[i + 1]! + 7) << 4);
    }
  }
  return codes;
}

// tq2_0: twice 32 bytes, of which the lowest pairs of bits come first, then the next pairs.
function readPairs(from: Uint8Array, to: Uint8Array): void {
  for (let i = 0; i < BLOCK; i++) {
    const within = i & 127;
    to[i] = (from[(i >> 7) * 32 + (within & 31)]! >> (2 * (within >> 5))) & 3;
  }
}

// tq1_0: five digits a byte, as the upper bits of byte * 3^n: 32 bytes, then 16, then 4 bytes of four digits.
function readBase3(from: Uint8Array, to: Uint8Array): void {
  const digit = (byte: number, n: number): number => (((byte * 3 ** n) & 0xff) * 3) >> 8;
  for (let i = 0; i < 160; i++) to[i] = digit(from[i & 31]!, i >> 5);
  for (let i = 0; i < 80; i++) to[160 + i] = digit(from[32 + (i & 15)]!, i >> 4);
  for (let i = 0; i < 16; i++) to[240 + i] = digit(from[48 + (i & 3)]!, i >> 2);
}
