// Where the keys and values of a cache lie. createKvCache writes these words; every kernel that reads or
// writes a cache gets the address of the first.
export const KEYS: usize = 0; // [layers, kv heads, capacity, vector bytes]
export const VALUES: usize = 4; // the same
export const KEY_SCALES: usize = 8; // int8 only: f32 [layers, kv heads, capacity]
export const VALUE_SCALES: usize = 12;
export const TYPE: usize = 16;
export const LAYERS: usize = 20;
export const KV_HEADS: usize = 24;
export const HEAD_DIM: usize = 28; // a multiple of 4
export const CAPACITY: usize = 32; // slots
export const VECTOR_BYTES: usize = 36; // from one slot to the next: a multiple of 16

export const F32 = 0;
export const F16 = 1;
export const INT8 = 2;

/** Bytes from the first key (or value) of the cache to the first of a layer's head. */
// @ts-ignore: decorator
@inline
export function headOffset(cache: usize, layer: i32, head: i32): usize {
  return headIndex(cache, layer, head) * (<usize>load<u32>(cache, CAPACITY) * <usize>load<u32>(cache, VECTOR_BYTES));
}

/** Bytes from the first key (or value) scale of the cache to the first of a layer's head. */
// @ts-ignore: decorator
@inline
export function scaleOffset(cache: usize, layer: i32, head: i32): usize {
  return headIndex(cache, layer, head) * (<usize>load<u32>(cache, CAPACITY) << 2);
}

// @ts-ignore: decorator
@inline
function headIndex(cache: usize, layer: i32, head: i32): usize {
  return <usize>(layer * load<i32>(cache, KV_HEADS) + head);
}
