// Statistics of rows of logits.
import { loadNext } from "../tails";
import { exp4, log4 } from "../vector-math";
import { addLanes, largestLane } from "./lane-sums";

// y = the largest of a row's elements times `scale`, then the logarithm of the sum of their exponentials.
// Words: 0 x, 4 y [rows, 2], 8 cols, 12 scale. A unit is a row. A NaN makes the sum one.
export function log_sum_exp_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 8);
  const scale = v128.load32_splat(params, 12);
  for (let row = begin; row < end; row++) {
    const x = load<usize>(params, 0) + ((<usize>row * <usize>cols) << 2);
    const y = load<usize>(params, 4) + (<usize>row << 3);
    const top = largestOf(x, cols, scale);
    // Subtracting an infinite maximum from itself would make NaN of what has an answer.
    const off: f32 = abs(top) == Infinity ? 0 : top;
    const sum = sumOfPowers(x, cols, scale, f32x4.splat(off));
    store<f32>(y, top);
    store<f32>(y, off + f32x4.extract_lane(log4(f32x4.splat(sum)), 0), 4);
  }
}

function largestOf(x: usize, count: i32, scale: v128): f32 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  for (; count >= 8; count -= 8) {
    a = f32x4.pmax(a, f32x4.mul(v128.load(x), scale));
    b = f32x4.pmax(b, f32x4.mul(v128.load(x, 16), scale));
    x += 32;
  }
  for (; count > 0; count--) {
    a = f32x4.pmax(a, f32x4.mul(v128.load32_splat(x), scale));
    x += 4;
  }
  return largestLane(f32x4.pmax(a, b));
}

function sumOfPowers(x: usize, count: i32, scale: v128, off: v128): f32 {
  let a = f32x4.splat(0);
  let b = a;
  for (; count >= 8; count -= 8) {
    a = f32x4.add(a, exp4(f32x4.sub(f32x4.mul(v128.load(x), scale), off)));
    b = f32x4.add(b, exp4(f32x4.sub(f32x4.mul(v128.load(x, 16), scale), off)));
    x += 32;
  }
  for (; count > 0; count -= 4) {
    const e = exp4(f32x4.sub(f32x4.mul(loadNext(x, count), scale), off));
    a = f32x4.add(a, count < 4 ? v128.and(e, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count))) : e);
    x += 16;
  }
  return addLanes(f32x4.add(a, b));
}
