// Rows of x made ready for the products with weights of few bits. A unit is a row. Each group of columns has a
// scale of its own, by its largest magnitude; INFO takes 16 bytes a group: the f32 value of one code, the i32
// start of the product's sums, and the f32 sum of the group's values as coded.
import { loadNext, loadTail, storeNext } from "../../tails";

export const X: usize = 0; // f32
export const OUT: usize = 4;
export const INFO: usize = 8;
export const COLUMNS: usize = 12; // of x
export const GROUP: usize = 16; // columns of a group, a multiple of 8
export const GROUPS: usize = 20;
export const X_STRIDE: usize = 24; // bytes
export const OUT_STRIDE: usize = 28; // bytes
export const INFO_STRIDE: usize = 32; // bytes

/** Factors x0, x2, x1 - 256 x0, x3 - 256 x2 of linear_int8 for each 4 columns. */
export function linear_quantize_int8(params: usize, begin: i32, end: i32): void {
  for (let row = begin; row < end; row++) quantizeRow(params, row, INT8);
}

/** Factors x[i] - 16 x[i - 2] of linear_int4; codes up to 1927 keep them within 16 bits. */
export function linear_quantize_int4(params: usize, begin: i32, end: i32): void {
  for (let row = begin; row < end; row++) quantizeRow(params, row, INT4);
}

/** Codes in order, for linear_int4_dot. */
export function linear_quantize_int4_dot(params: usize, begin: i32, end: i32): void {
  for (let row = begin; row < end; row++) quantizeRow(params, row, INT4_DOT);
}

const INT8: i32 = 0;
const INT4: i32 = 1;
const INT4_DOT: i32 = 2;

function quantizeRow(params: usize, row: i32, kind: i32): void {
  let x = <usize>load<u32>(params, X) + <usize>row * load<u32>(params, X_STRIDE);
  let out = <usize>load<u32>(params, OUT) + <usize>row * load<u32>(params, OUT_STRIDE);
  let info = <usize>load<u32>(params, INFO) + <usize>row * load<u32>(params, INFO_STRIDE);
  const group = load<i32>(params, GROUP);
  const limit: f32 = kind == INT4 ? 1927 : 127;
  const zero = i16x8.splat(0);
  const ones = i16x8.splat(1);
  const met = startWeights(kind);
  let left = load<i32>(params, COLUMNS);
  for (let g = load<i32>(params, GROUPS); g; g--) {
    const most = largest(x, min(left, group));
    const value = most / limit;
    const factors = f32x4.splat(most > 1e-30 ? limit / most : 0);
    let start = zero;
    let sum = zero;
    for (let i = group; i; i -= 8) {
      const c = nextCodes(x, left, factors);
      start = i32x4.add(start, i32x4.dot_i16x8_s(c, met));
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(c, ones));
      if (kind == INT8) {
        const excess = i16x8.shl(v128.shuffle<i16>(c, zero, 8, 8, 0, 2, 8, 8, 4, 6), 8);
        v128.store(out, i16x8.sub(v128.shuffle<i16>(c, c, 0, 2, 1, 3, 4, 6, 5, 7), excess));
        out += 16;
      } else if (kind == INT4) {
        const excess = i16x8.shl(v128.shuffle<i16>(c, zero, 8, 8, 0, 1, 2, 3, 4, 5), 4);
        v128.store(out, i16x8.sub(c, excess));
        out += 16;
      } else {
        v128.store64_lane(out, i8x16.narrow_i16x8_s(c, c), 0);
        out += 8;
      }
      x += 32;
      left -= 8;
    }
    store<f32>(info, value);
    store<i32>(info, addLanes(start), 4);
    store<f32>(info, <f32>addLanes(sum) * value, 8);
    info += 16;
  }
}

// What the sums of a product start at is the sum of the codes times these: they take off what unsigned digits
// have too much.
function startWeights(kind: i32): v128 {
  if (kind == INT8) return i16x8.mul(v128.shuffle<i16>(i16x8.splat(1), i16x8.splat(0), 0, 8, 0, 8, 0, 8, 0, 8), i16x8.splat(-128));
  if (kind == INT4) return v128.shuffle<i16>(i16x8.splat(-8), i16x8.splat(0), 0, 1, 2, 3, 4, 5, 8, 8);
  return i16x8.splat(-8);
}

// Eight codes of a row of which `left` values are left, zeros behind them.
// @ts-ignore: decorator
@inline
export function nextCodes(x: usize, left: i32, factors: v128): v128 {
  const a = left >= 8 ? v128.load(x) : left > 0 ? loadTail(x, left) : i32x4.splat(0);
  const b = left >= 8 ? v128.load(x, 16) : left > 4 ? loadTail(x + 16, left - 4) : i32x4.splat(0);
  // 1.5 * 2^23 leaves no bits behind the point: what it is added to is rounded to even into its lowest bits.
  const point = f32x4.splat(12582912);
  return i16x8.narrow_i32x4_s(
    i32x4.sub(f32x4.add(f32x4.mul(a, factors), point), point),
    i32x4.sub(f32x4.add(f32x4.mul(b, factors), point), point),
  );
}

export function largest(x: usize, count: i32): f32 {
  let peak = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    const v = count >= 4 ? v128.load(x) : loadTail(x, count);
    peak = f32x4.max(peak, f32x4.abs(v));
    x += 16;
  }
  peak = f32x4.max(peak, v128.shuffle<f32>(peak, peak, 2, 3, 2, 3));
  return max(f32x4.extract_lane(peak, 0), f32x4.extract_lane(peak, 1));
}

function addLanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) +
    i32x4.extract_lane(v, 1) +
    i32x4.extract_lane(v, 2) +
    i32x4.extract_lane(v, 3)
  );
}

/**
 * x * 2^112 / p for f16 weights, p the power of two of the row's largest magnitude, so that products neither
 * overflow nor underflow: the bits of an f16, moved to where an f32 has sign, exponent and fraction, are its value
 * times 2^-112. INFO: p.
 */
export function linear_lift(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  const lift = f32x4.splat(reinterpret<f32>((127 + 112) << 23));
  for (let row = begin; row < end; row++) {
    let x = <usize>load<u32>(params, X) + <usize>row * load<u32>(params, X_STRIDE);
    let out = <usize>load<u32>(params, OUT) + <usize>row * load<u32>(params, OUT_STRIDE);
    const exponent = reinterpret<u32>(largest(x, columns)) & 0x7f800000;
    const power = reinterpret<f32>(min(max(exponent, 27 << 23), 253 << 23));
    const info = <usize>load<u32>(params, INFO) + <usize>row * load<u32>(params, INFO_STRIDE);
    store<f32>(info, power);
    for (let left = columns; left > 0; left -= 4) {
      const fraction = f32x4.div(loadNext(x, left), f32x4.splat(power));
      storeNext(out, f32x4.mul(fraction, lift), left);
      x += 16;
      out += 16;
    }
  }
}
