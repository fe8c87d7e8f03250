import type { Arena } from "@edgewright/kernels";
import type { KvCacheLayout } from "@edgewright/kernels/language";

/** Runs of memory that hold the first `length` slots of a cache, in a fixed order. */
export function cacheSlices(
  cache: KvCacheLayout,
  length: number,
): { readonly ptr: number; readonly bytes: number }[] {
  return vectorsOf(cache).flatMap(({ ptr, stride, bytes }) =>
    Array.from({ length: cache.layers * cache.kvHeads }, (_, run) => ({
      ptr: ptr + run * stride,
      bytes: length * bytes,
    })),
  );
}

/** Copies what slots hold to others, in the order given. */
export function moveSlots(
  arena: Arena,
  cache: KvCacheLayout,
  moves: readonly (readonly [from: number, to: number])[],
): void {
  for (const { ptr, stride, bytes } of vectorsOf(cache)) {
    const all = arena.u8(ptr, cache.layers * cache.kvHeads * stride);
    for (let run = 0; run < all.length; run += stride) {
      for (const [from, to] of moves) {
        all.copyWithin(run + to * bytes, run + from * bytes, run + (from + 1) * bytes);
      }
    }
  }
}

function vectorsOf(cache: KvCacheLayout): { ptr: number; stride: number; bytes: number }[] {
  const { keys, values, keyScales, valueScales, vectorBytes, capacity } = cache;
  const vectors = [keys, values].map((ptr) => ({
    ptr,
    stride: capacity * vectorBytes,
    bytes: vectorBytes,
  }));
  const scales = keyScales === 0 ? [] : [keyScales, valueScales];
  return [...vectors, ...scales.map((ptr) => ({ ptr, stride: capacity * 4, bytes: 4 }))];
}
