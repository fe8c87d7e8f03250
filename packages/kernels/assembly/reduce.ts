// Reductions of [outer, axis, inner] along the middle axis.
import { rowSum } from "./normalize";
import { loadNext, storeNext } from "./tails";

const SUM = 0; // combined by +
const MAX = 1;
const MIN = 2;

const PLAIN = 0; // taken as they are
const SQUARE = 1;
const ABSOLUTE = 2;

const BLOCK = 1024; // floats summed on their own, so that rounding does not grow with the axis

const NEUTRAL = memory.data<f32>([0, -Infinity, Infinity, 1]); // by op

// Words: x, y, axis, inner, op, map, scale, root (1: square root at the end).
// A unit is a row when inner is 1, else 16 columns of one outer index.
export function reduce_f32(params: usize, begin: i32, end: i32): void {
  const x = load<usize>(params, 0);
  const y = load<usize>(params, 4);
  const axis = load<i32>(params, 8);
  const inner = load<i32>(params, 12);
  const op = load<i32>(params, 16);
  const map = load<i32>(params, 20);
  const plainSum = op == SUM && map == PLAIN;
  const scale = v128.load32_splat(params, 24);
  const root = load<i32>(params, 28);
  const strips = (inner + 15) >> 4;
  const step = <usize>inner << 2;
  for (let unit = begin; unit < end; unit++) {
    if (inner == 1) {
      const row = x + (<usize>(unit * axis) << 2);
      let total: f32;
      if (plainSum) total = blockSum(row, axis);
      else total = reduceRow(op, map, row, axis);
      total *= load<f32>(params, 24);
      store<f32>(y + (<usize>unit << 2), root ? sqrt<f32>(total) : total);
      continue;
    }
    const outer = unit / strips;
    const column = (unit - outer * strips) << 4;
    let p = x + (<usize>(outer * inner * axis + column) << 2);
    let to = y + (<usize>(outer * inner + column) << 2);
    let count = min(inner - column, 16);
    if (plainSum && count == 16) sumColumns(p, to, axis, step);
    else {
      let q = to;
      for (let lanes = count; lanes > 0; lanes -= 4) {
        storeNext(q, reduceColumns(op, map, p, axis, step, lanes), lanes);
        p += 16;
        q += 16;
      }
    }
    for (; count > 0; count -= 4) {
      const v = f32x4.mul(loadNext(to, count), scale);
      storeNext(to, root ? f32x4.sqrt(v) : v, count);
      to += 16;
    }
  }
}

function blockSum(p: usize, count: i32): f32 {
  let total: f64 = 0;
  for (; count > BLOCK; count -= BLOCK) {
    total += <f64>rowSum(p, BLOCK);
    p += BLOCK * 4;
  }
  return <f32>(total + <f64>rowSum(p, count));
}

// Rows of a column summed on their own: rounding grows with the root of the axis.
function blockRows(axis: i32): i32 {
  return max(64, <i32>sqrt<f32>(<f32>axis));
}

// @ts-ignore: decorator
@inline
function combine(op: i32, map: i32, total: v128, x: v128): v128 {
  if (map == SQUARE) x = f32x4.mul(x, x);
  else if (map == ABSOLUTE) x = f32x4.abs(x);
  if (op == SUM) return f32x4.add(total, x);
  if (op == MAX) return f32x4.max(total, x);
  if (op == MIN) return f32x4.min(total, x);
  return f32x4.mul(total, x);
}

// One number at a time would be as short, but four at a time are four times as fast.
function reduceRow(op: i32, map: i32, p: usize, count: i32): f32 {
  const whole = count >> 2;
  // The row as [whole, 4], then the rest and the four results as columns of one.
  let v = reduceColumns(op, map, p, whole, 16, 4);
  p += <usize>whole << 4;
  const rest = reduceColumns(op, map, p, count & 3, 4, 1);
  v = combine(op, PLAIN, v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  v = combine(op, PLAIN, v, i8x16.shuffle(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  return f32x4.extract_lane(combine(op, PLAIN, v, rest), 0);
}

function reduceColumns(op: i32, map: i32, p: usize, axis: i32, step: usize, lanes: i32): v128 {
  const none = v128.load32_splat(NEUTRAL + (<usize>op << 2));
  let total = none;
  const rows = blockRows(axis);
  for (let left = axis; left > 0; left -= rows) {
    let s = none;
    for (let block = min(left, rows); block > 0; block--) {
      s = combine(op, map, s, loadNext(p, lanes));
      p += step;
    }
    total = combine(op, PLAIN, total, s);
  }
  return total;
}

// 16 columns in four sums.
function sumColumns(p: usize, y: usize, axis: i32, step: usize): void {
  const zero = i32x4.splat(0);
  let t0 = zero;
  let t1 = zero;
  let t2 = zero;
  let t3 = zero;
  const rows = blockRows(axis);
  for (let left = axis; left > 0; left -= rows) {
    let s0 = zero;
    let s1 = zero;
    let s2 = zero;
    let s3 = zero;
    for (let block = min(left, rows); block > 0; block--) {
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
      p += step;
    }
    t0 = f32x4.add(t0, s0);
    t1 = f32x4.add(t1, s1);
    t2 = f32x4.add(t2, s2);
    t3 = f32x4.add(t3, s3);
  }
  v128.store(y, t0);
  v128.store(y, t1, 16);
  v128.store(y, t2, 32);
  v128.store(y, t3, 48);
}
