// Rotation, storing and attention of a few rows in one job: what a step of decoding needs.
import { attend } from "./cache-attention";
import { rotateAndStore } from "./cache-store";

const ATTENTION: usize = 64;

// Words: those of rotate_and_store, from byte 64 on those of cache_attention, whose rows make one block. A unit
// is a head of the cache with the queries that look there.
export function rotate_and_attend(params: usize, begin: i32, end: i32): void {
  const rows = load<i32>(params, ATTENTION + 16);
  for (let head = begin; head < end; head++) {
    for (let row = 0; row < rows; row++) rotateAndStore(params, row, head, head + 1);
    attend(params + ATTENTION, head, 0, rows);
  }
}
