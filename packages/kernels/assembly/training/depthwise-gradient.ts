// Gradients of depthwise convolution with any kernel, stride and dilation.
import { multiplyAdd } from "../lanes";
import { loadNext, storeNext } from "../tails";

// Words of `depthwise_input_gradient_f32` and `depthwise_products_f32`.
const DY: usize = 4;
const H: usize = 20;
const W: usize = 24;
const C: usize = 28;
const OH: usize = 32;
const OW: usize = 36;
const TOP: usize = 40;
const LEFT: usize = 44;
const KH: usize = 56;
const KW: usize = 60;
const STRIDE_Y: usize = 64;
const STRIDE_X: usize = 68;
const DILATION_Y: usize = 72;
const DILATION_X: usize = 76;

// Taps of a kernel axis that a position of the input sees: first, first + step, ... Where `at` = position +
// padding, tap k meets the output (at - k dilation) / stride, when that is whole; it is the first such k, or
// `taps` where there is none.
function firstTap(at: i32, taps: i32, stride: i32, dilation: i32): i32 {
  let k = 0;
  // Adding a multiple of the stride keeps the remainder that of a number from 0.
  for (; k < taps && (at - k * dilation + k * dilation * stride) % stride != 0; k++);
  return k;
}

// Gathers the gradient of the input: each pixel of dx sums what the outputs that saw it have. Pixels whose
// distance is the stride see the same taps, so four of those share each weight.
// Words: 0 dx [n, h, w, c], 4 dy [n, oh, ow, c], 8 weights [kh, kw, c], 20 h, 24 w, 28 c, 32 oh, 36 ow, 40 top,
//  44 left, 56 kh, 60 kw, 64 strides, 72 dilations. A unit is a row of dx.
export function depthwise_input_gradient_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, H);
  const w = load<i32>(params, W);
  const oh = load<i32>(params, OH);
  const ow = load<i32>(params, OW);
  const kh = load<i32>(params, KH);
  const kw = load<i32>(params, KW);
  const sy = load<i32>(params, STRIDE_Y);
  const sx = load<i32>(params, STRIDE_X);
  const dilationY = load<i32>(params, DILATION_Y);
  const dilationX = load<i32>(params, DILATION_X);
  const pixel = load<usize>(params, C) << 2;
  const line = <usize>ow * pixel;
  let stepY = 1, stepX = 1; // from one tap that meets an output to the next
  while ((stepY * dilationY) % sy) stepY++;
  while ((stepX * dilationX) % sx) stepX++;
  const apartY = (stepY * dilationY) / sy; // outputs between those
  const apartX = (stepX * dilationX) / sx;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / h;
    const y = unit - image * h + load<i32>(params, TOP);
    let ky = firstTap(y, kh, sy, dilationY);
    let oy = (y - ky * dilationY) / sy;
    for (; ky < kh && oy >= oh; ky += stepY) oy -= apartY;
    let rows = 0;
    for (let k = ky, o = oy; k < kh && o >= 0; k += stepY, o -= apartY) rows++;
    const dx = load<usize>(params, 0) + <usize>(unit * w) * pixel;
    const dy = load<usize>(params, DY) + <usize>(image * oh + oy) * line;
    const weights = load<usize>(params, 8) + <usize>(ky * kw) * pixel;
    for (let phase = 0; phase < min(sx, w); phase++) {
      const x = phase + load<i32>(params, LEFT);
      const first = firstTap(x, kw, sx, dilationX);
      const taps = (kw - first + stepX - 1) / stepX;
      let o = (x - first * dilationX) / sx; // the output that the first tap meets
      for (let column = phase; column < w; ) {
        // Taps from `skip` on meet outputs from 0 to ow - 1.
        const skip = max(0, (o - ow + apartX) / apartX);
        const behind = o < 0 ? 0 : min(taps, o / apartX + 1);
        const four = skip == 0 && behind == taps && o + 3 < ow && column + 3 * sx < w;
        gather(
          params, dy + <usize>(o - skip * apartX) * pixel, weights + <usize>(first + skip * stepX) * pixel,
          dx + <usize>column * pixel, rows, max(0, behind - skip),
          <usize>apartY * line, <usize>apartX * pixel, <usize>(stepY * kw) * pixel, <usize>stepX * pixel, four,
        );
        const done = four ? 4 : 1;
        column += done * sx;
        o += done;
      }
    }
  }
}

// One pixel of dx, or four at the distance of the stride; dy walks back from tap to tap, weights forward.
function gather(
  params: usize, dy: usize, weights: usize, dx: usize, rows: i32, taps: i32, dyLine: usize, dyTap: usize,
  wLine: usize, wTap: usize, four: bool,
): void {
  const c = load<i32>(params, C);
  const pixel = <usize>c << 2;
  const apart = load<usize>(params, STRIDE_X) * pixel;
  for (let lanes = c; lanes > 0; lanes -= 4) {
    let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let d = dy, w = weights;
    for (let row = rows; row > 0; row--) {
      let p = d, q = w;
      for (let tap = taps; tap > 0; tap--) {
        const weight = loadNext(q, lanes);
        s0 = multiplyAdd(s0, loadNext(p, lanes), weight);
        if (four) {
          s1 = multiplyAdd(s1, loadNext(p + pixel, lanes), weight);
          s2 = multiplyAdd(s2, loadNext(p + 2 * pixel, lanes), weight);
          s3 = multiplyAdd(s3, loadNext(p + 3 * pixel, lanes), weight);
        }
        p -= dyTap;
        q += wTap;
      }
      d -= dyLine;
      w += wLine;
    }
    storeNext(dx, s0, lanes);
    if (four) {
      storeNext(dx + apart, s1, lanes);
      storeNext(dx + 2 * apart, s2, lanes);
      storeNext(dx + 3 * apart, s3, lanes);
    }
    dy += 16;
    dx += 16;
    weights += 16;
  }
}

