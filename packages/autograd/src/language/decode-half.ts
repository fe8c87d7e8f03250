import { decodeBfloat16, decodeFloat16 } from "@edgewright/core";
import type { HalfTensor } from "@edgewright/core/model-files";

/** Numbers in 16-bit storage as 32-bit floats. */
export function decodeHalf(half: HalfTensor): Float32Array {
  return half.dtype === "f16" ? decodeFloat16(half.data) : decodeBfloat16(half.data);
}
