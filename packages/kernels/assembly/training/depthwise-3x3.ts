// Depthwise convolution with a 3x3 kernel and steps of one, by far the most usual: four channels walk along a
// line of the image, every pixel is loaded once for the three outputs it touches, and nothing leaves the
// registers between. A line is a row or, where columns are longer, a column: long walks have few ends. Lines
// outside of the image are read from four zeros, over and over. c is at least 4; where it is no multiple, the
// last four channels overlap the ones before, whose results come out the same again.
//
// Words of both kernels: 0 x, 4 y (or dy), 16 lines of an image of x, 20 pixels of a line of x, 24 lines of an
//  image of y, 28 pixels of a line of y, 32 lines before the image, 36 pixels before a line, 40 bytes from line
//  to line of x, 44 from pixel to pixel of a line, 48 from line to line of y, 52 from pixel to pixel of a line,
//  56 c, 68 bytes from image to image of x, 72 of y.
import { multiplyAdd } from "../lanes";

const ZEROS = memory.data<f32>([0, 0, 0, 0], 16);

// y = x * w. More words: 8 weight of the first tap [3, 3, c], 12 bias (0: none), 60 bytes from tap to tap along
//  a line (below 0: the kernel turned by 180 degrees), 64 bytes from line to line of taps. A unit is a line of y.
export function depthwise_3x3_f32(params: usize, begin: i32, end: i32): void {
  const bias = load<usize>(params, 12);
  const lines = load<i32>(params, 16);
  const length = load<i32>(params, 20);
  const yLines = load<i32>(params, 24);
  const columns = load<i32>(params, 28) + 2;
  const before = load<i32>(params, 32);
  const left = load<i32>(params, 36);
  const lineBytes = load<usize>(params, 40);
  const yLineBytes = load<usize>(params, 48);
  const yStep = load<usize>(params, 52);
  const c = load<i32>(params, 56);
  const tap = load<usize>(params, 60);
  const tapLine = load<usize>(params, 64);
  const block = max(1, 8192 / ((columns * c) << 2)); // lines that stay in the first-level cache for all channels
  const tight = min(length + left, columns); // columns that meet no edge end here
  for (let first = begin; first < end; first += block) {
    const last = min(end, first + block);
    for (let strip = 0; strip < c; strip += 4) {
      const at = <usize>min(strip, c - 4) << 2;
      let weights = load<usize>(params, 8) + at;
      const w00 = v128.load(weights), w01 = v128.load(weights + tap), w02 = v128.load(weights + 2 * tap);
      weights += tapLine;
      const w10 = v128.load(weights), w11 = v128.load(weights + tap), w12 = v128.load(weights + 2 * tap);
      weights += tapLine;
      const w20 = v128.load(weights), w21 = v128.load(weights + tap), w22 = v128.load(weights + 2 * tap);
      const start = bias ? bias + at : ZEROS;
      for (let unit = first; unit < last; unit++) {
        const image = unit / yLines;
        const line = unit - image * yLines - before;
        let p0 = load<usize>(params, 0) + <usize>image * load<usize>(params, 68) + <usize>line * lineBytes + at;
        let p1 = p0 + lineBytes, p2 = p1 + lineBytes;
        let step0 = load<usize>(params, 44), step1 = step0, step2 = step0;
        if (<u32>line >= <u32>lines) { p0 = ZEROS; step0 = 0; }
        if (<u32>(line + 1) >= <u32>lines) { p1 = ZEROS; step1 = 0; }
        if (<u32>(line + 2) >= <u32>lines) { p2 = ZEROS; step2 = 0; }
        let y = load<usize>(params, 4) + <usize>image * load<usize>(params, 72) + at;
        y += <usize>(line + before) * yLineBytes;
        let ending = v128.load(start), open = ending;
        for (let column = 0; column < columns; column++) {
          // The three products are summed first: a sum in the registers waits for one addition a column.
          if (column >= 2 && column >= left) {
            for (; column < tight; column++) {
              const x0 = v128.load(p0), x1 = v128.load(p1), x2 = v128.load(p2);
              ending = f32x4.add(ending, multiplyAdd(multiplyAdd(f32x4.mul(x0, w02), x1, w12), x2, w22));
              v128.store(y, ending);
              ending = f32x4.add(open, multiplyAdd(multiplyAdd(f32x4.mul(x0, w01), x1, w11), x2, w21));
              open = f32x4.add(v128.load(start), multiplyAdd(multiplyAdd(f32x4.mul(x0, w00), x1, w10), x2, w20));
              p0 += step0;
              p1 += step1;
              p2 += step2;
              y += yStep;
            }
            if (column == columns) break;
          }
          let next = v128.load(start);
          if (<u32>(column - left) < <u32>length) {
            const x0 = v128.load(p0), x1 = v128.load(p1), x2 = v128.load(p2);
            ending = f32x4.add(ending, multiplyAdd(multiplyAdd(f32x4.mul(x0, w02), x1, w12), x2, w22));
            open = f32x4.add(open, multiplyAdd(multiplyAdd(f32x4.mul(x0, w01), x1, w11), x2, w21));
            next = f32x4.add(next, multiplyAdd(multiplyAdd(f32x4.mul(x0, w00), x1, w10), x2, w20));
            p0 += step0;
            p1 += step1;
            p2 += step2;
          }
          if (column >= 2) {
            v128.store(y, ending);
            y += yStep;
          }
          ending = open;
          open = next;
        }
      }
    }
  }
}

