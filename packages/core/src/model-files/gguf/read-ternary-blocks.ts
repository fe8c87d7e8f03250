import { fromFloat16Bits } from "../../half.js";
import type { WeightTensor } from "../decoder-weights.js";
import { wordAt } from "./word-at.js";

const BLOCK = 256;

/**
 * Turns blocks of 256 ternary weights into a `ternary` tensor with one scale, or one a row; into
 * `int4-group` by 256 columns where a row's blocks have scales of their own.
 */
export function readTernaryBlocks(
  type: "tq1_0" | "tq2_0",
  bytes: Uint8Array,
  shape: readonly number[],
): WeightTensor {
  const size = type === "tq1_0" ? 54 : 66;
  const blocks = bytes.length / size;
  const scales = new Uint16Array(blocks);
  const digits = new Uint8Array(blocks * BLOCK); // weight + 1
  for (let block = 0; block < blocks; block++) {
    const from = bytes.subarray(block * size, (block + 1) * size);
    scales[block] = wordAt(from, size - 2);
    const to = digits.subarray(block * BLOCK, (block + 1) * BLOCK);
    if (type === "tq1_0") readBase3(from, to);
    else readPairs(from, to);
  }
  const cols = shape.at(-1) ?? 0;
  const rows = cols === 0 ? 0 : digits.length / cols;
  const perRow = rows === 0 ? 0 : blocks / rows;
  const sameInRow = scales.every((scale, at) => scale === scales[at - (at % perRow)]);
  // Two bits can say 3, which stands for 2: no ternary weight, yet a number.
  if (!sameInRow || digits.some((digit) => digit > 2)) {
    const codes = new Uint8Array(digits.length / 2);
    for (let i = 0; i < codes.length; i++) {
      codes[i] = (digits[2 * i]! + 7) | ((digits[2 * i + 1]! + 7) << 4);
    }
    const packed = { dtype: "f16", data: scales } as const;
    return { format: "int4-group", shape, groupSize: BLOCK, codes, scales: packed };
  }
  const codes = new Uint8Array(digits.length / 4);
  for (let i = 0; i < codes.length; i++) {
    const low = digits[4 * i]! | (digits[4 * i + 1]! << 2);
    codes[i] = low | (digits[4 * i + 2]! << 4) | (digits[4 * i + 3]! << 6);
  }
  const one = scales.every((scale) => scale === scales[0]);
  const numbers = Float32Array.from({ length: one ? 1 : rows }, (_, row) =>
    fromFloat16Bits(scales[row * perRow] ?? 0),
  );
  return { format: "ternary", shape, codes, scales: numbers };
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
