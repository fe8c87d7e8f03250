// Values of the cache in f16 and int8, weighted and added up.
import { multiplyAdd } from "../lanes";
import { evenHalves, halfMask, oddHalves } from "./store-vector";
import { codeFactor, codesOf } from "./vector-codes";

// Both: y = kept * y + sum of weights[j] * value j over `count` values at the offsets `at`. Every element is one
// sum, in the order of j.

/** f16 values; the weights carry the 2^112 that {@link evenHalves} leaves out. */
export function mixHalfValues(weights: usize, values: usize, at: usize, count: i32, dim: i32, kept: v128, y: usize): void {
  const mask = halfMask();
  const end = at + (<usize>count << 2);
  let left = dim;
  for (; left >= 16; left -= 16) {
    let lo = f32x4.mul(v128.load(y), kept);
    let hi = f32x4.mul(v128.load(y, 16), kept);
    let a = v128.shuffle<f32>(lo, hi, 0, 2, 4, 6);
    let b = v128.shuffle<f32>(lo, hi, 1, 3, 5, 7);
    lo = f32x4.mul(v128.load(y, 32), kept);
    hi = f32x4.mul(v128.load(y, 48), kept);
    let c = v128.shuffle<f32>(lo, hi, 0, 2, 4, 6);
    let d = v128.shuffle<f32>(lo, hi, 1, 3, 5, 7);
    let w = weights;
    for (let p = at; p < end; p += 4) {
      const from = values + load<u32>(p);
      const x = v128.load32_splat(w);
      let v = v128.load(from);
      a = multiplyAdd(a, x, evenHalves(v, mask));
      b = multiplyAdd(b, x, oddHalves(v, mask));
      v = v128.load(from, 16);
      c = multiplyAdd(c, x, evenHalves(v, mask));
      d = multiplyAdd(d, x, oddHalves(v, mask));
      w += 4;
    }
    v128.store(y, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(y, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
    v128.store(y, v128.shuffle<f32>(c, d, 0, 4, 1, 5), 32);
    v128.store(y, v128.shuffle<f32>(c, d, 2, 6, 3, 7), 48);
    y += 64;
    values += 32;
  }
  for (; left > 0; left -= 4) {
    let a = f32x4.mul(v128.load(y), kept);
    let w = weights;
    for (let p = at; p < end; p += 4) {
      const v = v128.load16x4_u(values + load<u32>(p));
      a = multiplyAdd(a, v128.load32_splat(w), evenHalves(v, mask));
      w += 4;
    }
    v128.store(y, a);
    y += 16;
    values += 8;
  }
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
