// Products of one query with keys of the cache.
import { multiplyAdd } from "../lanes";

/**
 * scores[j] = scale * q . key j for `count` keys at the offsets `at`, -Infinity behind them up to a multiple
 * of 4; returns the largest in lanes. Lanes are elements modulo 4, one sum each.
 */
export function scoreKeys(q: usize, keys: usize, at: usize, count: i32, dim: i32, scale: v128, scores: usize): v128 {
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
    for (; left >= 16; left -= 16) {
      let v = v128.load(x);
      a = multiplyAdd(a, v, v128.load(k0));
      b = multiplyAdd(b, v, v128.load(k1));
      c = multiplyAdd(c, v, v128.load(k2));
      d = multiplyAdd(d, v, v128.load(k3));
      v = v128.load(x, 16);
      a = multiplyAdd(a, v, v128.load(k0, 16));
      b = multiplyAdd(b, v, v128.load(k1, 16));
      c = multiplyAdd(c, v, v128.load(k2, 16));
      d = multiplyAdd(d, v, v128.load(k3, 16));
      v = v128.load(x, 32);
      a = multiplyAdd(a, v, v128.load(k0, 32));
      b = multiplyAdd(b, v, v128.load(k1, 32));
      c = multiplyAdd(c, v, v128.load(k2, 32));
      d = multiplyAdd(d, v, v128.load(k3, 32));
      v = v128.load(x, 48);
      a = multiplyAdd(a, v, v128.load(k0, 48));
      b = multiplyAdd(b, v, v128.load(k1, 48));
      c = multiplyAdd(c, v, v128.load(k2, 48));
      d = multiplyAdd(d, v, v128.load(k3, 48));
      x += 64;
      k0 += 64;
      k1 += 64;
      k2 += 64;
      k3 += 64;
    }
    for (; left; left -= 4) {
      const v = v128.load(x);
      a = multiplyAdd(a, v, v128.load(k0));
      b = multiplyAdd(b, v, v128.load(k1));
      c = multiplyAdd(c, v, v128.load(k2));
      d = multiplyAdd(d, v, v128.load(k3));
      x += 16;
      k0 += 16;
      k1 += 16;
      k2 += 16;
      k3 += 16;
    }
    const s = firstScores(f32x4.mul(addColumns(a, b, c, d), scale), count);
    v128.store(scores, s);
    top = f32x4.pmax(top, s);
    at += 16;
    scores += 16;
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
