// Mean and variance of every channel of [images, positions, c], in one pass over memory: a unit is a chunk of
// positions that stays in the first-level cache while its own mean, and the squares about that, are taken;
// the chunks are then merged in their order in 64 bits (Chan, Golub and LeVeque, 1979), so that nothing
// depends on which thread took which chunk.
import { multiplyAdd } from "../lanes";
import { loadNext, loadTail, storeTail } from "../tails";
import { demote, promoteHigh } from "./double-lanes";

// Words: 0 x [images, positions, c], 4 moments [units, 2, c] (mean, squares about it), 8 c, 12 positions,
//  16 positions of a chunk, 20 chunks of an image. A unit is a chunk.
export function channel_moments_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const chunk = load<i32>(params, 16);
  const chunks = load<i32>(params, 20);
  const step = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * chunk;
    const rows = min(chunk, positions - first);
    let x = load<usize>(params, 0) + <usize>(image * positions + first) * step;
    let to = load<usize>(params, 4) + <usize>(unit << 1) * step;
    let left = c;
    for (; left >= 8; left -= 8) {
      moments8(x, to, rows, step);
      x += 32;
      to += 32;
    }
    for (; left > 0; left -= 4) {
      moments4(x, to, rows, step, left);
      x += 16;
      to += 16;
    }
  }
}

// Two positions at a time: four sums hide the latency of an addition.
function moments8(x: usize, to: usize, rows: i32, step: usize): void {
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let p = x;
  for (let i = rows; i > 1; i -= 2) {
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
    s2 = f32x4.add(s2, v128.load(p + step));
    s3 = f32x4.add(s3, v128.load(p + step, 16));
    p += step << 1;
  }
  if (rows & 1) {
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
  }
  const scale = f32x4.splat(<f32>1 / <f32>rows);
  const m0 = f32x4.mul(f32x4.add(s0, s2), scale);
  const m1 = f32x4.mul(f32x4.add(s1, s3), scale);
  v128.store(to, m0);
  v128.store(to, m1, 16);
  s0 = s1 = s2 = s3 = i32x4.splat(0);
  p = x;
  for (let i = rows; i > 1; i -= 2) {
    const d0 = f32x4.sub(v128.load(p), m0);
    const d1 = f32x4.sub(v128.load(p, 16), m1);
    s0 = multiplyAdd(s0, d0, d0);
    s1 = multiplyAdd(s1, d1, d1);
    const d2 = f32x4.sub(v128.load(p + step), m0);
    const d3 = f32x4.sub(v128.load(p + step, 16), m1);
    s2 = multiplyAdd(s2, d2, d2);
    s3 = multiplyAdd(s3, d3, d3);
    p += step << 1;
  }
  if (rows & 1) {
    const d0 = f32x4.sub(v128.load(p), m0);
    const d1 = f32x4.sub(v128.load(p, 16), m1);
    s0 = multiplyAdd(s0, d0, d0);
    s1 = multiplyAdd(s1, d1, d1);
  }
  v128.store(to + step, f32x4.add(s0, s2));
  v128.store(to + step, f32x4.add(s1, s3), 16);
}

function moments4(x: usize, to: usize, rows: i32, step: usize, lanes: i32): void {
  let mean = i32x4.splat(0);
  let p = x;
  for (let i = rows; i > 0; i--) {
    mean = f32x4.add(mean, loadTail(p, lanes));
    p += step;
  }
  mean = f32x4.mul(mean, f32x4.splat(<f32>1 / <f32>rows));
  let squares = i32x4.splat(0);
  p = x;
  for (let i = rows; i > 0; i--) {
    const d = f32x4.sub(loadTail(p, lanes), mean);
    squares = multiplyAdd(squares, d, d);
    p += step;
  }
  storeTail(to, mean, lanes);
  storeTail(to + step, squares, lanes);
}

