// Steps of the optimisers over one parameter each. A parameter is a run of floats, cut into rows of 1024, or
// some columns of a matrix: then the gradient and the state have only those.
import { clamp, multiplyAdd } from "../lanes";
import { loadNext, storeNext } from "../tails";

// Up to four floats at the columns that `channels` lists, or side by side where it is 0. `whole` (constant at
// every call) says that there are four, side by side.
// @ts-ignore: decorator
@inline
function loadColumns(row: usize, channels: usize, count: i32, whole: bool): v128 {
  if (whole) return v128.load(row);
  return channels ? gather(row, channels, count) : loadNext(row, count);
}

// @ts-ignore: decorator
@inline
function loadFour(p: usize, count: i32, whole: bool): v128 {
  return whole ? v128.load(p) : loadNext(p, count);
}

// @ts-ignore: decorator
@inline
function storeFour(p: usize, x: v128, count: i32, whole: bool): void {
  if (whole) v128.store(p, x);
  else storeNext(p, x, count);
}

function gather(row: usize, channels: usize, count: i32): v128 {
  let v = v128.load_zero<u32>(row + (load<usize>(channels) << 2));
  if (count > 1) v = v128.load_lane<u32>(row + (load<usize>(channels, 4) << 2), v, 1);
  if (count > 2) v = v128.load_lane<u32>(row + (load<usize>(channels, 8) << 2), v, 2);
  if (count > 3) v = v128.load_lane<u32>(row + (load<usize>(channels, 12) << 2), v, 3);
  return v;
}

// @ts-ignore: decorator
@inline
function storeColumns(row: usize, v: v128, channels: usize, count: i32, whole: bool): void {
  if (whole) v128.store(row, v);
  else if (channels) scatter(row, v, channels, count);
  else storeNext(row, v, count);
}

function scatter(row: usize, v: v128, channels: usize, count: i32): void {
  v128.store_lane<u32>(row + (load<usize>(channels) << 2), v, 0);
  if (count > 1) v128.store_lane<u32>(row + (load<usize>(channels, 4) << 2), v, 1);
  if (count > 2) v128.store_lane<u32>(row + (load<usize>(channels, 8) << 2), v, 2);
  if (count > 3) v128.store_lane<u32>(row + (load<usize>(channels, 12) << 2), v, 3);
}

// @ts-ignore: decorator
@inline
function clip(d: v128, bound: v128): v128 {
  return clamp(d, f32x4.neg(bound), bound);
}

// The first words of both: 0 parameter, 4 gradient, 8 settings (floats that all parameters share), 12 floats of
// the gradient, 16 of a row of it, 20 of a row of the parameter, 24 channels (0: a run), 28 weight decay,
// 32 factor of the learning rate, 36 first state, 40 second state.

// @ts-ignore: decorator
@inline
function sgdStep(
  w: usize, g: usize, v: usize, channels: usize, count: i32, whole: bool,
  rate: v128, scale: v128, bound: v128, decay: v128, momentum: v128, state: usize, nesterov: bool,
): void {
  const old = loadColumns(w, channels, count, whole);
  let d = multiplyAdd(clip(f32x4.mul(loadFour(g, count, whole), scale), bound), old, decay);
  if (state) {
    const next = multiplyAdd(d, loadFour(v, count, whole), momentum);
    storeFour(v, next, count, whole);
    d = nesterov ? multiplyAdd(d, next, momentum) : next;
  }
  storeColumns(w, multiplyAdd(old, d, rate), channels, count, whole);
}

