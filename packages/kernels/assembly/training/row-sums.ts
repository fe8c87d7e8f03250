// Sums over a row that the losses share.
import { loadNext } from "../tails";
import { exp4, log4 } from "../vector-math";
import { promoteHigh } from "./double-lanes";

/** Sum of the four lanes, always in the same order. */
export function addLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Sum of the two lanes. */
export function addPair(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** The first `count` lanes of v, zeros behind them. */
export function firstLanes(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}

/** Sum of the products of two rows in f64. */
export function rowProduct(a: usize, b: usize, count: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  for (; count > 0; count -= 4) {
    const x = loadNext(a, count);
    const y = loadNext(b, count);
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y)));
    high = f64x2.add(
      high,
      f64x2.mul(promoteHigh(x), promoteHigh(y)),
    );
    a += 16;
    b += 16;
  }
  return addPair(f64x2.add(low, high));
}

/** e^x: one copy for all who call it, where speed is that of memory. */
export function exponential(x: v128): v128 {
  return exp4(x);
}

/** ln x: one copy for all who call it. */
export function logarithm(x: v128): v128 {
  return log4(x);
}

/** Sum of e^((x - top) factor) over a row. */
export function rowExponentials(x: usize, count: i32, top: f32, factor: f32): f32 {
  const t = f32x4.splat(top);
  const f = f32x4.splat(factor);
  let s = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    s = f32x4.add(s, firstLanes(exponential(f32x4.mul(f32x4.sub(loadNext(x, count), t), f)), count));
    x += 16;
  }
  return addLanes(s);
}
