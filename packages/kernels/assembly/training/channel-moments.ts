// Mean and variance of every channel of [images, positions, c], in one pass over memory: a unit is a chunk of
// positions that stays in the first-level cache while its own mean, and the squares about that, are taken;
// the chunks are then merged in their order in 64 bits (Chan, Golub and LeVeque, 1979), so that nothing
// depends on which thread took which chunk.
import { multiplyAdd } from "../lanes";
import { loadNext, loadTail, storeNext, storeTail } from "../tails";
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
    const x = load<usize>(params, 0) + <usize>(image * positions + first) * step;
    const mean = load<usize>(params, 4) + <usize>(unit << 1) * step;
    memory.fill(mean, 0, step << 1);
    addRows(x, 0, mean, rows, step);
    const share = f32x4.splat(<f32>1 / <f32>rows);
    for (let left = c, p = mean; left > 0; left -= 4, p += 16) storeNext(p, f32x4.mul(loadNext(p, left), share), left);
    addRows(x, mean, mean + step, rows, step);
  }
}

// Adds rows, or where there is a mean the squares of what they differ from it, to sums in the first-level
// cache; four at a time, read as they lie in memory.
function addRows(x: usize, mean: usize, to: usize, rows: i32, step: usize): void {
  const whole = step & ~15;
  for (; rows >= 4; rows -= 4) {
    for (let at: usize = 0; at < whole; at += 16) {
      let p = x + at;
      let d0 = v128.load(p), d1 = v128.load(p + step);
      p += step << 1;
      let d2 = v128.load(p), d3 = v128.load(p + step);
      if (mean) {
        const m = v128.load(mean + at);
        d0 = f32x4.sub(d0, m);
        d0 = f32x4.mul(d0, d0);
        d1 = f32x4.sub(d1, m);
        d2 = f32x4.sub(d2, m);
        d2 = f32x4.mul(d2, d2);
        d3 = f32x4.sub(d3, m);
        d0 = f32x4.add(multiplyAdd(d0, d1, d1), multiplyAdd(d2, d3, d3));
      } else d0 = f32x4.add(f32x4.add(d0, d1), f32x4.add(d2, d3));
      v128.store(to + at, f32x4.add(v128.load(to + at), d0));
    }
    if (step & 15) for (let i = 0; i < 4; i++) addRow(x + i * step, mean, to, step, whole);
    x += step << 2;
  }
  for (; rows > 0; rows--) {
    addRow(x, mean, to, step, 0);
    x += step;
  }
}

// One row, from byte `at` on.
function addRow(x: usize, mean: usize, to: usize, step: usize, at: usize): void {
  for (; at < step; at += 16) {
    const lanes = <i32>((step - at) >> 2);
    let d = loadTail(x + at, lanes);
    if (mean) {
      d = f32x4.sub(d, loadTail(mean + at, lanes));
      d = f32x4.mul(d, d);
    }
    storeTail(to + at, f32x4.add(loadTail(to + at, lanes), d), lanes);
  }
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