// Sums over a chunk of rows of x times dy, for each tap. Words: 0 x, 4 dy, 8 sums [units, kh kw, lanes], 12 rows
//  of dy in all, 16 rows of a chunk, 20 h, 24 w, 28 c, 32 oh, 36 ow, 40 top, 44 left, 48 lanes, 52 first
//  channels of the strips of four (0: all of c, which is then lanes), 56 kh, 60 kw, 64 strides, 72 dilations.
// A unit is a chunk.
export function depthwise_products_f32(params: usize, begin: i32, end: i32): void {
  const chunk = load<i32>(params, 16);
  const kh = load<i32>(params, KH);
  const kw = load<i32>(params, KW);
  const sx = load<i32>(params, STRIDE_X);
  const w = load<i32>(params, W);
  const c = load<i32>(params, C);
  const ow = load<i32>(params, OW);
  const lanes = load<i32>(params, 48);
  const strips = load<usize>(params, 52);
  let to = load<usize>(params, 8) + <usize>(begin * kh * kw * lanes) * 4;
  for (let unit = begin; unit < end; unit++) {
    const first = unit * chunk;
    const last = min(load<i32>(params, 12), first + chunk);
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        // Outputs [inside, behind) of a row meet this tap inside of the image.
        const left = kx * load<i32>(params, DILATION_X) - load<i32>(params, LEFT);
        const inside = left < 0 ? min(ow, (sx - 1 - left) / sx) : 0;
        const behind = w > left ? min(ow, (w - left + sx - 1) / sx) : 0;
        for (let lane = 0; lane < lanes; lane += 4) {
          const channel = strips ? load<i32>(strips + lane) : lane;
          const sum = tapProduct(
            params, first, last, ky, inside, behind - inside, left + inside * sx, <usize>channel << 2,
            c - channel,
          );
          storeNext(to, sum, lanes - lane);
          to += <usize>min(4, lanes - lane) << 2;
        }
      }
    }
  }
}

function tapProduct(
  params: usize, first: i32, last: i32, ky: i32, inside: i32, count: i32, column: i32, at: usize, lanes: i32,
): v128 {
  const h = load<i32>(params, H);
  const oh = load<i32>(params, OH);
  const pixel = load<usize>(params, C) << 2;
  const step = load<usize>(params, STRIDE_X) * pixel;
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let row = first; row < last; row++) {
    const image = row / oh;
    const y = (row - image * oh) * load<i32>(params, STRIDE_Y) - load<i32>(params, TOP) + ky * load<i32>(params, DILATION_Y);
    if (<u32>y >= <u32>h) continue;
    let x = load<usize>(params, 0) + <usize>((image * h + y) * load<i32>(params, W) + column) * pixel + at;
    let dy = load<usize>(params, DY) + <usize>(row * load<i32>(params, OW) + inside) * pixel + at;
    let i = count;
    if (lanes >= 4) {
      for (; i >= 4; i -= 4) {
        s0 = multiplyAdd(s0, v128.load(x), v128.load(dy));
        s1 = multiplyAdd(s1, v128.load(x + step), v128.load(dy + pixel));
        x += 2 * step;
        dy += 2 * pixel;
        s2 = multiplyAdd(s2, v128.load(x), v128.load(dy));
        s3 = multiplyAdd(s3, v128.load(x + step), v128.load(dy + pixel));
        x += 2 * step;
        dy += 2 * pixel;
      }
    }
    for (; i > 0; i--) {
      s0 = multiplyAdd(s0, loadNext(x, lanes), loadNext(dy, lanes));
      x += step;
      dy += pixel;
    }
  }
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

// Columns of a matrix by their numbers. Words: 0 x [rows, cols], 4 y [rows, count], 8 cols, 12 count, 16 numbers
//  of the columns, 20 add to what is there (1). A unit is a row.
export function pick_columns_f32(params: usize, begin: i32, end: i32): void {
  const count = load<usize>(params, 12);
  const numbers = load<usize>(params, 16);
  const accumulate = load<i32>(params, 20);
  for (let unit = begin; unit < end; unit++) {
    const x = load<usize>(params, 0) + ((<usize>unit * load<usize>(params, 8)) << 2);
    const y = load<usize>(params, 4) + ((<usize>unit * count) << 2);
    for (let i: usize = 0; i < count << 2; i += 4) {
      const value = load<f32>(x + (load<usize>(numbers + i) << 2));
      store<f32>(y + i, accumulate ? load<f32>(y + i) + value : value);
    }
  }
}
