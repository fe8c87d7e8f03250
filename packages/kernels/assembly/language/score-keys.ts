// Products of one query with keys of the cache.
import { multiplyAdd } from "../lanes";
import { addProducts } from "./lane-sums";
import { QUERY_HEADER } from "./prepare-query";
import { evenHalves, halfMask, oddHalves } from "./store-vector";

// All of these: scores[j] = scale * q . key j for `count` keys at the offsets `at`, -Infinity behind them up to
// a multiple of 4; returns the largest in lanes. Four keys at a time, each with its own sum in lanes.

// V8 computes after all the loads of a block: these blocks have as many loads as registers take beside the sums.

/** f32 keys; lanes are elements modulo 4. */
export function scoreKeys(q: usize, keys: usize, at: usize, count: i32, dim: i32, scale: f32, scores: usize): v128 {
  const factor = f32x4.splat(scale);
  let top = f32x4.splat(-Infinity);
  for (; count > 0; count -= 4) {
    let k0 = keys + load<u32>(at);
    let k1 = keys + load<u32>(at, 4);
    let k2 = keys + load<u32>(at, 8);
    let k3 = keys + load<u32>(at, 12);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let x = q;
    let left = dim;
    for (; left >= 8; left -= 8) {
      const v = v128.load(x);
      const w = v128.load(x, 16);
      a = addProducts(a, v, v128.load(k0), w, v128.load(k0, 16));
      b = addProducts(b, v, v128.load(k1), w, v128.load(k1, 16));
      c = addProducts(c, v, v128.load(k2), w, v128.load(k2, 16));
      d = addProducts(d, v, v128.load(k3), w, v128.load(k3, 16));
      x += 32;
      k0 += 32;
      k1 += 32;
      k2 += 32;
      k3 += 32;
    }
    if (left) {
      const v = v128.load(x);
      a = multiplyAdd(a, v, v128.load(k0));
      b = multiplyAdd(b, v, v128.load(k1));
      c = multiplyAdd(c, v, v128.load(k2));
      d = multiplyAdd(d, v, v128.load(k3));
    }
    const s = firstScores(f32x4.mul(addColumns(a, b, c, d), factor), count);
    v128.store(scores, s);
    top = f32x4.pmax(top, s);
    at += 16;
    scores += 16;
  }
  return top;
}

/** What scores of f16 keys must be multiplied by: prepared queries have 2^64 of the 2^112 that the keys lack. */
// @ts-ignore: decorator
@inline
export function halfScale(scale: f32): f32 {
  return scale * reinterpret<f32>((127 + 48) << 23);
}

/** f16 keys; the query comes from prepareQuery, the scale from {@link halfScale}. */
export function scoreHalfKeys(q: usize, keys: usize, at: usize, count: i32, dim: i32, scale: f32, scores: usize): v128 {
  const factor = f32x4.splat(scale);
  const mask = halfMask();
  let top = f32x4.splat(-Infinity);
  for (; count > 0; count -= 4) {
    let k0 = keys + load<u32>(at);
    let k1 = keys + load<u32>(at, 4);
    let k2 = keys + load<u32>(at, 8);
    let k3 = keys + load<u32>(at, 12);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let x = q;
    for (let left = dim; left > 0; left -= 8) {
      const even = v128.load(x);
      const odd = v128.load(x, 16);
      let k = v128.load(k0);
      a = addProducts(a, even, evenHalves(k, mask), odd, oddHalves(k, mask));
      k = v128.load(k1);
      b = addProducts(b, even, evenHalves(k, mask), odd, oddHalves(k, mask));
      k = v128.load(k2);
      c = addProducts(c, even, evenHalves(k, mask), odd, oddHalves(k, mask));
      k = v128.load(k3);
      d = addProducts(d, even, evenHalves(k, mask), odd, oddHalves(k, mask));
      x += 32;
      k0 += 16;
      k1 += 16;
      k2 += 16;
      k3 += 16;
    }
    const s = firstScores(f32x4.mul(addColumns(a, b, c, d), factor), count);
    v128.store(scores, s);
    top = f32x4.pmax(top, s);
    at += 16;
    scores += 16;
  }
  return top;
}

/** int8 keys, whose scales lie at `scales` in the order of the keys; the query comes from prepareQuery. */
export function scoreByteKeys(
  q: usize,
  keys: usize,
  at: usize,
  count: i32,
  dim: i32,
  scale: f32,
  scores: usize,
  scales: usize,
): v128 {
  const factor = f32x4.splat(scale * load<f32>(q));
  let top = f32x4.splat(-Infinity);
  for (; count > 0; count -= 4) {
    let k0 = keys + load<u32>(at);
    let k1 = keys + load<u32>(at, 4);
    let k2 = keys + load<u32>(at, 8);
    let k3 = keys + load<u32>(at, 12);
    let a = i32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let x = q + QUERY_HEADER;
    for (let left = dim; left > 0; left -= 8) {
      const v = v128.load(x);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v, v128.load8x8_s(k0)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v, v128.load8x8_s(k1)));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v, v128.load8x8_s(k2)));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v, v128.load8x8_s(k3)));
      x += 16;
      k0 += 8;
      k1 += 8;
      k2 += 8;
      k3 += 8;
    }
    const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
    const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
    const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
    const scaled = f32x4.mul(f32x4.convert_i32x4_s(sums), v128.load(scales));
    const s = firstScores(f32x4.mul(scaled, factor), count);
    v128.store(scores, s);
    top = f32x4.pmax(top, s);
    at += 16;
    scores += 16;
    scales += 16;
  }
  return top;
}

// The sums of four vectors.
// @ts-ignore: decorator
@inline
function addColumns(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

// @ts-ignore: decorator
@inline
function firstScores(s: v128, count: i32): v128 {
  if (count >= 4) return s;
  return v128.bitselect(s, f32x4.splat(-Infinity), i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}
