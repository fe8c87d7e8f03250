// Weights change with every step of a training, so they are packed with every run, in the panels of
// ../segment-product.ts: [panel of 8 columns][outer][middle][inner][8], zeros behind the last column. Where
// an element lies is told by one step for each of the four dimensions; steps may be negative, which
// rotates a kernel.
import { loadLanes } from "../lanes";

const SOURCE: usize = 0;
const PACKED: usize = 4;
const COLUMNS: usize = 8;
const OUTER: usize = 12;
const MIDDLE: usize = 16;
const INNER: usize = 20;
const OUTER_STEP: usize = 24; // bytes
const MIDDLE_STEP: usize = 28;
const INNER_STEP: usize = 32;
const COLUMN_STEP: usize = 36;
const SOURCES_STEP: usize = 40; // from one matrix of many to the next
const PACKED_STEP: usize = 44;
const PANELS: usize = 48; // of one matrix

// Columns lie side by side: rows are copied.
function copyRows(from: usize, to: usize, rows: i32, step: usize, count: i32): void {
  if (count == 8) {
    for (; rows > 0; rows--, from += step, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
    return;
  }
  for (; rows > 0; rows--, from += step, to += 32) {
    v128.store(to, loadLanes(from, count));
    v128.store(to, loadLanes(from + 16, count - 4), 16);
  }
}

// @ts-ignore: decorator
@inline
function storeTransposed(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7), 96);
}

// Rows lie side by side: blocks of 4 x 4 are transposed.
function transposeRows(from: usize, to: usize, rows: i32, step: usize, count: i32): void {
  const zero = f32x4.splat(0);
  for (; rows >= 4; rows -= 4, from += 16, to += 128) {
    let p = from, half = to;
    for (let left = count; half < to + 32; left -= 4, half += 16) {
      let a = zero, b = zero, c = zero, d = zero;
      if (left > 0) a = v128.load(p);
      if (left > 1) b = v128.load(p + step);
      if (left > 2) c = v128.load(p + 2 * step);
      if (left > 3) d = v128.load(p + 3 * step);
      storeTransposed(half, a, b, c, d);
      p += 4 * step;
    }
  }
  pickRows(from, to, rows, 4, step, count);
}

// Neither does: one value at a time.
function pickRows(from: usize, to: usize, rows: i32, rowStep: usize, step: usize, count: i32): void {
  for (; rows > 0; rows--, from += rowStep) {
    let p = from;
    for (let j = 0; j < 8; j++, p += step, to += 4) store<f32>(to, j < count ? load<f32>(p) : 0);
  }
}

/** Packs matrices; a unit is one of the outer rows of a panel. */
export function pack_taps_f32(params: usize, begin: i32, end: i32): void {
  const outer = load<i32>(params, OUTER);
  const middle = load<i32>(params, MIDDLE);
  const inner = load<i32>(params, INNER);
  const innerStep = load<usize>(params, INNER_STEP);
  const columnStep = load<usize>(params, COLUMN_STEP);
  const panels = load<i32>(params, PANELS);
  const bytes = <usize>(middle * inner) << 5;
  for (let unit = begin; unit < end; unit++) {
    const all = unit / outer;
    const row = unit - all * outer;
    const matrix = all / panels;
    const panel = all - matrix * panels;
    const count = min(8, load<i32>(params, COLUMNS) - panel * 8);
    let from = load<usize>(params, SOURCE) + matrix * load<usize>(params, SOURCES_STEP) + panel * 8 * columnStep + row * load<usize>(params, OUTER_STEP);
    let to = load<usize>(params, PACKED) + matrix * load<usize>(params, PACKED_STEP) + (panel * outer + row) * bytes;
    for (let i = 0; i < middle; i++) {
      if (columnStep == 4) copyRows(from, to, inner, innerStep, count);
      else if (innerStep == 4) transposeRows(from, to, inner, columnStep, count);
      else pickRows(from, to, inner, innerStep, columnStep, count);
      from += load<usize>(params, MIDDLE_STEP);
      to += <usize>inner << 5;
    }
  }
}
