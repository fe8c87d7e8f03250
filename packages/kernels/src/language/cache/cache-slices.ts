import { EdgewrightError } from "@edgewright/core";
import { checkCache, type KvCacheLayout, TILE_SLOTS } from "./kv-cache-layout.js";

/** A run of memory. */
export interface CacheSlice {
  /** Byte address. */
  readonly ptr: number;
  readonly bytes: number;
}

/**
 * Lists the runs of memory that hold the first `length` slots of a cache, rounded up to a multiple of 64, one for
 * each head: copied out one after another they are a saved text, copied back into a cache of the same layers,
 * heads and type, whatever its capacity, the text goes on.
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
  const { capacity, data, tiles, tileBytes } = cache;
  if (!Number.isSafeInteger(length) || length < 0 || length > capacity) {
    throw new EdgewrightError(
      "invalid-argument",
      `cacheSlices: expected a length from 0 to ${capacity}, got ${length}`,
    );
  }
  const bytes = Math.ceil(length / TILE_SLOTS) * tileBytes;
  return Array.from({ length: cache.layers * cache.kvHeads }, (_, head) => ({
    ptr: data + (head + 1) * tiles * tileBytes - bytes,
    bytes,
  }));
}
