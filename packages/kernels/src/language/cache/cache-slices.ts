import { EdgewrightError } from "@edgewright/core";
import { checkCache, type KvCacheLayout } from "./kv-cache-layout.js";

/** A run of memory. */
export interface CacheSlice {
  /** Byte address. */
  readonly ptr: number;
  readonly bytes: number;
}

/**
 * Lists the runs of memory that hold the first `length` slots of a cache, in an order that depends on its sizes
 * alone: copied out one after another they are a saved text, copied back into a cache of the same layers, heads
 * and type the text goes on.
 *
 * @throws EdgewrightError `invalid-argument` for a length that the cache does not have.
 *
 * @example
 * ```ts
 * const saved = cacheSlices(cache.layout, 20).map(({ ptr, bytes }) => arena.u8(ptr, bytes).slice());
 * ```
 */
export function cacheSlices(cache: KvCacheLayout, length: number): CacheSlice[] {
  checkCache("cacheSlices", cache);
  const { capacity, vectorBytes } = cache;
  if (!Number.isSafeInteger(length) || length < 0 || length > capacity) {
    throw new EdgewrightError(
      "invalid-argument",
      `cacheSlices: expected a length from 0 to ${capacity}, got ${length}`,
    );
  }
  const slices: CacheSlice[] = [];
  const add = (ptr: number, elementBytes: number): void => {
    if (ptr === 0) return;
    for (let head = 0; head < cache.layers * cache.kvHeads; head++) {
      const bytes = length * elementBytes;
      slices.push({ ptr: ptr + head * capacity * elementBytes, bytes });
    }
  };
  add(cache.keys, vectorBytes);
  add(cache.values, vectorBytes);
  add(cache.keyScales, 4);
  add(cache.valueScales, 4);
  return slices;
}
