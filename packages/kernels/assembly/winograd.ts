// Winograd's minimal filtering F(4 x 4, 3 x 3): 36 multiplications for 16 outputs of a 3 x 3 filter instead
// of 144. Transforms and constants: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
// CVPR 2016, section 4.3 (points 0, 1, -1, 2, -2, infinity). Lanes are channels.
//
// The input becomes V [36][tiles][channels], a batch of 36 products with the transformed weights gives
// M [36][tiles][filters], and M becomes the output. The first pass of both transforms leaves its result
// where the second takes it, so that nothing is shared between units and no scratch is needed.
//
// One unit of both transforms is a tile of 4 x 4 outputs; the tiles of a job are a range of all of them.
// `winograd_f32` takes a strip of tiles through all three steps, so that a strip stays in one core's cache
// and threads meet once a convolution.
import { activate } from "./activation";
import { clamp } from "./lanes";
import { segment_product_f32 } from "./segment-product";
import * as S from "./segment-words";
import { thread } from "./thread";
import * as W from "./winograd-words";

// @ts-ignore: decorator
@inline
function times(x: v128, factor: f32): v128 {
  return f32x4.mul(x, f32x4.splat(factor));
}

// Writes B^T d, d the six vectors, `step` bytes apart from `to`.
// @ts-ignore: decorator
@inline
function transformSix(to: usize, step: usize, d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128): void {
  const a = f32x4.sub(d4, times(d2, 4));
  const b = f32x4.sub(d3, times(d1, 4));
  const c = f32x4.sub(d4, d2);
  const d = times(f32x4.sub(d3, d1), 2);
  v128.store(to, f32x4.add(f32x4.sub(times(f32x4.sub(d0, d2), 4), d2), d4));
  v128.store(to + step, f32x4.add(a, b));
  v128.store(to + 2 * step, f32x4.sub(a, b));
  v128.store(to + 3 * step, f32x4.add(c, d));
  v128.store(to + 4 * step, f32x4.sub(c, d));
  v128.store(to + 5 * step, f32x4.add(f32x4.sub(times(f32x4.sub(d1, d3), 4), d3), d5));
}

/** The whole convolution, a unit being a strip: V and M of a thread are nobody else's, nor are its arguments. */
export function winograd_f32(job: usize, begin: i32, end: i32): void {
  const input = load<usize>(job, W.BLOCKS) + thread * W.SET_BYTES;
  const output = input + W.OUTPUT;
  const product = input + W.PRODUCT;
  const units = 36 * load<i32>(product, S.ROW_BLOCKS) * load<i32>(product, S.COLUMN_BLOCKS);
  const all = <u64>load<u32>(job, W.TILES);
  const strips = <u64>load<u32>(job, W.STRIPS);
  for (let unit = begin; unit < end; unit++) {
    const first = <i32>((<u64>unit * all) / strips);
    const tiles = <i32>((<u64>(unit + 1) * all) / strips) - first;
    store<i32>(input, first, W.FIRST_TILE);
    store<i32>(output, first, W.FIRST_TILE);
    store<i32>(product, tiles, S.ROWS);
    winograd_input_f32(input, 0, tiles);
    segment_product_f32(product, 0, units);
    winograd_output_f32(output, 0, tiles);
  }
}

/** V from the input; pixels outside the image count as 0. */
export function winograd_input_f32(job: usize, begin: i32, end: i32): void {
  const c = load<i32>(job, W.CHANNELS);
  const height = load<i32>(job, W.HEIGHT);
  const width = load<i32>(job, W.WIDTH);
  const tilesX = load<i32>(job, W.TILES_X);
  const tilesY = load<i32>(job, W.TILES_Y);
  const first = load<i32>(job, W.FIRST_TILE);
  const plane = load<usize>(job, W.PLANE);
  const pixel = <usize>c << 2;
  const line = <usize>width * pixel;
  const zero = f32x4.splat(0);
  for (let unit = begin; unit < end; unit++) {
    const index = first + unit;
    const row = index / tilesX;
    const image = row / tilesY;
    const left = (index - row * tilesX) * 4 - load<i32>(job, W.LEFT);
    const top = (row - image * tilesY) * 4 - load<i32>(job, W.TOP);
    const v = load<usize>(job, W.V) + <usize>unit * pixel;
    const x = load<usize>(job, W.X) + <usize>(((image * height + top) * width + left) * c) * 4;
    for (let channel: usize = 0; channel < pixel; channel += 16) {
      let out = v + channel;
      for (let i = 0; i < 6; i++) {
        const at = x + channel + <usize>i * pixel;
        let d0 = zero, d1 = zero, d2 = zero, d3 = zero, d4 = zero, d5 = zero;
        if (<u32>(left + i) < <u32>width) {
          if (<u32>top < <u32>height) d0 = v128.load(at);
          if (<u32>(top + 1) < <u32>height) d1 = v128.load(at + line);
          if (<u32>(top + 2) < <u32>height) d2 = v128.load(at + 2 * line);
          if (<u32>(top + 3) < <u32>height) d3 = v128.load(at + 3 * line);
          if (<u32>(top + 4) < <u32>height) d4 = v128.load(at + 4 * line);
          if (<u32>(top + 5) < <u32>height) d5 = v128.load(at + 5 * line);
        }
        transformSix(out, 6 * plane, d0, d1, d2, d3, d4, d5);
        out += plane;
      }
      out = v + channel;
      for (let i = 0; i < 6; i++) {
        transformSix(
          out, plane,
          v128.load(out), v128.load(out + plane), v128.load(out + 2 * plane),
          v128.load(out + 3 * plane), v128.load(out + 4 * plane), v128.load(out + 5 * plane),
        );
        out += 6 * plane;
      }
    }
  }
}

