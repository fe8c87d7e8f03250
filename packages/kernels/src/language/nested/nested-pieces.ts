import type { BitPlanes } from "./bit-plane-panels.js";

/** Bit of a plane's byte that holds the s-th 16 columns of a block. */
const BIT_OF: readonly number[] = [0, 4, 2, 6, 1, 5, 3, 7];
const CHUNK = 4; // blocks

/**
 * Lays nested codes out as assembly/language/nested/nested-decode.ts reads them: pieces with the upper two bits of
 * 128 columns, 32 bytes each, then the further planes, 16 bytes for 128 columns. Four rows lie together in chunks of
 * 4 blocks.
 */
export function fillNestedPieces(
  target: Uint8Array,
  parts: readonly BitPlanes[],
  cols: number,
  paddedRows: number,
): void {
  const blocks = Math.ceil(cols / 128);
  const rowBytes = 4 * Math.ceil(cols / 32);
  const planes = paddedRows * blocks * 32;
  let row = 0;
  for (const part of parts) {
    const rows = part.shape[0]!;
    for (let own = 0; own < rows; own++, row++) {
      for (let plane = 0; plane < part.bits; plane++) {
        const from = (plane * rows + own) * rowBytes;
        for (let block = 0; block < blocks; block++) {
          const at = blockOrder(row, block, blocks);
          const bytes = part.planes.subarray(
            from + block * 16,
            from + Math.min(rowBytes, block * 16 + 16),
          );
          if (plane < 2) spreadPairs(target, at * 32, bytes, 1 - plane);
          else {
            const to = planes + (plane - 2) * paddedRows * blocks * 16 + at * 16;
            spreadBits(target, to, bytes);
          }
        }
      }
    }
  }
}

function blockOrder(row: number, block: number, blocks: number): number {
  const inChunk = block % CHUNK;
  const chunk = block - inChunk;
  const count = Math.min(CHUNK, blocks - chunk);
  return (row - (row & 3)) * blocks + chunk * 4 + (row & 3) * count + inChunk;
}

function spreadPairs(target: Uint8Array, at: number, bytes: Uint8Array, bit: number): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0) continue;
    // Columns 8 i and following: 16 s + j, of which the first 64 lie in the first 16 bytes.
    const s = (i >> 1) & 3;
    const shift = ((s & 1) << 2) + (s & 2) + bit;
    const to = at + (i >> 3) * 16 + (i & 1) * 8;
    for (let j = 0; j < 8; j++) target[to + j]! |= ((byte >> j) & 1) << shift;
  }
}

function spreadBits(target: Uint8Array, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0) continue;
    const shift = BIT_OF[i >> 1]!;
    const to = at + (i & 1) * 8;
    for (let j = 0; j < 8; j++) target[to + j]! |= ((byte >> j) & 1) << shift;
  }
}
