// Backward pass of normalisation by statistics per channel, in two passes over x and dy: sums of every
// channel over chunks of positions, then the gradient. Where a mask is given (of the activation that
// followed), dy counts only where its bit is set.
import { multiplyAdd } from "../lanes";
import { loadNext, loadTail, storeNext, storeTail } from "../tails";
import { demote, promoteHigh } from "./double-lanes";
import { lanesAt, lanesOf } from "./mask-lanes";

// Sums of dy and of dy (x - mean). Words: 0 x [images, positions, c], 4 dy, 8 c, 12 positions, 16 positions
//  of a chunk, 20 chunks of an image, 24 mean, 28 bytes from one image's mean to the next, 32 mask (0: none),
//  36 sums [units, 2, c]. A unit is a chunk.
export function channel_products_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const chunk = load<i32>(params, 16);
  const chunks = load<i32>(params, 20);
  const mask = load<usize>(params, 32);
  const step = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * chunk;
    let row = image * positions + first;
    let x = load<usize>(params, 0) + <usize>row * step;
    let dy = load<usize>(params, 4) + <usize>row * step;
    const to = load<usize>(params, 36) + <usize>(unit << 1) * step;
    const mean = load<usize>(params, 24) + <usize>image * load<usize>(params, 28);
    memory.fill(to, 0, step << 1);
    let rows = min(chunk, positions - first);
    if (!mask || !(c & 7)) {
      for (; rows >= 4; rows -= 4, row += 4) {
        addFourRows(x, dy, mean, to, step, mask ? mask + (<usize>row * <usize>c >> 3) : 0);
        const whole = step & ~15;
        if (step & 15) for (let i = 0; i < 4; i++) addRow(x + i * step, dy + i * step, mean, to, step, whole, 0, 0);
        x += step << 2;
        dy += step << 2;
      }
    }
    for (; rows > 0; rows--, row++) {
      addRow(x, dy, mean, to, step, 0, mask, row * c);
      x += step;
      dy += step;
    }
  }
}

// The sums lie in the first-level cache and are loaded once for four rows, which are read as they lie in memory.
function addFourRows(x: usize, dy: usize, mean: usize, to: usize, step: usize, mask: usize): void {
  const end = step & ~15;
  for (let at: usize = 0; at < end; at += 16) {
    let p = dy + at;
    let d0 = v128.load(p), d1 = v128.load(p + step);
    p += step << 1;
    let d2 = v128.load(p), d3 = v128.load(p + step);
    if (mask) {
      let q = mask + (at >> 5);
      const part = (at >> 4) & 1;
      d0 = v128.and(d0, lanesOf(v128.load8_splat(q), part));
      q += step >> 5;
      d1 = v128.and(d1, lanesOf(v128.load8_splat(q), part));
      q += step >> 5;
      d2 = v128.and(d2, lanesOf(v128.load8_splat(q), part));
      d3 = v128.and(d3, lanesOf(v128.load8_splat(q + (step >> 5)), part));
    }
    v128.store(to + at, f32x4.add(v128.load(to + at), f32x4.add(f32x4.add(d0, d1), f32x4.add(d2, d3))));
    p = x + at;
    const m = v128.load(mean + at);
    d0 = multiplyAdd(
      f32x4.mul(d0, f32x4.sub(v128.load(p), m)), d1, f32x4.sub(v128.load(p + step), m),
    );
    p += step << 1;
    d2 = multiplyAdd(
      f32x4.mul(d2, f32x4.sub(v128.load(p), m)), d3, f32x4.sub(v128.load(p + step), m),
    );
    p = to + step + at;
    v128.store(p, f32x4.add(v128.load(p), f32x4.add(d0, d2)));
  }
}

// One row, from byte `at` on.
function addRow(
  x: usize, dy: usize, mean: usize, to: usize, step: usize, at: usize, mask: usize, index: i32,
): void {
  for (; at < step; at += 16) {
    const lanes = <i32>((step - at) >> 2);
    let d = loadTail(dy + at, lanes);
    if (mask) d = v128.and(d, lanesAt(mask, index + <i32>(at >> 2), lanes));
    storeTail(to + at, f32x4.add(loadTail(to + at, lanes), d), lanes);
    const deviation = f32x4.sub(loadTail(x + at, lanes), loadTail(mean + at, lanes));
    const p = to + step + at;
    storeTail(p, multiplyAdd(loadTail(p, lanes), d, deviation), lanes);
  }
}