/** The output from M, with bias, residual and activation; M is overwritten. */
export function winograd_output_f32(job: usize, begin: i32, end: i32): void {
  const c = load<i32>(job, W.CHANNELS);
  const height = load<i32>(job, W.HEIGHT);
  const width = load<i32>(job, W.WIDTH);
  const tilesX = load<i32>(job, W.TILES_X);
  const tilesY = load<i32>(job, W.TILES_Y);
  const first = load<i32>(job, W.FIRST_TILE);
  const plane = load<usize>(job, W.PLANE);
  const pixel = <usize>c << 2;
  const pitch = load<usize>(job, W.Y_STRIDE);
  const rPitch = load<usize>(job, W.R_STRIDE);
  const bias = load<usize>(job, W.BIAS);
  const lo = v128.load32_splat(job, W.LOW), hi = v128.load32_splat(job, W.HIGH);
  for (let unit = begin; unit < end; unit++) {
    const index = first + unit;
    const row = index / tilesX;
    const image = row / tilesY;
    const left = (index - row * tilesX) * 4;
    const top = (row - image * tilesY) * 4;
    const columns = min(4, width - left);
    const rows = min(4, height - top);
    const m = load<usize>(job, W.V) + <usize>unit * pixel;
    const start = <usize>((image * height + top) * width + left);
    const y = load<usize>(job, W.X) + start * pitch;
    let residual = load<usize>(job, W.RESIDUAL);
    if (residual) residual += start * rPitch;
    for (let channel: usize = 0; channel < pixel; channel += 16) {
      let at = m + channel;
      for (let i = 0; i < 6; i++) {
        // A^T down the columns: six become four, in place.
        const m0 = v128.load(at), m5 = v128.load(at + 30 * plane);
        const m1 = v128.load(at + 6 * plane), m2 = v128.load(at + 12 * plane);
        const m3 = v128.load(at + 18 * plane), m4 = v128.load(at + 24 * plane);
        const a = f32x4.add(m1, m2), b = f32x4.sub(m1, m2);
        const c = f32x4.add(m3, m4), d = f32x4.sub(m3, m4);
        v128.store(at, f32x4.add(f32x4.add(m0, a), c));
        v128.store(at + 6 * plane, f32x4.add(b, times(d, 2)));
        v128.store(at + 12 * plane, f32x4.add(a, times(c, 4)));
        v128.store(at + 18 * plane, f32x4.add(f32x4.add(b, times(d, 8)), m5));
        at += plane;
      }
      at = m + channel;
      const base = bias ? v128.load(bias + channel) : f32x4.splat(0);
      for (let i = 0; i < rows; i++, at += 6 * plane) {
        const m0 = f32x4.add(v128.load(at), base), m5 = f32x4.add(v128.load(at + 5 * plane), base);
        const m1 = v128.load(at + plane), m2 = v128.load(at + 2 * plane);
        const m3 = v128.load(at + 3 * plane), m4 = v128.load(at + 4 * plane);
        const a = f32x4.add(m1, m2), b = f32x4.sub(m1, m2);
        const c = f32x4.add(m3, m4), d = f32x4.sub(m3, m4);
        let out = y + channel + <usize>(i * width) * pitch;
        let r = residual ? residual + channel + <usize>(i * width) * rPitch : 0;
        finish(out, r, f32x4.add(f32x4.add(m0, a), c), lo, hi);
        if (columns > 1) finish(out + pitch, r ? r + rPitch : 0, f32x4.add(f32x4.add(b, base), times(d, 2)), lo, hi);
        if (columns > 2) {
          finish(out + 2 * pitch, r ? r + 2 * rPitch : 0, f32x4.add(f32x4.add(a, base), times(c, 4)), lo, hi);
        }
        if (columns > 3) {
          finish(out + 3 * pitch, r ? r + 3 * rPitch : 0, f32x4.add(f32x4.add(b, times(d, 8)), m5), lo, hi);
        }
      }
    }
    if (load<i32>(job, W.ACTIVATES)) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          activate(y + <usize>(i * width + j) * pitch, c, job + W.ACTIVATION);
        }
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(y: usize, residual: usize, sum: v128, lo: v128, hi: v128): void {
  if (residual) sum = f32x4.add(sum, v128.load(residual));
  v128.store(y, clamp(sum, lo, hi));
}
