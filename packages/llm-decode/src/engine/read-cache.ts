import { decodeFloat16 } from "@edgewright/core";
import type { Arena } from "@edgewright/kernels";
import { type KvCacheLayout, locateSlot } from "@edgewright/kernels/language";

/** Keys (as stored: turned by their positions) and values of a layer's first `length` slots, [length, kvHeads, headDim]. */
export function readCacheLayer(
  arena: Arena,
  cache: KvCacheLayout,
  layer: number,
  length: number,
): { readonly keys: Float32Array; readonly values: Float32Array } {
  const { kvHeads, headDim } = cache;
  const keys = new Float32Array(length * kvHeads * headDim);
  const values = new Float32Array(keys.length);
  for (let slot = 0; slot < length; slot++) {
    for (let head = 0; head < kvHeads; head++) {
      const at = locateSlot(cache, layer, head, slot);
      const from = (slot * kvHeads + head) * headDim;
      readVector(arena, cache, at.key, at.keyScale, keys.subarray(from, from + headDim));
      readVector(arena, cache, at.value, at.valueScale, values.subarray(from, from + headDim));
    }
  }
  return { keys, values };
}

function readVector(
  arena: Arena,
  { type }: KvCacheLayout,
  ptr: number,
  scalePtr: number,
  to: Float32Array,
): void {
  if (type === "f32") to.set(arena.f32(ptr, to.length));
  else if (type === "f16") {
    to.set(decodeFloat16(new Uint16Array(arena.memory.buffer, ptr, to.length)));
  } else {
    const scale = arena.f32(scalePtr, 1)[0]!;
    arena.i8(ptr, to.length).forEach((code, i) => {
      to[i] = code * scale;
    });
  }
}
