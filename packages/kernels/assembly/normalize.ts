// Softmax and the normalisations.
import { multiplyAdd } from "./lanes";
import { loadNext, loadTail, storeNext, storeTail } from "./tails";
import { exp4, log4 } from "./vector-math";

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

// The first `count` lanes of v, zeros behind them.
function keepLanes(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}

// A NaN may be lost here; it comes back when its exponential is taken.
export function rowMaximum(p: usize, count: i32): f32 {
  let m0 = f32x4.splat(-Infinity);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  for (; count >= 16; count -= 16) {
    m0 = f32x4.pmax(m0, v128.load(p));
    m1 = f32x4.pmax(m1, v128.load(p, 16));
    m2 = f32x4.pmax(m2, v128.load(p, 32));
    m3 = f32x4.pmax(m3, v128.load(p, 48));
    p += 64;
  }
  for (; count > 0; count--) {
    m0 = f32x4.pmax(m0, v128.load32_splat(p));
    p += 4;
  }
  m0 = f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3));
  m0 = f32x4.pmax(m0, i8x16.shuffle(m0, m0, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1));
}

// Softmax of rows. Words: x, y, cols, log (1: its logarithm). A unit is a row.
export function softmax_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 8);
  const log = load<i32>(params, 12);
  for (let row = begin; row < end; row++) {
    const offset = <usize>(row * cols) << 2;
    const x = load<usize>(params, 0) + offset;
    const y = load<usize>(params, 4) + offset;
    const top = f32x4.splat(rowMaximum(x, cols));
    const sum = expRow(x, log ? 0 : y, cols, top);
    // log: x - top - ln sum, where top is taken off first: it may be huge
    if (log) logRow(x, y, cols, top, sum);
    else multiplyRow(y, cols, f32x4.splat(1 / sum));
  }
}

// y = e^(x - top), or nothing kept where y is 0; returns the sum.
function expRow(x: usize, y: usize, count: i32, top: v128): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; count >= 8; count -= 8) {
    const e0 = exp4(f32x4.sub(v128.load(x), top));
    const e1 = exp4(f32x4.sub(v128.load(x, 16), top));
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
    if (y) {
      v128.store(y, e0);
      v128.store(y, e1, 16);
      y += 32;
    }
    x += 32;
  }
  for (; count > 0; count -= 4) {
    const e = keepLanes(exp4(f32x4.sub(loadNext(x, count), top)), count);
    s0 = f32x4.add(s0, e);
    if (y) {
      storeNext(y, e, count);
      y += 16;
    }
    x += 16;
  }
  return sumLanes(f32x4.add(s0, s1));
}

function multiplyRow(y: usize, count: i32, factor: v128): void {
  for (; count >= 8; count -= 8) {
    v128.store(y, f32x4.mul(v128.load(y), factor));
    v128.store(y, f32x4.mul(v128.load(y, 16), factor), 16);
    y += 32;
  }
  for (; count > 0; count -= 4) {
    storeNext(y, f32x4.mul(loadNext(y, count), factor), count);
    y += 16;
  }
}

function logRow(x: usize, y: usize, cols: i32, top: v128, sum: f32): void {
  const off = log4(f32x4.splat(sum));
  for (let count = cols; count > 0; count -= 4) {
    storeNext(y, f32x4.sub(f32x4.sub(loadNext(x, count), top), off), count);
    x += 16;
    y += 16;
  }
}

// Layer (or root-mean-square) normalisation of rows. Words: x, y, cols, rms, gamma, beta, epsilon,
// residual (added to x first), sum (where x + residual goes). Addresses may be 0. A unit is a row.
export function normalize_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 8);
  const rms = load<i32>(params, 12);
  const residual = load<usize>(params, 28);
  for (let row = begin; row < end; row++) {
    const offset = <usize>(row * cols) << 2;
    let x = load<usize>(params, 0) + offset;
    const y = load<usize>(params, 4) + offset;
    if (residual) {
      const to = load<usize>(params, 32);
      const sum = to ? to + offset : y;
      addRows(x, residual + offset, sum, cols);
      x = sum;
    }
    const mean: f32 = rms ? 0 : rowSum(x, cols) / <f32>cols;
    const inverse: f32 = 1 / sqrt<f32>(rowSumOfSquares(x, cols, mean) / <f32>cols + load<f32>(params, 24));
    scaleRow(x, y, cols, f32x4.splat(mean), f32x4.splat(inverse), load<usize>(params, 16), load<usize>(params, 20));
  }
}

function addRows(a: usize, b: usize, y: usize, count: i32): void {
  for (; count > 0; count -= 4) {
    storeNext(y, f32x4.add(loadNext(a, count), loadNext(b, count)), count);
    a += 16;
    b += 16;
    y += 16;
  }
}

export function rowSum(p: usize, count: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; count >= 8; count -= 8) {
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
    p += 32;
  }
  for (; count > 0; count -= 4) {
    s0 = f32x4.add(s0, loadNext(p, count));
    p += 16;
  }
  return sumLanes(f32x4.add(s0, s1));
}

