import { decodeBfloat16, decodeFloat16 } from "../half.js";
import { unpackTensor } from "../packed/unpack-tensor.js";
import type { WeightTensor } from "./decoder-weights.js";

/**
 * The numbers that a weight stands for, row-major; nested and binary-coded ones at full width. Those of an f32
 * tensor are its own data, not a copy.
 */
export function weightFloats(weight: WeightTensor): Float32Array {
  if ("format" in weight) return unpackTensor(weight).data;
  if (weight.dtype === "f32") return weight.data;
  return weight.dtype === "f16" ? decodeFloat16(weight.data) : decodeBfloat16(weight.data);
}
