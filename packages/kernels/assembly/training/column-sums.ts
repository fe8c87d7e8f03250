// Sums of columns, which are gradients of biases: y[j] = sum over rows of x[row, j].
import { addPart, loadLanes } from "../lanes";

const X: usize = 0;
const Y: usize = 4;
const ROWS: usize = 8;
const COLUMNS: usize = 12; // of x
const COUNT: usize = 16; // columns of y
const CHANNELS: usize = 20; // numbers of the columns of x that y has; 0: all
const ACCUMULATES: usize = 24;

/** Rows that are summed before the sum joins those before it, which keeps rounding errors small. */
const BLOCK: i32 = 256;

// Sums 8 columns by two chains of additions in turn, rows in a fixed order; reads whole vectors.
function sumPanel(x: usize, y: usize, rows: i32, step: usize, count: i32): void {
  let total0 = f32x4.splat(0), total1 = f32x4.splat(0);
  while (rows > 0) {
    let a0 = f32x4.splat(0), a1 = f32x4.splat(0), b0 = f32x4.splat(0), b1 = f32x4.splat(0);
    let left = min(rows, BLOCK);
    rows -= left;
    for (; left >= 2; left -= 2, x += 2 * step) {
      a0 = f32x4.add(a0, v128.load(x));
      a1 = f32x4.add(a1, v128.load(x, 16));
      b0 = f32x4.add(b0, v128.load(x + step));
      b1 = f32x4.add(b1, v128.load(x + step, 16));
    }
    if (left) {
      a0 = f32x4.add(a0, v128.load(x));
      a1 = f32x4.add(a1, v128.load(x, 16));
      x += step;
    }
    total0 = f32x4.add(total0, f32x4.add(a0, b0));
    total1 = f32x4.add(total1, f32x4.add(a1, b1));
  }
  addPart(y, total0, total1, count);
}

// Sums 16 columns, a cache line of every row: four chains of additions hide what one has to wait.
function sumTwoPanels(x: usize, y: usize, rows: i32, step: usize): void {
  const zero = f32x4.splat(0);
  let t0 = zero, t1 = zero, t2 = zero, t3 = zero;
  while (rows > 0) {
    let a0 = zero, a1 = zero, a2 = zero, a3 = zero;
    let left = min(rows, BLOCK);
    rows -= left;
    for (; left > 0; left--, x += step) {
      a0 = f32x4.add(a0, v128.load(x));
      a1 = f32x4.add(a1, v128.load(x, 16));
      a2 = f32x4.add(a2, v128.load(x, 32));
      a3 = f32x4.add(a3, v128.load(x, 48));
    }
    t0 = f32x4.add(t0, a0);
    t1 = f32x4.add(t1, a1);
    t2 = f32x4.add(t2, a2);
    t3 = f32x4.add(t3, a3);
  }
  addPart(y, t0, t1, 8);
  addPart(y + 32, t2, t3, 8);
}

function sumColumn(x: usize, y: usize, rows: i32, step: usize): void {
  let total: f32 = 0;
  while (rows > 0) {
    let a: f32 = 0, b: f32 = 0;
    let left = min(rows, BLOCK);
    rows -= left;
    for (; left >= 2; left -= 2, x += 2 * step) {
      a += load<f32>(x);
      b += load<f32>(x + step);
    }
    if (left) {
      a += load<f32>(x);
      x += step;
    }
    total += a + b;
  }
  store<f32>(y, load<f32>(y) + total);
}

/** A unit is 32 columns of y. */
export function column_sums_f32(params: usize, begin: i32, end: i32): void {
  const rows = load<i32>(params, ROWS);
  const step = load<usize>(params, COLUMNS) << 2;
  const channels = load<usize>(params, CHANNELS);
  const count = load<i32>(params, COUNT);
  for (let unit = begin; unit < end; unit++) {
    const last = min(count, unit * 32 + 32);
    const y = load<usize>(params, Y) + (<usize>unit << 7);
    if (!load<i32>(params, ACCUMULATES)) memory.fill(y, 0, <usize>(last - unit * 32) << 2);
    if (channels) {
      for (let j = unit * 32; j < last; j++) {
        const x = load<usize>(params, X) + (load<usize>(channels + (<usize>j << 2)) << 2);
        sumColumn(x, load<usize>(params, Y) + (<usize>j << 2), rows, step);
      }
      continue;
    }
    const x = load<usize>(params, X) + (<usize>unit << 7);
    const columns = last - unit * 32;
    let j = 0;
    for (; columns - j >= 16; j += 16) sumTwoPanels(x + (<usize>j << 2), y + (<usize>j << 2), rows, step);
    for (; j < columns; j += 8) {
      const at = <usize>j << 2;
      const wide = min(8, columns - j);
      // A part of a panel is read whole, but for its last row where that would leave the memory.
      const row = x + at + (rows - 1) * step;
      const safe = wide == 8 || <u64>(row + 32) <= <u64>memory.size() << 16;
      sumPanel(x + at, y + at, safe ? rows : rows - 1, step, wide);
      if (!safe) addPart(y + at, loadLanes(row, wide), loadLanes(row + 16, wide - 4), wide);
    }
  }
}
