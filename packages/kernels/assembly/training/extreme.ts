// Gradient of the maximum or minimum along an axis.
import { loadNext, storeNext } from "../tails";

// dx = dy / k where x equals the extreme y that k elements share, else 0. Words: 0 x [outer, axis, inner],
// 4 y [outer, inner], 8 dy [outer, inner], 12 dx, 16 axis, 20 inner. A unit is a row when inner is 1, else 4
// columns of one outer index.
export function extreme_gradient_f32(params: usize, begin: i32, end: i32): void {
  const axis = load<i32>(params, 16);
  const inner = load<i32>(params, 20);
  const strips = (inner + 3) >> 2;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / strips;
    const column = (unit - outer * strips) << 2;
    const at = <usize>(outer * inner + column) << 2;
    const offset = <usize>(outer * axis * inner + column) << 2;
    const x = load<usize>(params, 0) + offset;
    const dx = load<usize>(params, 12) + offset;
    if (inner == 1) {
      const whole = axis >> 2;
      const rest = axis & 3;
      const tail = <usize>whole << 4;
      const top = v128.load32_splat(load<usize>(params, 4) + at);
      const four = countEqual(x, whole, 16, 4, top);
      const count =
        i32x4.extract_lane(four, 0) +
        i32x4.extract_lane(four, 1) +
        (i32x4.extract_lane(four, 2) + i32x4.extract_lane(four, 3)) +
        i32x4.extract_lane(countEqual(x + tail, rest, 4, 1, top), 0);
      const share = f32x4.splat(load<f32>(load<usize>(params, 8) + at) / <f32>count);
      shareEqual(x, dx, whole, 16, 4, top, share);
      shareEqual(x + tail, dx + tail, rest, 4, 1, top, share);
    } else {
      const lanes = inner - column;
      const step = <usize>inner << 2;
      const top = loadNext(load<usize>(params, 4) + at, lanes);
      const count = f32x4.convert_i32x4_s(countEqual(x, axis, step, lanes, top));
      const share = f32x4.div(loadNext(load<usize>(params, 8) + at, lanes), count);
      shareEqual(x, dx, axis, step, lanes, top, share);
    }
  }
}

function countEqual(x: usize, steps: i32, step: usize, lanes: i32, top: v128): v128 {
  let count = i32x4.splat(0);
  for (; steps > 0; steps--) {
    count = i32x4.sub(count, f32x4.eq(loadNext(x, lanes), top));
    x += step;
  }
  return count;
}

function shareEqual(x: usize, dx: usize, steps: i32, step: usize, lanes: i32, top: v128, share: v128): void {
  for (; steps > 0; steps--) {
    storeNext(dx, v128.and(share, f32x4.eq(loadNext(x, lanes), top)), lanes);
    x += step;
    dx += step;
  }
}
