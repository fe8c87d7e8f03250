// The parametric rectifier's gradients: y = x < 0 ? slope x : x, a slope for each channel or one for all.
import { multiplyAdd } from "../lanes";
import { loadNext, loadTail, storeNext, storeTail } from "../tails";
import { demote, promoteHigh } from "./double-lanes";

const BLOCK = 64; // rows summed on their own, so that rounding does not grow with their number

// dx. Words: x, dy, slope, dx, total, cols, shared (1: one slope for all). A unit is a row of cols.
export function prelu_gradient_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 20);
  const shared = load<i32>(params, 24);
  const zero = f32x4.splat(0);
  const only = v128.load32_splat(load<usize>(params, 8));
  for (let unit = begin; unit < end; unit++) {
    const first = unit * cols;
    const at = <usize>first << 2;
    let x = load<usize>(params, 0) + at;
    let dy = load<usize>(params, 4) + at;
    let slope = load<usize>(params, 8);
    let dx = load<usize>(params, 12) + at;
    for (let count = min(cols, load<i32>(params, 16) - first); count > 0; count -= 4) {
      const d = loadNext(dy, count);
      const s = shared ? only : loadNext(slope, count);
      storeNext(dx, v128.bitselect(f32x4.mul(d, s), d, f32x4.lt(loadNext(x, count), zero)), count);
      x += 16;
      dy += 16;
      slope += 16;
      dx += 16;
    }
  }
}

// dslope: sum of dy x where x < 0. Words: x, dy, dslope, total, cols, shared, accumulate.
// A unit is four channels; with one slope for all, cols is 4 and the four sums are added.
export function prelu_slope_gradient_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 16);
  const shared = load<i32>(params, 20);
  const step = <usize>cols << 2;
  const zero = f32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const column = unit << 2;
    let x = load<usize>(params, 0) + (<usize>column << 2);
    let dy = load<usize>(params, 4) + (<usize>column << 2);
    const to = load<usize>(params, 8) + (<usize>column << 2);
    const lanes = cols - column;
    let low = f64x2.splat(0);
    let high = low;
    for (let left = load<i32>(params, 12) - column; left > 0; ) {
      let sum = zero;
      for (let row = 0; row < BLOCK && left > 0; row++) {
        const width = min(lanes, left);
        const v = f32x4.pmin(loadTail(x, width), zero);
        sum = multiplyAdd(sum, loadTail(dy, width), v);
        x += step;
        dy += step;
        left -= cols;
      }
      low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
      high = f64x2.add(high, promoteHigh(sum));
    }
    const count = shared ? 1 : lanes;
    if (shared) {
      low = f64x2.add(low, high);
      low = f64x2.splat(f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1));
    }
    let sums = demote(low, high);
    if (load<i32>(params, 24)) sums = f32x4.add(sums, loadTail(to, count));
    storeTail(to, sums, count);
  }
}
