// Depthwise convolution with a 3x3 kernel and steps of one, by far the most usual: four channels walk along a
// row, every pixel is loaded once for the three outputs it touches, and nothing leaves the registers between.
// Rows outside of the image are read from four zeros, over and over. c is at least 4; where it is no multiple,
// the last four channels overlap the ones before, whose results come out the same again.
import { multiplyAdd } from "../lanes";

const ZEROS = memory.data<f32>([0, 0, 0, 0], 16);

// y = x * w. Words: 0 x [n, h, w, c], 4 y [n, oh, ow, c], 8 weight of the first tap [3, 3, c], 12 bytes from
//  tap to tap (below 0: the kernel turned by 180 degrees), 16 bias (0: none), 20 h, 24 w, 28 c, 32 oh, 36 ow,
//  40 rows above the image, 44 columns left of it. A unit is a row of y.
export function depthwise_3x3_f32(params: usize, begin: i32, end: i32): void {
  const tap = load<usize>(params, 12);
  const bias = load<usize>(params, 16);
  const h = load<i32>(params, 20);
  const w = load<i32>(params, 24);
  const c = load<i32>(params, 28);
  const oh = load<i32>(params, 32);
  const ow = load<i32>(params, 36);
  const left = load<i32>(params, 44);
  const pixel = <usize>c << 2;
  const line = <usize>w * pixel;
  for (let strip = 0; strip < c; strip += 4) {
    const at = <usize>min(strip, c - 4) << 2;
    let weights = load<usize>(params, 8) + at;
    const w00 = v128.load(weights), w01 = v128.load(weights + tap), w02 = v128.load(weights + 2 * tap);
    weights += 3 * tap;
    const w10 = v128.load(weights), w11 = v128.load(weights + tap), w12 = v128.load(weights + 2 * tap);
    weights += 3 * tap;
    const w20 = v128.load(weights), w21 = v128.load(weights + tap), w22 = v128.load(weights + 2 * tap);
    const start = v128.load(bias ? bias + at : ZEROS);
    for (let unit = begin; unit < end; unit++) {
      const image = unit / oh;
      const top = unit - image * oh - load<i32>(params, 40);
      const x = load<usize>(params, 0) + <usize>(image * h + top) * line + at;
      let p0 = x, p1 = x + line, p2 = x + 2 * line;
      let step0 = pixel, step1 = pixel, step2 = pixel;
      if (<u32>top >= <u32>h) { p0 = ZEROS; step0 = 0; }
      if (<u32>(top + 1) >= <u32>h) { p1 = ZEROS; step1 = 0; }
      if (<u32>(top + 2) >= <u32>h) { p2 = ZEROS; step2 = 0; }
      let y = load<usize>(params, 4) + <usize>(unit * ow) * pixel + at - 2 * pixel;
      let before = start, now = start;
      for (let column = -left; column < ow + 2 - left; column++) {
        let next = start;
        if (<u32>column < <u32>w) {
          const x0 = v128.load(p0), x1 = v128.load(p1), x2 = v128.load(p2);
          before = multiplyAdd(multiplyAdd(multiplyAdd(before, x0, w02), x1, w12), x2, w22);
          now = multiplyAdd(multiplyAdd(multiplyAdd(now, x0, w01), x1, w11), x2, w21);
          next = multiplyAdd(multiplyAdd(multiplyAdd(next, x0, w00), x1, w10), x2, w20);
          p0 += step0;
          p1 += step1;
          p2 += step2;
        }
        if (column + left >= 2) v128.store(y, before);
        y += pixel;
        before = now;
        now = next;
      }
    }
  }
}

// Sums over a chunk of rows of x times dy, for each of the nine taps. Words: 0 x [n, h, w, c], 4 dy
//  [n, oh, ow, c], 8 sums [units, 9, lanes], 12 rows of dy in all, 16 rows of a chunk, 20 h, 24 w, 28 c, 32 oh,
//  36 ow, 40 rows above the image, 44 columns left of it, 48 lanes, 52 first channels of the strips of four (0:
//  all of c, which is then lanes). A unit is a chunk.
export function depthwise_3x3_products_f32(params: usize, begin: i32, end: i32): void {
  const chunk = load<i32>(params, 16);
  const h = load<i32>(params, 20);
  const w = load<i32>(params, 24);
  const c = load<i32>(params, 28);
  const oh = load<i32>(params, 32);
  const ow = load<i32>(params, 36);
  const left = load<i32>(params, 44);
  const lanes = load<i32>(params, 48);
  const strips = load<usize>(params, 52);
  const pixel = <usize>c << 2;
  const line = <usize>w * pixel;
  const zero = i32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const first = unit * chunk;
    const last = min(load<i32>(params, 12), first + chunk);
    for (let strip = 0; strip < lanes; strip += 4) {
      const lane = <usize>min(strip, lanes - 4) << 2;
      const at = strips ? load<usize>(strips + strip) << 2 : lane;
      let s00 = zero, s01 = zero, s02 = zero, s10 = zero, s11 = zero, s12 = zero, s20 = zero, s21 = zero, s22 = zero;
      for (let row = first; row < last; row++) {
        const image = row / oh;
        const top = row - image * oh - load<i32>(params, 40);
        const x = load<usize>(params, 0) + <usize>(image * h + top) * line + at;
        let p0 = x, p1 = x + line, p2 = x + 2 * line;
        let step0 = pixel, step1 = pixel, step2 = pixel;
        if (<u32>top >= <u32>h) { p0 = ZEROS; step0 = 0; }
        if (<u32>(top + 1) >= <u32>h) { p1 = ZEROS; step1 = 0; }
        if (<u32>(top + 2) >= <u32>h) { p2 = ZEROS; step2 = 0; }
        let dy = load<usize>(params, 4) + <usize>(row * ow + left) * pixel + at;
        let d1 = zero, d2 = zero;
        if (<u32>(left - 1) < <u32>ow) d1 = v128.load(dy - pixel);
        if (<u32>(left - 2) < <u32>ow) d2 = v128.load(dy - 2 * pixel);
        for (let column = left; column < left + w; column++) {
          let d0 = zero;
          if (column < ow) d0 = v128.load(dy);
          dy += pixel;
          let v = v128.load(p0);
          p0 += step0;
          s00 = multiplyAdd(s00, v, d0);
          s01 = multiplyAdd(s01, v, d1);
          s02 = multiplyAdd(s02, v, d2);
          v = v128.load(p1);
          p1 += step1;
          s10 = multiplyAdd(s10, v, d0);
          s11 = multiplyAdd(s11, v, d1);
          s12 = multiplyAdd(s12, v, d2);
          v = v128.load(p2);
          p2 += step2;
          s20 = multiplyAdd(s20, v, d0);
          s21 = multiplyAdd(s21, v, d1);
          s22 = multiplyAdd(s22, v, d2);
          d2 = d1;
          d1 = d0;
        }
      }
      const tap = <usize>lanes << 2;
      let to = load<usize>(params, 8) + <usize>(unit * 9) * tap + lane;
      v128.store(to, s00); to += tap;
      v128.store(to, s01); to += tap;
      v128.store(to, s02); to += tap;
      v128.store(to, s10); to += tap;
      v128.store(to, s11); to += tap;
      v128.store(to, s12); to += tap;
      v128.store(to, s20); to += tap;
      v128.store(to, s21); to += tap;
      v128.store(to, s22);
    }
  }
}
