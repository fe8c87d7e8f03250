// Reductions of [outer, axis, inner] along the middle axis.
import { loadLanes, storeLanes } from "./lanes";

const SUM = 0; // combined by +
const MAX = 1;
const MIN = 2;
const PRODUCT = 3;

const PLAIN = 0; // taken as they are
const SQUARE = 1;
const ABSOLUTE = 2;

const BLOCK = 64; // rows summed on their own, so that rounding grows with axis / BLOCK

// @ts-ignore: decorator
@inline
function take(map: i32, x: v128): v128 {
  if (map == SQUARE) return f32x4.mul(x, x);
  if (map == ABSOLUTE) return f32x4.abs(x);
  return x;
}

// @ts-ignore: decorator
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == SUM) return f32x4.add(a, b);
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  return f32x4.mul(a, b);
}

function neutral(op: i32): v128 {
  if (op == SUM) return f32x4.splat(0);
  if (op == MAX) return f32x4.splat(-Infinity);
  if (op == MIN) return f32x4.splat(Infinity);
  return f32x4.splat(1);
}

// Words: x, y, axis, inner, op, map, scale, root (1: square root at the end).
// A unit is a row when inner is 1, else 16 columns of one outer index.
export function reduce_f32(params: usize, begin: i32, end: i32): void {
  const op = load<i32>(params, 16);
  const map = load<i32>(params, 20);
  if (op == SUM && map == PLAIN) reduce(SUM, PLAIN, params, begin, end);
  else if (op == MAX) reduce(MAX, PLAIN, params, begin, end);
  else reduceAny(op, map, params, begin, end);
}

function reduceAny(op: i32, map: i32, params: usize, begin: i32, end: i32): void {
  reduce(op, map, params, begin, end);
}

// @ts-ignore: decorator
@inline
function reduce(op: i32, map: i32, params: usize, begin: i32, end: i32): void {
  const x = load<usize>(params, 0);
  const y = load<usize>(params, 4);
  const axis = load<i32>(params, 8);
  const inner = load<i32>(params, 12);
  const root = load<i32>(params, 28);
  const scale = v128.load32_splat(params, 24);
  const none = neutral(op);
  if (inner == 1) {
    for (let unit = begin; unit < end; unit++) {
      let p = x + (<usize>(unit * axis) << 2);
      let total = none;
      let left = axis;
      while (left >= 16) {
        let s0 = none;
        let s1 = none;
        let s2 = none;
        let s3 = none;
        let block = min(left >> 4, BLOCK);
        left -= block << 4;
        for (; block > 0; block--) {
          s0 = combine(op, s0, take(map, v128.load(p)));
          s1 = combine(op, s1, take(map, v128.load(p, 16)));
          s2 = combine(op, s2, take(map, v128.load(p, 32)));
          s3 = combine(op, s3, take(map, v128.load(p, 48)));
          p += 64;
        }
        total = combine(op, total, combine(op, combine(op, s0, s1), combine(op, s2, s3)));
      }
      for (; left > 0; left--) {
        // One value in lane 0, the neutral value in the others.
        const v = f32x4.replace_lane(none, 0, f32x4.extract_lane(take(map, v128.load32_splat(p)), 0));
        total = combine(op, total, v);
        p += 4;
      }
      total = combine(op, total, i8x16.shuffle(total, total, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
      total = combine(op, total, i8x16.shuffle(total, total, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
      total = f32x4.mul(total, scale);
      if (root) total = f32x4.sqrt(total);
      store<f32>(y + (<usize>unit << 2), f32x4.extract_lane(total, 0));
    }
    return;
  }
  const strips = (inner + 15) >> 4;
  const step = <usize>inner << 2;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / strips;
    let column = (unit - outer * strips) << 4;
    const stop = min(inner, column + 16);
    let at = <usize>(outer * inner * axis + column) << 2;
    let to = y + (<usize>(outer * inner + column) << 2);
    if (stop - column == 16) {
      let t0 = none;
      let t1 = none;
      let t2 = none;
      let t3 = none;
      let p = x + at;
      for (let left = axis; left > 0; left -= BLOCK) {
        let s0 = none;
        let s1 = none;
        let s2 = none;
        let s3 = none;
        for (let block = min(left, BLOCK); block > 0; block--) {
          s0 = combine(op, s0, take(map, v128.load(p)));
          s1 = combine(op, s1, take(map, v128.load(p, 16)));
          s2 = combine(op, s2, take(map, v128.load(p, 32)));
          s3 = combine(op, s3, take(map, v128.load(p, 48)));
          p += step;
        }
        t0 = combine(op, t0, s0);
        t1 = combine(op, t1, s1);
        t2 = combine(op, t2, s2);
        t3 = combine(op, t3, s3);
      }
      t0 = f32x4.mul(t0, scale);
      t1 = f32x4.mul(t1, scale);
      t2 = f32x4.mul(t2, scale);
      t3 = f32x4.mul(t3, scale);
      v128.store(to, root ? f32x4.sqrt(t0) : t0);
      v128.store(to, root ? f32x4.sqrt(t1) : t1, 16);
      v128.store(to, root ? f32x4.sqrt(t2) : t2, 32);
      v128.store(to, root ? f32x4.sqrt(t3) : t3, 48);
      continue;
    }
    for (; column < stop; column += 4) {
      const lanes = stop - column;
      let total = none;
      let p = x + at;
      for (let left = axis; left > 0; left -= BLOCK) {
        let s = none;
        for (let block = min(left, BLOCK); block > 0; block--) {
          s = combine(op, s, take(map, loadLanes(p, lanes)));
          p += step;
        }
        total = combine(op, total, s);
      }
      total = f32x4.mul(total, scale);
      storeLanes(to, root ? f32x4.sqrt(total) : total, lanes);
      at += 16;
      to += 16;
    }
  }
}
