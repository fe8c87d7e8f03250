// Depthwise convolution, one filter a channel, NHWC: the lanes are channels, so nothing is summed across.
//
// Four neighbouring outputs times 8 channels share every weight they load: 10 loads for 8 vector
// multiply-adds, any kernel, stride and dilation. Rows of the kernel above and below the image are left
// out by the range of rows; outputs that reach over the left or right edge are computed one by one.
import { activate } from "./activation";
import * as W from "./depthwise-words";
import { clamp, loadLanes, multiplyAdd, storeLanes } from "./lanes";

const OUTPUTS: i32 = 4;

/** Units are output rows. Weights are [kh * kw][channels rounded up to 4]. */
export function depthwise_f32(job: usize, begin: i32, end: i32): void {
  const oh = load<i32>(job, W.OUT_HEIGHT);
  const ow = load<i32>(job, W.OUT_WIDTH);
  const c = load<i32>(job, W.CHANNELS);
  const width = load<i32>(job, W.WIDTH);
  const height = load<i32>(job, W.HEIGHT);
  const pitch = load<usize>(job, W.Y_STRIDE);
  const rPitch = load<usize>(job, W.R_STRIDE);
  const stride = load<i32>(job, W.STRIDE_X);
  const left = load<i32>(job, W.LEFT);
  const dilation = load<i32>(job, W.DILATION_Y);
  const kh = load<i32>(job, W.KERNEL_HEIGHT);
  const kw = load<i32>(job, W.KERNEL_WIDTH);
  // Outputs [inside, behind) see all taps of a kernel row.
  const reach = width + left - load<i32>(job, W.DILATION_X) * (kw - 1);
  const inside = min(ow, (left + stride - 1) / stride);
  const behind = reach <= 0 ? inside : max(inside, min(ow, (reach - 1) / stride + 1));
  for (let unit = begin; unit < end; unit++) {
    const image = unit / oh;
    const oy = unit - image * oh;
    let y = load<usize>(job, W.Y) + <usize>(unit * ow) * pitch;
    let residual = load<usize>(job, W.RESIDUAL);
    if (residual) residual += <usize>(unit * ow) * rPitch;
    const x = load<usize>(job, W.X) + <usize>(image * height * width * c) * 4;
    const top = oy * load<i32>(job, W.STRIDE_Y) - load<i32>(job, W.TOP);
    const ky0 = top < 0 ? min(kh, (dilation - 1 - top) / dilation) : 0;
    const ky1 = max(ky0, min(kh, (height - top + dilation - 1) / dilation));
    let ox = 0;
    while (ox < ow) {
      const start = x + <usize>(((top + ky0 * dilation) * width + ox * stride - left) * c) * 4;
      if (ox >= inside && ox + OUTPUTS <= behind) {
        tile(job, start, ky0, ky1 - ky0, y, residual);
        ox += OUTPUTS;
        y += OUTPUTS * pitch;
        if (residual) residual += OUTPUTS * rPitch;
      } else {
        pixel(job, start, ox, ky0, ky1 - ky0, y, residual, 0);
        ox++;
        y += pitch;
        if (residual) residual += rPitch;
      }
    }
    if (load<i32>(job, W.ACTIVATES)) {
      y -= <usize>ow * pitch;
      if (pitch == <usize>c << 2) activate(y, ow * c, job + W.ACTIVATION);
      else for (let i = 0; i < ow; i++, y += pitch) activate(y, c, job + W.ACTIVATION);
    }
  }
}