// d = clip(c g) + decay w; v = m v + d; w -= rate (v, or d + m v after Nesterov, or d without a state).
// Settings: rate, c, bound of clip, m, nesterov. A unit is a row.
export function sgd_f32(params: usize, begin: i32, end: i32): void {
  const settings = load<usize>(params, 8);
  const cols = load<i32>(params, 16);
  const decay = v128.load32_splat(params, 28);
  const rate = f32x4.splat(-load<f32>(settings) * load<f32>(params, 32));
  const scale = v128.load32_splat(settings, 4);
  const bound = v128.load32_splat(settings, 8);
  const momentum = v128.load32_splat(settings, 12);
  const nesterov = load<f32>(settings, 16) != 0;
  const state = load<usize>(params, 36);
  for (let row = begin; row < end; row++) {
    const first = row * cols;
    const at = <usize>first << 2;
    let w = load<usize>(params, 0) + (<usize>row * load<usize>(params, 20) << 2);
    let channels = load<usize>(params, 24);
    const step: usize = channels ? 16 : 0;
    let g = load<usize>(params, 4) + at;
    let v = state + at;
    let count = min(cols, load<i32>(params, 12) - first);
    for (; count >= 4 && !channels; count -= 4) {
      sgdStep(w, g, v, 0, 4, true, rate, scale, bound, decay, momentum, state, nesterov);
      w += 16;
      g += 16;
      v += 16;
    }
    for (; count > 0; count -= 4) {
      sgdStep(w, g, v, channels, count, false, rate, scale, bound, decay, momentum, state, nesterov);
      channels += step;
      g += 16;
      v += 16;
    }
  }
}

// @ts-ignore: decorator
@inline
function adamStep(
  w: usize, g: usize, m: usize, v: usize, channels: usize, count: i32, whole: bool,
  rate: v128, scale: v128, bound: v128, decay: v128, keep: v128, decoupled: bool,
  share1: v128, beta2: v128, share2: v128, root: v128, epsilon: v128,
): void {
  let old = loadColumns(w, channels, count, whole);
  let d = clip(f32x4.mul(loadFour(g, count, whole), scale), bound);
  if (decoupled) old = f32x4.mul(old, keep);
  else d = multiplyAdd(d, old, decay);
  const m0 = loadFour(m, count, whole);
  const mean = multiplyAdd(m0, f32x4.sub(d, m0), share1);
  const square = multiplyAdd(f32x4.mul(f32x4.mul(d, d), share2), loadFour(v, count, whole), beta2);
  storeFour(m, mean, count, whole);
  storeFour(v, square, count, whole);
  const divisor = multiplyAdd(epsilon, f32x4.sqrt(square), root);
  storeColumns(w, multiplyAdd(old, f32x4.div(mean, divisor), rate), channels, count, whole);
}

// d = clip(c g) (+ decay w); m += (1 - b1) (d - m); v = b2 v + (1 - b2) d^2; w -= step m / (sqrt(v) root + epsilon),
// where w was multiplied by 1 - rate decay before, if decay is decoupled.
// Settings: rate, c, bound of clip, 1 - b1, b2, 1 - b2, step, root, epsilon, decoupled. A unit is a row.
export function adam_f32(params: usize, begin: i32, end: i32): void {
  const settings = load<usize>(params, 8);
  const cols = load<i32>(params, 16);
  const decoupled = load<f32>(settings, 36) != 0;
  const factor = load<f32>(params, 32);
  const decay = v128.load32_splat(params, 28);
  const keep = f32x4.splat(1 - load<f32>(settings) * factor * load<f32>(params, 28));
  const scale = v128.load32_splat(settings, 4);
  const bound = v128.load32_splat(settings, 8);
  const share1 = v128.load32_splat(settings, 12);
  const beta2 = v128.load32_splat(settings, 16);
  const share2 = v128.load32_splat(settings, 20);
  const rate = f32x4.splat(-load<f32>(settings, 24) * factor);
  const root = v128.load32_splat(settings, 28);
  const epsilon = v128.load32_splat(settings, 32);
  for (let row = begin; row < end; row++) {
    const first = row * cols;
    const at = <usize>first << 2;
    let w = load<usize>(params, 0) + (<usize>row * load<usize>(params, 20) << 2);
    let channels = load<usize>(params, 24);
    const step: usize = channels ? 16 : 0;
    let g = load<usize>(params, 4) + at;
    let m = load<usize>(params, 36) + at;
    let v = load<usize>(params, 40) + at;
    let count = min(cols, load<i32>(params, 12) - first);
    for (; count >= 4 && !channels; count -= 4) {
      adamStep(w, g, m, v, 0, 4, true, rate, scale, bound, decay, keep, decoupled, share1, beta2, share2, root, epsilon);
      w += 16;
      g += 16;
      m += 16;
      v += 16;
    }
    for (; count > 0; count -= 4) {
      adamStep(w, g, m, v, channels, count, false, rate, scale, bound, decay, keep, decoupled, share1, beta2, share2, root, epsilon);
      channels += step;
      g += 16;
      m += 16;
      v += 16;
    }
  }
}
