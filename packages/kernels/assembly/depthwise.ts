// Depthwise convolution, one filter a channel, NHWC: the lanes are channels, so nothing is summed across.
import { activate } from "./activation";
import { clamp, loadLanes, multiplyAdd, storeLanes } from "./lanes";
import * as W from "./depthwise-words";

/** Units are output rows. Weights are [kh * kw][channels rounded up to 4]. */
export function depthwise_f32(job: usize, begin: i32, end: i32): void {
  const oh = load<i32>(job, W.OUT_HEIGHT);
  const ow = load<i32>(job, W.OUT_WIDTH);
  const c = load<i32>(job, W.CHANNELS);
  const pitch = load<usize>(job, W.Y_STRIDE);
  const rPitch = load<usize>(job, W.R_STRIDE);
  const activates = load<i32>(job, W.ACTIVATES);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / oh;
    const oy = unit - image * oh;
    const y = load<usize>(job, W.Y) + <usize>(unit * ow) * pitch;
    let residual = load<usize>(job, W.RESIDUAL);
    if (residual) residual += <usize>(unit * ow) * rPitch;
    const x = load<usize>(job, W.X) + <usize>(image * load<i32>(job, W.HEIGHT) * load<i32>(job, W.WIDTH) * c * 4);
    for (let ox = 0; ox < ow; ox++) {
      pixel(job, x, oy, ox, y + ox * pitch, residual ? residual + ox * rPitch : 0);
      if (activates) activate(y + ox * pitch, c, job + W.ACTIVATION);
    }
  }
}

// Any kernel, stride and dilation: only the taps inside the image are visited.
function pixel(job: usize, image: usize, oy: i32, ox: i32, y: usize, residual: usize): void {
  const c = load<i32>(job, W.CHANNELS);
  const width = load<i32>(job, W.WIDTH);
  const dh = load<i32>(job, W.DILATION_Y);
  const dw = load<i32>(job, W.DILATION_X);
  const kh = load<i32>(job, W.KERNEL_HEIGHT);
  const kw = load<i32>(job, W.KERNEL_WIDTH);
  const top = oy * load<i32>(job, W.STRIDE_Y) - load<i32>(job, W.TOP);
  const left = ox * load<i32>(job, W.STRIDE_X) - load<i32>(job, W.LEFT);
  const ky0 = top < 0 ? (dh - 1 - top) / dh : 0;
  const kx0 = left < 0 ? (dw - 1 - left) / dw : 0;
  const ky1 = min(kh, (load<i32>(job, W.HEIGHT) - top + dh - 1) / dh);
  const kx1 = min(kw, (width - left + dw - 1) / dw);
  const bias = load<usize>(job, W.BIAS);
  const lo = v128.load32_splat(job, W.LOW), hi = v128.load32_splat(job, W.HIGH);
  const tapBytes = <usize>((c + 3) & ~3) << 2;
  for (let channel = 0; channel < c; channel += 4) {
    const count = c - channel;
    const offset = <usize>channel << 2;
    let sum = bias ? loadLanes(bias + offset, count) : f32x4.splat(0);
    for (let ky = ky0; ky < ky1; ky++) {
      let x = image + offset + (<usize>((top + ky * dh) * width + left + kx0 * dw) * c) * 4;
      let w = load<usize>(job, W.WEIGHTS) + offset + <usize>(ky * kw + kx0) * tapBytes;
      for (let kx = kx0; kx < kx1; kx++) {
        sum = multiplyAdd(sum, loadLanes(x, count), v128.load(w));
        x += <usize>(dw * c) * 4;
        w += tapBytes;
      }
    }
    if (residual) sum = f32x4.add(sum, loadLanes(residual + offset, count));
    storeLanes(y + offset, clamp(sum, lo, hi), count);
  }
}