// Sums over a chunk of lines of x times dy, for each of the nine taps. More words: 8 sums [units, 9, lanes],
//  12 lines of dy in all, 60 lines of a chunk, 64 lanes, 76 first channels of the strips of four (0: all of c,
//  which is then lanes), 80 bytes of sums from tap to tap along a line, 84 from line to line of taps.
// A unit is a chunk.
export function depthwise_3x3_products_f32(params: usize, begin: i32, end: i32): void {
  const lines = load<i32>(params, 16);
  const length = load<i32>(params, 20);
  const yLines = load<i32>(params, 24);
  const yLength = load<i32>(params, 28);
  const left = load<i32>(params, 36);
  const lineBytes = load<usize>(params, 40);
  const yStep = load<usize>(params, 52);
  const chunk = load<i32>(params, 60);
  const lanes = load<i32>(params, 64);
  const strips = load<usize>(params, 76);
  const zero = i32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const first = unit * chunk;
    const last = min(load<i32>(params, 12), first + chunk);
    for (let strip = 0; strip < lanes; strip += 4) {
      const lane = <usize>min(strip, lanes - 4) << 2;
      const at = strips ? load<usize>(strips + strip) << 2 : lane;
      let s00 = zero, s01 = zero, s02 = zero, s10 = zero, s11 = zero, s12 = zero, s20 = zero, s21 = zero, s22 = zero;
      for (let row = first; row < last; row++) {
        const image = row / yLines;
        const line = row - image * yLines - load<i32>(params, 32);
        let p0 = load<usize>(params, 0) + <usize>image * load<usize>(params, 68) + <usize>line * lineBytes + at;
        let p1 = p0 + lineBytes, p2 = p1 + lineBytes;
        let step0 = load<usize>(params, 44), step1 = step0, step2 = step0;
        if (<u32>line >= <u32>lines) { p0 = ZEROS; step0 = 0; }
        if (<u32>(line + 1) >= <u32>lines) { p1 = ZEROS; step1 = 0; }
        if (<u32>(line + 2) >= <u32>lines) { p2 = ZEROS; step2 = 0; }
        let dy = load<usize>(params, 4) + <usize>image * load<usize>(params, 72) +
          <usize>(row - image * yLines) * load<usize>(params, 48) + <usize>left * yStep + at;
        let d1 = zero, d2 = zero;
        if (<u32>(left - 1) < <u32>yLength) d1 = v128.load(dy - yStep);
        if (<u32>(left - 2) < <u32>yLength) d2 = v128.load(dy - 2 * yStep);
        for (let column = left; column < left + length; column++) {
          let d0 = zero;
          if (column < yLength) d0 = v128.load(dy);
          dy += yStep;
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
      const tap = load<usize>(params, 80);
      let to = load<usize>(params, 8) + <usize>(unit * 9 * lanes) * 4 + lane;
      v128.store(to, s00);
      v128.store(to + tap, s01);
      v128.store(to + 2 * tap, s02);
      to += load<usize>(params, 84);
      v128.store(to, s10);
      v128.store(to + tap, s11);
      v128.store(to + 2 * tap, s12);
      to += load<usize>(params, 84);
      v128.store(to, s20);
      v128.store(to + tap, s21);
      v128.store(to + 2 * tap, s22);
    }
  }
}
