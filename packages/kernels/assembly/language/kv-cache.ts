// Where the keys and values of a cache lie. createKvCache writes these words; every kernel that reads or
// writes a cache gets the address of the first.
//
// The vectors of a head lie in tiles: the keys of TILE slots, their values, then for int8 the scales of both.
// The tiles lie in reverse, so that attention, which visits the last one first, reads one rising run of memory:
// from DRAM that is three times as fast as keys and values apart, or falling tiles.
export const DATA: usize = 0; // [layers, kv heads, tiles, tile bytes]
export const TYPE: usize = 4;
export const LAYERS: usize = 8;
export const KV_HEADS: usize = 12;
export const HEAD_DIM: usize = 16; // a multiple of 4
export const CAPACITY: usize = 20; // slots
export const VECTOR_BYTES: usize = 24; // from one slot to the next: a multiple of 16
export const TILE_BYTES: usize = 28;
export const TILES: usize = 32; // of a head

export const F32 = 0;
export const F16 = 1;
export const INT8 = 2;

/** Slots of a tile; src/language/cache/kv-cache-layout.ts knows it too. */
export const TILE = 64;

/** The first tile in memory of a head, counted over all layers. */
// @ts-ignore: decorator
@inline
export function headAddress(cache: usize, head: i32): usize {
  return load<usize>(cache, DATA) + <usize>head * (load<usize>(cache, TILES) * load<usize>(cache, TILE_BYTES));
}

/** Bytes from the first tile in memory of a head to the one that `slot` is in. */
// @ts-ignore: decorator
@inline
export function tileOffset(cache: usize, slot: u32): usize {
  return (load<usize>(cache, TILES) - 1 - <usize>(slot / TILE)) * load<usize>(cache, TILE_BYTES);
}

/** Bytes from the first tile in memory of a head to the key of a slot. */
// @ts-ignore: decorator
@inline
export function keyOffset(cache: usize, slot: u32): usize {
  return tileOffset(cache, slot) + <usize>(slot % TILE) * load<usize>(cache, VECTOR_BYTES);
}

/** Bytes from a key to its value, and from the first key of a tile to the first value. */
// @ts-ignore: decorator
@inline
export function valueDistance(cache: usize): usize {
  return load<usize>(cache, VECTOR_BYTES) * TILE;
}

/** Bytes from the first tile in memory of a head to the scale of a slot's int8 key. */
// @ts-ignore: decorator
@inline
export function keyScaleOffset(cache: usize, slot: u32): usize {
  return tileOffset(cache, slot) + 2 * valueDistance(cache) + (<usize>(slot % TILE) << 2);
}

/** Bytes from the scale of a key to that of its value. */
export const VALUE_SCALE: usize = TILE * 4;