// The moments of whole images from those of their chunks. Words: 0 moments [images, chunks, 2, c],
//  4 merged [images, 2, c], 8 c, 12 positions, 16 positions of a chunk, 20 chunks.
// A unit is 4 channels of an image.
export function merge_moments_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const chunk = load<i32>(params, 16);
  const chunks = load<i32>(params, 20);
  const strips = (c + 3) >> 2;
  const step = <usize>c << 2;
  const share = f64x2.splat(1 / <f64>positions);
  const last = f64x2.splat(<f64>(positions - (chunks - 1) * chunk));
  for (let unit = begin; unit < end; unit++) {
    const image = unit / strips;
    const channel = (unit - image * strips) << 2;
    const lanes = c - channel;
    const from = load<usize>(params, 0) + <usize>(image * chunks * 2) * step + (<usize>channel << 2);
    let mean0 = f64x2.splat(0), mean1 = mean0;
    let p = from;
    for (let k = 1; k <= chunks; k++) {
      const rows = k < chunks ? f64x2.splat(<f64>chunk) : last;
      const m = loadNext(p, lanes);
      mean0 = f64x2.add(mean0, f64x2.mul(rows, f64x2.promote_low_f32x4(m)));
      mean1 = f64x2.add(mean1, f64x2.mul(rows, promoteHigh(m)));
      p += step << 1;
    }
    mean0 = f64x2.mul(mean0, share);
    mean1 = f64x2.mul(mean1, share);
    let s0 = f64x2.splat(0), s1 = s0;
    p = from;
    for (let k = 1; k <= chunks; k++) {
      const rows = k < chunks ? f64x2.splat(<f64>chunk) : last;
      const m = loadNext(p, lanes);
      const s = loadNext(p + step, lanes);
      const d0 = f64x2.sub(f64x2.promote_low_f32x4(m), mean0);
      const d1 = f64x2.sub(promoteHigh(m), mean1);
      s0 = f64x2.add(s0, f64x2.add(f64x2.promote_low_f32x4(s), f64x2.mul(rows, f64x2.mul(d0, d0))));
      s1 = f64x2.add(s1, f64x2.add(promoteHigh(s), f64x2.mul(rows, f64x2.mul(d1, d1))));
      p += step << 1;
    }
    const to = load<usize>(params, 4) + <usize>(image << 1) * step + (<usize>channel << 2);
    storeTail(to, demote(mean0, mean1), lanes);
    storeTail(to + step, demote(s0, s1), lanes);
  }
}

// From merged moments to what batch normalisation uses and keeps. Words: 0 moments [2, c], 4 c, 8 positions,
//  12 epsilon, 16 mean [c], 20 rstd [c], 24 running mean [c] (0: none), 28 running variance [c],
//  32 momentum (weight of the new value). A unit is a channel.
export function batch_statistics_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 4);
  const positions = <f64>load<i32>(params, 8);
  const moments = load<usize>(params, 0);
  const runningMean = load<usize>(params, 24);
  const runningVariance = load<usize>(params, 28);
  const momentum = <f64>load<f32>(params, 32);
  for (let unit = begin; unit < end; unit++) {
    const at = <usize>unit << 2;
    const mean = load<f32>(moments + at);
    const squares = <f64>load<f32>(moments + (<usize>c << 2) + at);
    store<f32>(load<usize>(params, 16) + at, mean);
    store<f32>(load<usize>(params, 20) + at, <f32>(1 / sqrt<f64>(squares / positions + <f64>load<f32>(params, 12))));
    if (runningMean) {
      const old = <f64>load<f32>(runningMean + at);
      store<f32>(runningMean + at, <f32>(old + momentum * (<f64>mean - old)));
    }
    if (runningVariance) {
      const old = <f64>load<f32>(runningVariance + at);
      store<f32>(runningVariance + at, <f32>(old + momentum * (squares / max(positions - 1, 1) - old)));
    }
  }
}

// rstd = 1 / sqrt(variance + epsilon). Words: 0 variance, 4 rstd, 8 epsilon. A unit is a channel.
export function inverse_deviation_f32(params: usize, begin: i32, end: i32): void {
  for (let unit = begin; unit < end; unit++) {
    const at = <usize>unit << 2;
    const variance = <f64>load<f32>(load<usize>(params, 0) + at);
    store<f32>(load<usize>(params, 4) + at, <f32>(1 / sqrt<f64>(variance + <f64>load<f32>(params, 8))));
  }
}
