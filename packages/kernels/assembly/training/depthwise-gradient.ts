// Gradients of depthwise convolution with any kernel, stride and dilation.
import { multiplyAdd } from "../lanes";
import { loadNext, loadTail, storeNext, storeTail } from "../tails";

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

// Each row of dx gathers the rows of dy that saw it, tap by tap. Words: 0 dx [n, h, w, c], 4 dy [n, oh, ow, c],
//  8 weights [kh, kw, c], 20 h, 24 w, 28 c, 32 oh, 36 ow, 40 top, 44 left, 56 kh, 60 kw, 64 strides,
//  72 dilations. A unit is a row of dx.
export function depthwise_input_gradient_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, H);
  const w = load<i32>(params, W);
  const c = load<i32>(params, C);
  const oh = load<i32>(params, OH);
  const ow = load<i32>(params, OW);
  const kh = load<i32>(params, KH);
  const kw = load<i32>(params, KW);
  const sy = load<i32>(params, STRIDE_Y);
  const sx = load<i32>(params, STRIDE_X);
  const pixel = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / h;
    const dx = load<usize>(params, 0) + <usize>(unit * w) * pixel;
    memory.fill(dx, 0, <usize>w * pixel);
    for (let ky = 0; ky < kh; ky++) {
      const above = unit - image * h + load<i32>(params, TOP) - ky * load<i32>(params, DILATION_Y);
      if (above < 0 || above % sy != 0 || above / sy >= oh) continue;
      const row = image * oh + above / sy;
      for (let kx = 0; kx < kw; kx++) {
        // Outputs [first, last) meet this tap inside of the image.
        const offset = kx * load<i32>(params, DILATION_X) - load<i32>(params, LEFT);
        const first = offset < 0 ? (sx - 1 - offset) / sx : 0;
        const last = w > offset ? min(ow, (w - offset + sx - 1) / sx) : 0;
        addTap(
          load<usize>(params, DY) + <usize>(row * ow + first) * pixel,
          load<usize>(params, 8) + <usize>(ky * kw + kx) * pixel,
          dx + <usize>(first * sx + offset) * pixel, last - first, c, <usize>sx * pixel,
        );
      }
    }
  }
}

// dx += dy * weight for `outputs` pixels of dy side by side, whose places in dx lie `step` bytes apart.
function addTap(dy: usize, weights: usize, dx: usize, outputs: i32, c: i32, step: usize): void {
  const pixel = <usize>c << 2;
  for (; c >= 8; c -= 8) {
    const w0 = v128.load(weights), w1 = v128.load(weights, 16);
    let p = dy, q = dx;
    for (let i = outputs; i > 0; i--) {
      v128.store(q, multiplyAdd(v128.load(q), v128.load(p), w0));
      v128.store(q, multiplyAdd(v128.load(q, 16), v128.load(p, 16), w1), 16);
      p += pixel;
      q += step;
    }
    dy += 32;
    dx += 32;
    weights += 32;
  }
  for (; c > 0; c -= 4) {
    const weight = loadTail(weights, c);
    let p = dy, q = dx;
    for (let i = outputs; i > 0; i--) {
      storeTail(q, multiplyAdd(loadTail(q, c), loadTail(p, c), weight), c);
      p += pixel;
      q += step;
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
    const above = ky * load<i32>(params, DILATION_Y) - load<i32>(params, TOP);
    const y = (row - image * oh) * load<i32>(params, STRIDE_Y) + above;
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
