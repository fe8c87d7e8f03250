import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";

/** How a cache stores its keys and values. */
export type KvCacheType = "f32" | "f16" | "int8";

/**
 * Where the keys and values of a {@link KvCache} lie: the vectors of a head in tiles of 64 slots, the last tile
 * first. A tile has the keys of its slots, their values, then the f32 scales of `int8` keys and values.
 * {@link locateSlot} finds the vectors of a slot.
 */
export interface KvCacheLayout {
  readonly type: KvCacheType;
  readonly layers: number;
  /** Heads of keys and values; there may be several query heads for each. */
  readonly kvHeads: number;
  /** Elements of a vector: a multiple of 4 from 8 to 128. */
  readonly headDim: number;
  /** Slots: vectors of a head. */
  readonly capacity: number;
  /** Bytes from a vector to that of the next slot in a tile. */
  readonly vectorBytes: number;
  readonly tileBytes: number;
  /** Tiles of a head. */
  readonly tiles: number;
  /** Address of the description that the kernels read. */
  readonly ptr: number;
  /** Address of the tiles, [layers, kvHeads, tiles, tileBytes]. */
  readonly data: number;
}

/** Slots of a tile; assembly/language/kv-cache.ts knows it too. */
export const TILE_SLOTS = 64;

/** Where the vectors of a slot lie. */
export interface SlotAddresses {
  /** Address of the key, `headDim` elements of the cache's type. */
  readonly key: number;
  /** Address of the value, as the key. */
  readonly value: number;
  /** Address of the f32 that the codes of an `int8` key are multiplied by. */
  readonly keyScale: number;
  /** Address of the f32 that the codes of an `int8` value are multiplied by. */
  readonly valueScale: number;
}

/** Finds the key and the value of a slot, for those who read a cache without the kernels. */
export function locateSlot(
  cache: KvCacheLayout,
  layer: number,
  head: number,
  slot: number,
): SlotAddresses {
  const { kvHeads, tiles, tileBytes, vectorBytes } = cache;
  const within = slot % TILE_SLOTS;
  const tile = (layer * kvHeads + head + 1) * tiles - 1 - (slot - within) / TILE_SLOTS;
  const ptr = cache.data + tile * tileBytes;
  const scales = ptr + 2 * TILE_SLOTS * vectorBytes;
  return {
    key: ptr + within * vectorBytes,
    value: ptr + (TILE_SLOTS + within) * vectorBytes,
    keyScale: scales + within * 4,
    valueScale: scales + (TILE_SLOTS + within) * 4,
  };
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
