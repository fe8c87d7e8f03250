// Queries as the products with f16 and int8 keys want them.
import { F16 } from "./kv-cache";
import { codeFactor, codesAt, largestMagnitude } from "./vector-codes";

/** Bytes ahead of the codes of a query for int8 keys; the value of one code lies there. */
export const QUERY_HEADER: usize = 16;

/** Writes a query of `dim` (a multiple of 4) floats for keys of a type that is not f32, zeros up to 8 elements. */
export function prepareQuery(type: i32, x: usize, dim: i32, to: usize): void {
  if (type == F16) spreadQuery(x, dim, to);
  else quantizeQuery(x, dim, to);
}

// Elements 0, 2, 4, 6, then 1, 3, 5, 7 of eight, times 2^64: half the way up from the 2^-112 of the keys, so
// that neither the queries nor the products leave the range of floats.
function spreadQuery(x: usize, dim: i32, to: usize): void {
  const lift = f32x4.splat(reinterpret<f32>((127 + 64) << 23));
  for (; dim > 0; dim -= 8) {
    const a = f32x4.mul(v128.load(x), lift);
    const b = dim > 4 ? f32x4.mul(v128.load(x, 16), lift) : f32x4.splat(0);
    v128.store(to, v128.shuffle<f32>(a, b, 0, 2, 4, 6));
    v128.store(to, v128.shuffle<f32>(a, b, 1, 3, 5, 7), 16);
    x += 32;
    to += 32;
  }
}

// Sixteen bits: next to the eight of the keys their error is nothing.
function quantizeQuery(x: usize, dim: i32, to: usize): void {
  const largest = largestMagnitude(x, dim);
  store<f32>(to, largest / 32767);
  to += QUERY_HEADER;
  const factor = codeFactor(largest, 32767);
  for (; dim > 0; dim -= 8) {
    v128.store(to, i16x8.narrow_i32x4_s(codesAt(x, factor, dim, 4), codesAt(x + 16, factor, dim, 8)));
    x += 32;
    to += 16;
  }
}