// Sums of several rows of partial sums, in 64 bits and in their order. Words: 0 partial [outer, chunks, row],
//  4 sums [outer, row], 8 row (floats), 12 chunks, 16 add to what is there (1), 20 bytes from one partial row to
//  the next (0: row). A unit is 4 columns of an outer.
export function merge_sums_f32(params: usize, begin: i32, end: i32): void {
  const row = load<i32>(params, 8);
  const chunks = load<i32>(params, 12);
  const strips = (row + 3) >> 2;
  const step = <usize>row << 2;
  const apart = max(step, load<usize>(params, 20));
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / strips;
    const column = (unit - outer * strips) << 2;
    const lanes = row - column;
    let p = load<usize>(params, 0) + <usize>(outer * chunks) * apart + (<usize>column << 2);
    const to = load<usize>(params, 4) + <usize>outer * step + (<usize>column << 2);
    let s0 = f64x2.splat(0), s1 = s0;
    if (load<i32>(params, 16)) {
      const old = loadNext(to, lanes);
      s0 = f64x2.promote_low_f32x4(old);
      s1 = promoteHigh(old);
    }
    for (let k = chunks; k > 0; k--) {
      const v = loadNext(p, lanes);
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
      s1 = f64x2.add(s1, promoteHigh(v));
      p += apart;
    }
    storeTail(to, demote(s0, s1), lanes);
  }
}

// From sums to the gradients of the parameters and the three factors of dx = a dy + b (x - mean) + k.
// Words: 0 sums [2, c] (0: none, statistics are constants and no parameter is asked for), 4 c, 8 positions,
//  12 rstd, 16 gamma (0: ones), 20 dgamma (0: not asked for), 24 dbeta, 28 add to these (1),
//  32 factors [3, c] (0: not asked for), 36 statistics are constants (1). A unit is a channel.
export function batch_gradient_f32(params: usize, begin: i32, end: i32): void {
  const sums = load<usize>(params, 0);
  const row = load<usize>(params, 4) << 2;
  const share = 1 / <f64>load<i32>(params, 8);
  const gamma = load<usize>(params, 16);
  const accumulate = load<i32>(params, 28);
  const factors = load<usize>(params, 32);
  const constant = load<i32>(params, 36);
  for (let unit = begin; unit < end; unit++) {
    const at = <usize>unit << 2;
    const rstd = <f64>load<f32>(load<usize>(params, 12) + at);
    const sum = sums ? <f64>load<f32>(sums + at) : 0;
    const product = sums ? <f64>load<f32>(sums + row + at) : 0;
    addParameter(load<usize>(params, 20), at, product * rstd, accumulate);
    addParameter(load<usize>(params, 24), at, sum, accumulate);
    if (factors) {
      const a = (gamma ? <f64>load<f32>(gamma + at) : 1) * rstd;
      store<f32>(factors + at, <f32>a);
      store<f32>(factors + row + at, constant ? 0 : <f32>(-a * rstd * rstd * product * share));
      store<f32>(factors + 2 * row + at, constant ? 0 : <f32>(-a * sum * share));
    }
  }
}

/** Writes or adds the gradient of a parameter, where one is asked for. */
export function addParameter(to: usize, at: usize, value: f64, accumulate: i32): void {
  if (!to) return;
  if (accumulate) value += <f64>load<f32>(to + at);
  store<f32>(to + at, <f32>value);
}

// dx = a dy + b (x - mean) + k. Words: 0 x (0: dx = a dy), 4 dy, 8 c, 12 positions, 16 positions of a chunk,
//  20 chunks of an image, 24 mean, 28 bytes from one image's mean to the next, 32 mask (0: none; only where c is
//  a multiple of 8), 36 dx (may be dy), 40 factors [3, c] (a, b, k), 44 bytes from one image's factors to the
//  next. A unit is a chunk.
export function channel_gradient_f32(params: usize, begin: i32, end: i32): void {
  const x = load<usize>(params, 0);
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const chunk = load<i32>(params, 16);
  const chunks = load<i32>(params, 20);
  const mask = load<usize>(params, 32);
  const step = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / chunks;
    const first = (unit - image * chunks) * chunk;
    const rows = min(chunk, positions - first);
    const mean = load<usize>(params, 24) + <usize>image * load<usize>(params, 28);
    const factors = load<usize>(params, 40) + <usize>image * load<usize>(params, 44);
    let row = image * positions + first;
    if (c <= 32 && !(c & 7)) {
      // Few channels: each eight by themselves, with what belongs to them in registers.
      for (let at: usize = 0; at < step; at += 32) {
        const offset = <usize>row * step + at;
        gradientOfStrip(
          x ? x + offset : 0, load<usize>(params, 4) + offset, load<usize>(params, 36) + offset, mean + at,
          factors + at, rows, step, mask ? mask + (offset >> 5) : 0,
        );
      }
      continue;
    }
    for (let left = rows; left > 0; left -= 2, row += 2) {
      const offset = <usize>row * step;
      // A last row without a second is computed twice.
      gradientOfRows(
        x ? x + offset : 0, load<usize>(params, 4) + offset, load<usize>(params, 36) + offset, mean, factors,
        c, left > 1 ? step : 0, mask ? mask + (offset >> 5) : 0,
      );
    }
  }
}

