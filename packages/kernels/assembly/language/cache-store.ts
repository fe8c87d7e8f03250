// New keys and values on their way into the cache.
import {
  CAPACITY,
  HEAD_DIM,
  headAddress,
  KV_HEADS,
  keyOffset,
  keyScaleOffset,
  TYPE,
  VALUE_SCALE,
  valueDistance,
} from "./kv-cache";
import { rotateVector } from "./rotate";
import { storeVector } from "./store-vector";

// Rotates the queries and keys of rows q | k | v in place and writes keys and values into the cache.
// Words: 0 qkv, 4 floats from row to row, 8 query heads, 12 positions (i32), 16 slots (i32), 20 angles
// [places, head dim], 24 places, 28 interleaved, 32 cache, 36 layer. A unit is a row.
// A position beyond the table counts as its last; a row without a slot in the cache is not stored.
export function rotate_and_store(params: usize, begin: i32, end: i32): void {
  const kvHeads = load<i32>(load<usize>(params, 32), KV_HEADS);
  for (let row = begin; row < end; row++) rotateAndStore(params, row, 0, kvHeads);
}

/** The same for the heads [first, stop) of the cache and the queries that look there. */
export function rotateAndStore(params: usize, row: i32, first: i32, stop: i32): void {
  const cache = load<usize>(params, 32);
  const layer = load<i32>(params, 36);
  const interleaved = load<i32>(params, 28);
  const heads = load<i32>(params, 8);
  const kvHeads = load<i32>(cache, KV_HEADS);
  const dim = load<i32>(cache, HEAD_DIM);
  const bytes = <usize>dim << 2;
  const group = heads / kvHeads;
  const x = load<usize>(params, 0) + ((<usize>row * load<usize>(params, 4)) << 2);
  const place = min(load<u32>(load<usize>(params, 12) + (<usize>row << 2)), load<u32>(params, 24) - 1);
  const angles = load<usize>(params, 20) + <usize>place * bytes;
  for (let head = first * group; head < stop * group; head++) {
    rotateVector(x + <usize>head * bytes, dim, angles, interleaved, 1);
  }
  const slot = load<u32>(load<usize>(params, 16) + (<usize>row << 2));
  const stored = slot < load<u32>(cache, CAPACITY);
  const type = load<i32>(cache, TYPE);
  for (let head = first; head < stop; head++) {
    const key = x + <usize>(heads + head) * bytes;
    rotateVector(key, dim, angles, interleaved, 1);
    if (stored) {
      const value = key + <usize>kvHeads * bytes;
      const base = headAddress(cache, layer * kvHeads + head);
      const to = base + keyOffset(cache, slot);
      const scale = base + keyScaleOffset(cache, slot);
      storeVector(type, key, dim, to, scale);
      storeVector(type, value, dim, to + valueDistance(cache), scale + VALUE_SCALE);
    }
  }
}
