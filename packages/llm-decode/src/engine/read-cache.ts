import { decodeFloat16 } from "@edgewright/core";
import type { Arena } from "@edgewright/kernels";
import type { KvCacheLayout } from "@edgewright/kernels/language";

/** Keys (as stored: turned by their positions) and values of a layer's first `length` slots, [length, kvHeads, headDim]. */
export function readCacheLayer(
  arena: Arena,
  cache: KvCacheLayout,
  layer: number,
  length: number,
): { readonly keys: Float32Array; readonly values: Float32Array } {
  return {
    keys: readVectors(arena, cache, cache.keys, cache.keyScales, layer, length),
    values: readVectors(arena, cache, cache.values, cache.valueScales, layer, length),
  };
}

function readVectors(
  arena: Arena,
  { type, kvHeads, headDim, capacity, vectorBytes }: KvCacheLayout,
  vectors: number,
  scales: number,
  layer: number,
  length: number,
): Float32Array {
  const out = new Float32Array(length * kvHeads * headDim);
  for (let head = 0; head < kvHeads; head++) {
    const first = (layer * kvHeads + head) * capacity;
    for (let slot = 0; slot < length; slot++) {
      const ptr = vectors + (first + slot) * vectorBytes;
      const to = out.subarray((slot * kvHeads + head) * headDim).subarray(0, headDim);
      if (type === "f32") to.set(arena.f32(ptr, headDim));
      else if (type === "f16") {
        to.set(decodeFloat16(new Uint16Array(arena.memory.buffer, ptr, headDim)));
      } else {
        const scale = arena.f32(scales + (first + slot) * 4, 1)[0]!;
        arena.i8(ptr, headDim).forEach((code, i) => {
          to[i] = code * scale;
        });
      }
    }
  }
  return out;
}
