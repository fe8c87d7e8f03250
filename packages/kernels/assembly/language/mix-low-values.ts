// Values of the cache in f16 and int8, weighted and added up.
import { multiplyAdd } from "../lanes";
import { addProducts } from "./lane-sums";
import { valueAt } from "./mix-values";
import { evenHalves, halfMask, oddHalves } from "./store-vector";
import { codeFactor, codesOf } from "./vector-codes";

// Both: y = kept * y + sum of weights[j] * value j over `count` values at the offsets `at`, weights and offsets
// being there up to a multiple of 4.

/**
 * f16 values; the weights carry the 2^112 that {@link evenHalves} leaves out. Of eight elements of y those at even
 * places come first, except in a last half of eight.
 */
export function mixHalfValues(weights: usize, values: usize, at: usize, count: i32, dim: i32, kept: v128, y: usize): void {
  const mask = halfMask();
  const end = y + (<usize>dim << 2);
  const pairs = y + (<usize>(dim & -8) << 2);
  for (let p = y; p < end; p += 16) v128.store(p, f32x4.mul(v128.load(p), kept));
  for (; count > 0; count -= 4) {
    let v0 = values + load<u32>(at);
    let v1 = values + valueAt(at, 1, count);
    let v2 = values + valueAt(at, 2, count);
    let v3 = values + valueAt(at, 3, count);
    const w0 = v128.load32_splat(weights);
    const w1 = v128.load32_splat(weights, 4);
    const w2 = v128.load32_splat(weights, 8);
    const w3 = v128.load32_splat(weights, 12);
    let p = y;
    for (; p < pairs; p += 32) {
      const h0 = v128.load(v0);
      const h1 = v128.load(v1);
      const h2 = v128.load(v2);
      const h3 = v128.load(v3);
      const a = addProducts(v128.load(p), w0, evenHalves(h0, mask), w1, evenHalves(h1, mask));
      const b = addProducts(v128.load(p, 16), w0, oddHalves(h0, mask), w1, oddHalves(h1, mask));
      v128.store(p, addProducts(a, w2, evenHalves(h2, mask), w3, evenHalves(h3, mask)));
      v128.store(p, addProducts(b, w2, oddHalves(h2, mask), w3, oddHalves(h3, mask)), 16);
      v0 += 16;
      v1 += 16;
      v2 += 16;
      v3 += 16;
    }
    if (p < end) {
      const a = addProducts(v128.load(p), w0, fourHalves(v0, mask), w1, fourHalves(v1, mask));
      v128.store(p, addProducts(a, w2, fourHalves(v2, mask), w3, fourHalves(v3, mask)));
    }
    at += 16;
    weights += 16;
  }
}

// @ts-ignore: decorator
@inline
function fourHalves(p: usize, mask: v128): v128 {
  return evenHalves(v128.load16x4_u(p), mask);
}

/**
 * int8 values, whose scales lie at `scales` in the order of the values. The weights times the scales become
 * codes of the largest of them over 32767, at `codes` (i16): an error far below that of the values, and exact sums.
 */
export function mixByteValues(
  weights: usize,
  values: usize,
  at: usize,
  count: i32,
  dim: i32,
  kept: v128,
  y: usize,
  scales: usize,
  codes: usize,
): void {
  let most = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>count; i += 4) {
    let w = f32x4.mul(v128.load(weights + (i << 2)), v128.load(scales + (i << 2)));
    // What lies behind the last value may be of another row, and NaN.
    if (<usize>count - i < 4) w = v128.and(w, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count - <i32>i)));
    v128.store(weights + (i << 2), w);
    most = f32x4.max(most, w);
  }
  const largest = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  const factor = codeFactor(largest, 32767);
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const four = codesOf(v128.load(weights + (i << 2)), factor);
    v128.store_lane<u64>(codes + (i << 1), i16x8.narrow_i32x4_s(four, four), 0);
  }
  const unit = f32x4.splat(largest / 32767);
  const end = at + (<usize>count << 2);
  for (; dim >= 16; dim -= 16) {
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let w = codes;
    for (let p = at; p < end; p += 8) {
      const v0 = values + load<u32>(p);
      const v1 = values + load<u32>(p, 4);
      const x = v128.load32_splat(w);
      let l = v128.load8x8_s(v0);
      let r = v128.load8x8_s(v1);
      a = i32x4.add(a, i32x4.dot_i16x8_s(x, v128.shuffle<i16>(l, r, 0, 8, 1, 9, 2, 10, 3, 11)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(x, v128.shuffle<i16>(l, r, 4, 12, 5, 13, 6, 14, 7, 15)));
      l = v128.load8x8_s(v0, 8);
      r = v128.load8x8_s(v1, 8);
      c = i32x4.add(c, i32x4.dot_i16x8_s(x, v128.shuffle<i16>(l, r, 0, 8, 1, 9, 2, 10, 3, 11)));
      d = i32x4.add(d, i32x4.dot_i16x8_s(x, v128.shuffle<i16>(l, r, 4, 12, 5, 13, 6, 14, 7, 15)));
      w += 4;
    }
    addMixed(y, a, kept, unit);
    addMixed(y + 16, b, kept, unit);
    addMixed(y + 32, c, kept, unit);
    addMixed(y + 48, d, kept, unit);
    y += 64;
    values += 16;
  }
  for (; dim > 0; dim -= 8) {
    let a = i32x4.splat(0);
    let b = a;
    let w = codes;
    for (let p = at; p < end; p += 8) {
      const x = v128.load32_splat(w);
      const l = v128.load8x8_s(values + load<u32>(p));
      const r = v128.load8x8_s(values + load<u32>(p, 4));
      a = i32x4.add(a, i32x4.dot_i16x8_s(x, v128.shuffle<i16>(l, r, 0, 8, 1, 9, 2, 10, 3, 11)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(x, v128.shuffle<i16>(l, r, 4, 12, 5, 13, 6, 14, 7, 15)));
      w += 4;
    }
    addMixed(y, a, kept, unit);
    if (dim > 4) addMixed(y + 16, b, kept, unit);
    y += 32;
    values += 8;
  }
}

// @ts-ignore: decorator
@inline
function addMixed(y: usize, sums: v128, kept: v128, unit: v128): void {
  v128.store(y, multiplyAdd(f32x4.mul(v128.load(y), kept), f32x4.convert_i32x4_s(sums), unit));
}