function gradientOfStrip(
  x: usize, dy: usize, dx: usize, mean: usize, factors: usize, rows: i32, step: usize, mask: usize,
): void {
  const a0 = v128.load(factors), a1 = v128.load(factors, 16);
  factors += step;
  const b0 = v128.load(factors), b1 = v128.load(factors, 16);
  factors += step;
  const k0 = v128.load(factors), k1 = v128.load(factors, 16);
  const m0 = v128.load(mean), m1 = v128.load(mean, 16);
  for (; rows > 0; rows--) {
    let d0 = v128.load(dy), d1 = v128.load(dy, 16);
    if (mask) {
      const bits = v128.load8_splat(mask);
      d0 = v128.and(d0, lanesOf(bits, 0));
      d1 = v128.and(d1, lanesOf(bits, 1));
      mask += step >> 5;
    }
    d0 = f32x4.mul(d0, a0);
    d1 = f32x4.mul(d1, a1);
    if (x) {
      d0 = f32x4.add(d0, multiplyAdd(k0, f32x4.sub(v128.load(x), m0), b0));
      d1 = f32x4.add(d1, multiplyAdd(k1, f32x4.sub(v128.load(x, 16), m1), b1));
      x += step;
    }
    v128.store(dx, d0);
    v128.store(dx, d1, 16);
    dy += step;
    dx += step;
  }
}

// Two rows, `next` bytes apart: they share the loads of what belongs to channels.
function gradientOfRows(
  x: usize, dy: usize, dx: usize, mean: usize, factors: usize, c: i32, next: usize, mask: usize,
): void {
  const row = <usize>c << 2;
  let left = c;
  for (; left >= 8; left -= 8) {
    let d0 = v128.load(dy), d1 = v128.load(dy, 16);
    let d2 = v128.load(dy + next), d3 = v128.load(dy + next, 16);
    if (mask) {
      let bits = v128.load8_splat(mask);
      d0 = v128.and(d0, lanesOf(bits, 0));
      d1 = v128.and(d1, lanesOf(bits, 1));
      bits = v128.load8_splat(mask + (next >> 5));
      d2 = v128.and(d2, lanesOf(bits, 0));
      d3 = v128.and(d3, lanesOf(bits, 1));
      mask++;
    }
    const a0 = v128.load(factors), a1 = v128.load(factors, 16);
    d0 = f32x4.mul(d0, a0);
    d1 = f32x4.mul(d1, a1);
    d2 = f32x4.mul(d2, a0);
    d3 = f32x4.mul(d3, a1);
    if (x) {
      let f = factors + row;
      const b0 = v128.load(f), b1 = v128.load(f, 16);
      f += row;
      const k0 = v128.load(f), k1 = v128.load(f, 16);
      const m0 = v128.load(mean), m1 = v128.load(mean, 16);
      d0 = f32x4.add(d0, multiplyAdd(k0, f32x4.sub(v128.load(x), m0), b0));
      d1 = f32x4.add(d1, multiplyAdd(k1, f32x4.sub(v128.load(x, 16), m1), b1));
      d2 = f32x4.add(d2, multiplyAdd(k0, f32x4.sub(v128.load(x + next), m0), b0));
      d3 = f32x4.add(d3, multiplyAdd(k1, f32x4.sub(v128.load(x + next, 16), m1), b1));
      x += 32;
      mean += 32;
    }
    v128.store(dx, d0);
    v128.store(dx, d1, 16);
    v128.store(dx + next, d2);
    v128.store(dx + next, d3, 16);
    dy += 32;
    dx += 32;
    factors += 32;
  }
  for (; left > 0; left -= 4) {
    const d0 = gradient4(x, dy, mean, factors, row, left);
    const d1 = gradient4(x ? x + next : 0, dy + next, mean, factors, row, left);
    storeNext(dx, d0, left);
    storeNext(dx + next, d1, left);
    if (x) x += 16;
    dy += 16;
    dx += 16;
    mean += 16;
    factors += 16;
  }
}

function gradient4(x: usize, dy: usize, mean: usize, factors: usize, row: usize, lanes: i32): v128 {
  const d = f32x4.mul(loadNext(dy, lanes), loadNext(factors, lanes));
  if (!x) return d;
  const deviation = f32x4.sub(loadNext(x, lanes), loadNext(mean, lanes));
  const rest = multiplyAdd(loadNext(factors + 2 * row, lanes), deviation, loadNext(factors + row, lanes));
  return f32x4.add(d, rest);
}