// Four outputs that see `rows` whole rows of the kernel, from row ky0; `start` is the first tap of the first.
function tile(job: usize, start: usize, ky0: i32, rows: i32, y: usize, residual: usize): void {
  const c = load<i32>(job, W.CHANNELS);
  const kw = load<i32>(job, W.KERNEL_WIDTH);
  const pixelBytes = <usize>c << 2;
  const tapBytes = <usize>((c + 3) & ~3) << 2;
  const step = load<usize>(job, W.STRIDE_X) * pixelBytes;
  const tap = load<usize>(job, W.DILATION_X) * pixelBytes;
  const line = load<usize>(job, W.DILATION_Y) * load<usize>(job, W.WIDTH) * pixelBytes - kw * tap;
  const pitch = load<usize>(job, W.Y_STRIDE);
  const rPitch = load<usize>(job, W.R_STRIDE);
  const lo = v128.load32_splat(job, W.LOW), hi = v128.load32_splat(job, W.HIGH);
  const weights = load<usize>(job, W.WEIGHTS) + <usize>(ky0 * kw) * tapBytes;
  const bias = load<usize>(job, W.BIAS);
  const wholeBytes = <usize>(c & ~7) << 2;
  for (let channel: usize = 0; channel < wholeBytes; channel += 32) {
    let s00 = f32x4.splat(0), s01 = f32x4.splat(0);
    if (bias) {
      s00 = v128.load(bias + channel);
      s01 = v128.load(bias + channel, 16);
    }
    let s10 = s00, s11 = s01, s20 = s00, s21 = s01, s30 = s00, s31 = s01;
    let x0 = start + channel;
    let x2 = x0 + 2 * step;
    let w = weights + channel;
    for (let row = rows; row > 0; row--) {
      for (let kx = kw; kx > 0; kx--) {
        const w0 = v128.load(w), w1 = v128.load(w, 16);
        s00 = multiplyAdd(s00, v128.load(x0), w0);
        s01 = multiplyAdd(s01, v128.load(x0, 16), w1);
        s10 = multiplyAdd(s10, v128.load(x0 + step), w0);
        s11 = multiplyAdd(s11, v128.load(x0 + step, 16), w1);
        s20 = multiplyAdd(s20, v128.load(x2), w0);
        s21 = multiplyAdd(s21, v128.load(x2, 16), w1);
        s30 = multiplyAdd(s30, v128.load(x2 + step), w0);
        s31 = multiplyAdd(s31, v128.load(x2 + step, 16), w1);
        x0 += tap;
        x2 += tap;
        w += tapBytes;
      }
      x0 += line;
      x2 += line;
    }
    if (residual) {
      let r = residual + channel;
      s00 = f32x4.add(s00, v128.load(r)); s01 = f32x4.add(s01, v128.load(r, 16)); r += rPitch;
      s10 = f32x4.add(s10, v128.load(r)); s11 = f32x4.add(s11, v128.load(r, 16)); r += rPitch;
      s20 = f32x4.add(s20, v128.load(r)); s21 = f32x4.add(s21, v128.load(r, 16)); r += rPitch;
      s30 = f32x4.add(s30, v128.load(r)); s31 = f32x4.add(s31, v128.load(r, 16));
    }
    let out = y + channel;
    v128.store(out, clamp(s00, lo, hi)); v128.store(out, clamp(s01, lo, hi), 16); out += pitch;
    v128.store(out, clamp(s10, lo, hi)); v128.store(out, clamp(s11, lo, hi), 16); out += pitch;
    v128.store(out, clamp(s20, lo, hi)); v128.store(out, clamp(s21, lo, hi), 16); out += pitch;
    v128.store(out, clamp(s30, lo, hi)); v128.store(out, clamp(s31, lo, hi), 16);
  }
  if (c & 7) {
    const stride = load<i32>(job, W.STRIDE_X);
    let ox = (load<i32>(job, W.LEFT) + stride - 1) / stride; // any output that sees all taps
    for (let i = 0; i < OUTPUTS; i++) {
      pixel(job, start + i * step, ox, ky0, rows, y + i * pitch, residual ? residual + i * rPitch : 0, c & ~7);
    }
  }
}

// One output, from channel `from` on, with the taps that lie inside the image. `start` may lie outside.
function pixel(
  job: usize, start: usize, ox: i32, ky0: i32, rows: i32, y: usize, residual: usize, from: i32,
): void {
  const c = load<i32>(job, W.CHANNELS);
  const kw = load<i32>(job, W.KERNEL_WIDTH);
  const dw = load<i32>(job, W.DILATION_X);
  const left = ox * load<i32>(job, W.STRIDE_X) - load<i32>(job, W.LEFT);
  const kx0 = left < 0 ? min(kw, (dw - 1 - left) / dw) : 0;
  const taps = min(kw, (load<i32>(job, W.WIDTH) - left + dw - 1) / dw) - kx0;
  const pixelBytes = <usize>c << 2;
  const tapBytes = <usize>((c + 3) & ~3) << 2;
  const tap = <usize>dw * pixelBytes;
  const line = load<usize>(job, W.DILATION_Y) * load<usize>(job, W.WIDTH) * pixelBytes;
  const bias = load<usize>(job, W.BIAS);
  const lo = v128.load32_splat(job, W.LOW), hi = v128.load32_splat(job, W.HIGH);
  for (let channel = from; channel < c; channel += 4) {
    const count = c - channel;
    const offset = <usize>channel << 2;
    let sum = bias ? loadLanes(bias + offset, count) : f32x4.splat(0);
    let x = start + offset + kx0 * tap;
    let w = load<usize>(job, W.WEIGHTS) + offset + <usize>(ky0 * kw + kx0) * tapBytes;
    for (let row = 0; row < rows; row++, x += line, w += kw * tapBytes) {
      let xAt = x, wAt = w;
      if (count >= 4) {
        for (let kx = 0; kx < taps; kx++, xAt += tap, wAt += tapBytes) {
          sum = multiplyAdd(sum, v128.load(xAt), v128.load(wAt));
        }
      } else {
        for (let kx = 0; kx < taps; kx++, xAt += tap, wAt += tapBytes) {
          sum = multiplyAdd(sum, loadLanes(xAt, count), v128.load(wAt));
        }
      }
    }
    if (residual) sum = f32x4.add(sum, loadLanes(residual + offset, count));
    storeLanes(y + offset, clamp(sum, lo, hi), count);
  }
}
