import type { TensorData } from "@edgewright/core";

/**
 * Share of zeros among elements of an array that are spread evenly over it; a negative zero is one, too.
 *
 * The distance between elements has no factor in common with the length, and so with none of the axes that the
 * array is made of: however few elements are looked at, all channels have their turn.
 *
 * @param samples most elements to look at
 * @returns a share from 0 to 1; 0 for an array without elements.
 */
export function zeroShare(data: TensorData, samples: number): number {
  const { length } = data;
  if (length === 0) return 0;
  const count = Math.max(1, Math.min(length, Math.floor(samples)));
  const stride = coprimeStride(length, count);
  const zeros =
    data instanceof Float32Array
      ? countFloatZeros(data, count, stride)
      : countOtherZeros(data, count, stride);
  return zeros / count;
}

// A loop of its own for the one type of nearly every layer: the engine compiles it for that type alone.
function countFloatZeros(data: Float32Array, count: number, stride: number): number {
  const { length } = data;
  let zeros = 0;
  for (let i = 0, at = 0; i < count; i++) {
    if (data[at] === 0) zeros++;
    at += stride;
    if (at >= length) at -= length;
  }
  return zeros;
}

function countOtherZeros(data: TensorData, count: number, stride: number): number {
  let zeros = 0;
  for (let i = 0, at = 0; i < count; i++) {
    const value = data[at]!;
    if (value === 0 || value === 0n) zeros++;
    at += stride;
    if (at >= data.length) at -= data.length;
  }
  return zeros;
}

function coprimeStride(length: number, count: number): number {
  if (count === length) return 1;
  let stride = Math.ceil(length / count);
  while (greatestCommonDivisor(stride, length) !== 1) stride++;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [large, small] = [a, b];
  while (small !== 0) [large, small] = [small, large % small];
  return large;
}
