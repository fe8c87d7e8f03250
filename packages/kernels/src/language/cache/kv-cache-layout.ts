import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";

/** How a cache stores its keys and values. */
export type KvCacheType = "f32" | "f16" | "int8";

/** Where the keys and values of a {@link KvCache} lie. */
export interface KvCacheLayout {
  readonly type: KvCacheType;
  readonly layers: number;
  /** Heads of keys and values; there may be several query heads for each. */
  readonly kvHeads: number;
  /** Elements of a vector: a multiple of 4 from 8 to 128. */
  readonly headDim: number;
  /** Slots: vectors of a head. */
  readonly capacity: number;
  /** Bytes from a slot to the next. */
  readonly vectorBytes: number;
  /** Address of the description that the kernels read. */
  readonly ptr: number;
  /** Address of the keys, [layers, kvHeads, capacity, vectorBytes]. */
  readonly keys: number;
  /** Address of the values, laid out as the keys. */
  readonly values: number;
  /** Address of the keys' scales, f32 [layers, kvHeads, capacity]; 0 unless `int8`. */
  readonly keyScales: number;
  /** Address of the values' scales, f32 [layers, kvHeads, capacity]; 0 unless `int8`. */
  readonly valueScales: number;
}

/**
 * Checks that something may be the layout of a cache, and that it has a layer.
 *
 * @throws EdgewrightError in the name of `where`.
 */
export function checkCache(where: string, cache: KvCacheLayout, layer = 0): void {
  if (typeof cache?.ptr !== "number" || !(cache.capacity > 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected the layout of a cache from createKvCache, got ${JSON.stringify(cache)}`,
    );
  }
  checkCounts(where, { layer }, 0);
  if (layer >= cache.layers) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected layer to be below the cache's ${cache.layers}, got ${layer}`,
    );
  }
}

/**
 * Checks that query heads fall into groups of one size, a group for every head of the cache.
 *
 * @throws EdgewrightError in the name of `where`.
 */
export function checkHeads(where: string, heads: number, cache: KvCacheLayout): void {
  checkCounts(where, { heads }, 1);
  if (heads % cache.kvHeads === 0) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected heads to be a multiple of the cache's ${cache.kvHeads}, got ${heads}`,
  );
}
