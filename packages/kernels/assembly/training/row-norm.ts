// Layer and root-mean-square normalisation of rows [rows, cols], keeping mean and rstd of every row.
import { multiplyAdd } from "../lanes";
import { rowSum, rowSumOfSquares, scaleRow } from "../normalize";
import { loadTail, storeTail } from "../tails";
import { addLanes } from "./row-sums";

// Words: 0 x, 4 y (may be x), 8 cols, 12 gamma (0: ones), 16 beta (0: none), 20 epsilon, 24 mean [rows]
//  (0: root mean square, nothing is taken off), 28 rstd [rows]. A unit is a row.
export function normalize_rows_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 8);
  const means = load<usize>(params, 24);
  for (let row = begin; row < end; row++) {
    const offset = <usize>row * (<usize>cols << 2);
    const at = <usize>row << 2;
    const x = load<usize>(params, 0) + offset;
    const mean: f32 = means ? rowSum(x, cols) / <f32>cols : 0;
    const rstd: f32 = 1 / sqrt<f32>(rowSumOfSquares(x, cols, mean) / <f32>cols + load<f32>(params, 20));
    if (means) store<f32>(means + at, mean);
    store<f32>(load<usize>(params, 28) + at, rstd);
    scaleRow(
      x, load<usize>(params, 4) + offset, cols, f32x4.splat(mean), f32x4.splat(rstd),
      load<usize>(params, 12), load<usize>(params, 16),
    );
  }
}

// dx and partial sums of the parameters' gradients in one pass over x and dy. Words: 0 x, 4 dy, 8 dx (may be
//  dy; 0: not asked for), 12 cols, 16 gamma (0: ones), 20 mean (0: root mean square), 24 rstd, 28 rows,
//  32 rows of a chunk, 36 sums [units, 2, cols] of dy n and dy, n = (x - mean) rstd (0: not asked for).
// A unit is a chunk.
export function normalize_rows_gradient_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 12);
  const chunk = load<i32>(params, 32);
  const means = load<usize>(params, 20);
  const gamma = load<usize>(params, 16);
  const step = <usize>cols << 2;
  for (let unit = begin; unit < end; unit++) {
    const last = min(load<i32>(params, 28), (unit + 1) * chunk);
    let sums = load<usize>(params, 36);
    if (sums) {
      sums += <usize>(unit << 1) * step;
      memory.fill(sums, 0, step << 1);
    }
    for (let row = unit * chunk; row < last; row++) {
      const offset = <usize>row * step;
      const mean: f32 = means ? load<f32>(means + (<usize>row << 2)) : 0;
      const rstd = load<f32>(load<usize>(params, 24) + (<usize>row << 2));
      let dx = load<usize>(params, 8);
      if (dx) dx += offset;
      rowGradient(
        load<usize>(params, 0) + offset, load<usize>(params, 4) + offset, dx, cols, gamma, mean, rstd, means != 0, sums,
      );
    }
  }
}

// dx = rstd (g - mean(g) - n mean(g n)) with g = dy gamma, n = (x - mean) rstd; no mean(g) where only the root
// mean square was divided by. Lanes behind the end are 0 in g.
function rowGradient(
  x: usize, dy: usize, dx: usize, cols: i32, gamma: usize, mean: f32, rstd: f32, centred: bool, sums: usize,
): void {
  const m = f32x4.splat(mean);
  const r = f32x4.splat(rstd);
  let b = m, k = m;
  if (dx) {
    let s0 = i32x4.splat(0), s1 = s0, t0 = s0, t1 = s0;
    let at: usize = 0;
    let count = cols;
    for (; count >= 8; count -= 8) {
      let g0 = v128.load(dy + at), g1 = v128.load(dy + at, 16);
      if (gamma) {
        g0 = f32x4.mul(g0, v128.load(gamma + at));
        g1 = f32x4.mul(g1, v128.load(gamma + at, 16));
      }
      s0 = f32x4.add(s0, g0);
      s1 = f32x4.add(s1, g1);
      t0 = multiplyAdd(t0, g0, f32x4.sub(v128.load(x + at), m));
      t1 = multiplyAdd(t1, g1, f32x4.sub(v128.load(x + at, 16), m));
      at += 32;
    }
    for (; count > 0; count -= 4) {
      let g = loadTail(dy + at, count);
      if (gamma) g = f32x4.mul(g, loadTail(gamma + at, count));
      s0 = f32x4.add(s0, g);
      t0 = multiplyAdd(t0, g, f32x4.sub(loadTail(x + at, count), m));
      at += 16;
    }
    const share: f32 = 1 / <f32>cols;
    b = f32x4.splat(-rstd * rstd * (addLanes(f32x4.add(t0, t1)) * share));
    k = f32x4.splat(centred ? -rstd * (addLanes(f32x4.add(s0, s1)) * share) : 0);
  }
  const beta = sums + (<usize>cols << 2);
  let at: usize = 0;
  let count = cols;
  for (; count >= 4; count -= 4) {
    const d = v128.load(dy + at);
    const n = f32x4.mul(f32x4.sub(v128.load(x + at), m), r);
    if (sums) {
      v128.store(sums + at, multiplyAdd(v128.load(sums + at), d, n));
      v128.store(beta + at, f32x4.add(v128.load(beta + at), d));
    }
    if (dx) {
      const g = gamma ? f32x4.mul(d, v128.load(gamma + at)) : d;
      v128.store(dx + at, multiplyAdd(multiplyAdd(k, n, b), g, r));
    }
    at += 16;
  }
  if (count > 0) {
    const d = loadTail(dy + at, count);
    const n = f32x4.mul(f32x4.sub(loadTail(x + at, count), m), r);
    if (sums) {
      storeTail(sums + at, multiplyAdd(loadTail(sums + at, count), d, n), count);
      storeTail(beta + at, f32x4.add(loadTail(beta + at, count), d), count);
    }
    if (dx) {
      const g = gamma ? f32x4.mul(d, loadTail(gamma + at, count)) : d;
      storeTail(dx + at, multiplyAdd(multiplyAdd(k, n, b), g, r), count);
    }
  }
}