export function rowSumOfSquares(p: usize, count: i32, mean: f32): f32 {
  const m = f32x4.splat(mean);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; count >= 8; count -= 8) {
    const d0 = f32x4.sub(v128.load(p), m);
    const d1 = f32x4.sub(v128.load(p, 16), m);
    s0 = multiplyAdd(s0, d0, d0);
    s1 = multiplyAdd(s1, d1, d1);
    p += 32;
  }
  for (; count > 0; count -= 4) {
    const d = keepLanes(f32x4.sub(loadNext(p, count), m), min(count, 4));
    s0 = multiplyAdd(s0, d, d);
    p += 16;
  }
  return sumLanes(f32x4.add(s0, s1));
}

// y = (x - mean) * inverse * gamma + beta
export function scaleRow(x: usize, y: usize, count: i32, mean: v128, inverse: v128, gamma: usize, beta: usize): void {
  if (gamma && beta) {
    for (; count >= 4; count -= 4) {
      const r = f32x4.mul(f32x4.sub(v128.load(x), mean), inverse);
      v128.store(y, f32x4.add(f32x4.mul(r, v128.load(gamma)), v128.load(beta)));
      x += 16;
      y += 16;
      gamma += 16;
      beta += 16;
    }
  }
  for (; count > 0; count -= 4) {
    let r = f32x4.mul(f32x4.sub(loadNext(x, count), mean), inverse);
    if (gamma) {
      r = f32x4.mul(r, loadNext(gamma, count));
      gamma += 16;
    }
    if (beta) {
      r = f32x4.add(r, loadNext(beta, count));
      beta += 16;
    }
    storeNext(y, r, count);
    x += 16;
    y += 16;
  }
}

// Mean and sum of squared deviations of every channel of [n, positions, c], two passes.
// Words: x, statistics [n, 2, c], positions, c. A unit is 4 channels of one image.
export function channel_statistics_f32(params: usize, begin: i32, end: i32): void {
  const positions = load<i32>(params, 8);
  const c = load<i32>(params, 12);
  const strips = (c + 3) >> 2;
  const step = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const n = unit / strips;
    const channel = (unit - n * strips) << 2;
    const lanes = c - channel;
    const x = load<usize>(params, 0) + (<usize>(n * positions * c + channel) << 2);
    const to = load<usize>(params, 4) + (<usize>(n * 2 * c + channel) << 2);
    let sum = f32x4.splat(0);
    let p = x;
    for (let left = positions; left > 0; left -= 64) {
      let s = f32x4.splat(0);
      for (let block = min(left, 64); block > 0; block--) {
        s = f32x4.add(s, loadTail(p, lanes));
        p += step;
      }
      sum = f32x4.add(sum, s);
    }
    const mean = f32x4.div(sum, f32x4.splat(<f32>positions));
    let squares = f32x4.splat(0);
    p = x;
    for (let left = positions; left > 0; left -= 64) {
      let s = f32x4.splat(0);
      for (let block = min(left, 64); block > 0; block--) {
        const d = f32x4.sub(loadTail(p, lanes), mean);
        s = multiplyAdd(s, d, d);
        p += step;
      }
      squares = f32x4.add(squares, s);
    }
    storeTail(to, mean, lanes);
    storeTail(to + step, squares, lanes);
  }
}

// From the statistics of channels to scale and shift [n, 2, c], over groups of channels, in place.
// Words: statistics, positions, c, channels of a group, gamma [c], beta [c], epsilon. A unit is a group.
export function group_scale_f32(params: usize, begin: i32, end: i32): void {
  const positions = <f64>load<i32>(params, 4);
  const c = load<i32>(params, 8);
  const size = load<i32>(params, 12);
  const gamma = load<usize>(params, 16);
  const beta = load<usize>(params, 20);
  const groups = c / size;
  const row = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const n = unit / groups;
    const first = (unit - n * groups) * size;
    const at = load<usize>(params, 0) + (<usize>(n * 2 * c + first) << 2);
    let mean: f64 = 0;
    let squares: f64 = 0;
    for (let i = 0; i < size; i++) mean += <f64>load<f32>(at + (<usize>i << 2));
    mean /= <f64>size;
    for (let i = 0; i < size; i++) {
      const p = at + (<usize>i << 2);
      const d = <f64>load<f32>(p) - mean;
      squares += <f64>load<f32>(p + row) + d * d * positions;
    }
    const inverse = 1 / sqrt<f64>(squares / (positions * <f64>size) + <f64>load<f32>(params, 24));
    for (let i = 0; i < size; i++) {
      const p = at + (<usize>i << 2);
      const channel = <usize>(first + i) << 2;
      const g = gamma ? <f64>load<f32>(gamma + channel) : 1;
      const b = beta ? <f64>load<f32>(beta + channel) : 0;
      store<f32>(p, <f32>(g * inverse));
      store<f32>(p + row, <f32>(b - mean * g * inverse));
    }
  }
}
