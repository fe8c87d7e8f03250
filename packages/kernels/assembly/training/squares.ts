// Sums of squares and of squared differences, and the gradient of the latter.
import { loadNext, loadTail, storeNext } from "../tails";
import { promoteHigh } from "./double-lanes";
import { addPair } from "./row-sums";

const CHUNK = 4096; // floats of a unit

// What follows of a row, of which `count` floats (any number) are left.
// @ts-ignore: decorator
@inline
function loadRest(p: usize, count: i32): v128 {
  return count >= 4 ? v128.load(p) : loadTail(p, max(count, 0));
}

// @ts-ignore: decorator
@inline
function addSquare(sum: v128, x: v128): v128 {
  return f64x2.add(sum, f64x2.mul(x, x));
}

// Sum of x^2, or of (x - t)^2, of every chunk as an f64. Words: x, t (0: none), partial sums, count.
// A unit is CHUNK floats.
export function squares_f64(params: usize, begin: i32, end: i32): void {
  for (let unit = begin; unit < end; unit++) {
    const first = unit * CHUNK;
    let x = load<usize>(params, 0) + (<usize>first << 2);
    let t = load<usize>(params, 4);
    const differs = t != 0;
    t += <usize>first << 2;
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let count = min(CHUNK, load<i32>(params, 12) - first); count > 0; count -= 8) {
      let v = loadNext(x, count);
      let u = loadRest(x + 16, count - 4);
      if (differs) {
        v = f32x4.sub(v, loadNext(t, count));
        u = f32x4.sub(u, loadRest(t + 16, count - 4));
      }
      s0 = addSquare(s0, f64x2.promote_low_f32x4(v));
      s1 = addSquare(s1, promoteHigh(v));
      s2 = addSquare(s2, f64x2.promote_low_f32x4(u));
      s3 = addSquare(s3, promoteHigh(u));
      x += 32;
      t += 32;
    }
    s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    store<f64>(load<usize>(params, 8) + (<usize>unit << 3), addPair(s0));
  }
}

// Adds partial sums in order. Words: partial sums, count, to (f64; 0: none), to (f32; 0: none), factor.
// One unit.
export function add_partials(params: usize, begin: i32, end: i32): void {
  const partials = load<usize>(params, 0);
  let sum: f64 = 0;
  for (let i: usize = 0; i < load<usize>(params, 4); i++) sum += load<f64>(partials + (i << 3));
  sum *= <f64>load<f32>(params, 16);
  if (load<usize>(params, 8)) store<f64>(load<usize>(params, 8), sum);
  if (load<usize>(params, 12)) store<f32>(load<usize>(params, 12), <f32>sum);
}

// y = s (x - t) with s = a scalar in memory times a factor. Words: x, t (0: y = s x), y, count, scalar (0: 1),
// factor. A unit is CHUNK floats.
export function scale_difference_f32(params: usize, begin: i32, end: i32): void {
  const first = <usize>begin * (CHUNK * 4);
  let x = load<usize>(params, 0) + first;
  let t = load<usize>(params, 4);
  const differs = t != 0;
  t += first;
  let y = load<usize>(params, 8) + first;
  const scalar = load<usize>(params, 16);
  const s = f32x4.splat(load<f32>(params, 20) * (scalar ? load<f32>(scalar) : 1));
  for (let count = min(load<i32>(params, 12), end * CHUNK) - begin * CHUNK; count > 0; count -= 4) {
    let v = loadNext(x, count);
    if (differs) v = f32x4.sub(v, loadNext(t, count));
    storeNext(y, f32x4.mul(v, s), count);
    x += 16;
    t += 16;
    y += 16;
  }
}
