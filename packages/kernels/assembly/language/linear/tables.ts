// Tables of rows of x for the products with ternary weights. A unit is a row. The words are those of quantize.ts;
// X_STRIDE and the others too. A table has an entry for every 3 (v + 1) + (w + 1), v and w in -1, 0, 1.
import { loadTail } from "../../tails";
import { COLUMNS, GROUP, GROUPS, INFO, INFO_STRIDE, largest, nextCodes, OUT, OUT_STRIDE, X, X_STRIDE } from "./quantize";

/**
 * Entries x0 v + x1 w + 63, in codes whose pairs sum to 63 at most; INFO takes 16 bytes a group of columns, of which
 * the first four are the f32 value of one code.
 */
export function linear_tables(params: usize, begin: i32, end: i32): void {
  const first = v128.load(COMBINATIONS);
  const firstMinus = v128.load(COMBINATIONS, 16);
  const second = v128.load(COMBINATIONS, 32);
  const secondMinus = v128.load(COMBINATIONS, 48);
  const middle = v128.load(COMBINATIONS, 64);
  const group = load<i32>(params, GROUP);
  for (let row = begin; row < end; row++) {
    let x = <usize>load<u32>(params, X) + <usize>row * load<u32>(params, X_STRIDE);
    let out = <usize>load<u32>(params, OUT) + <usize>row * load<u32>(params, OUT_STRIDE);
    let info = <usize>load<u32>(params, INFO) + <usize>row * load<u32>(params, INFO_STRIDE);
    let left = load<i32>(params, COLUMNS);
    for (let g = load<i32>(params, GROUPS); g; g--) {
      // Rounding may carry each of a pair up by a half: 62 keeps their sum within 63.
      const most = largestPair(x, min(left, group));
      const factors = f32x4.splat(most > 1e-30 ? 62 / most : 0);
      store<f32>(info, most / 62);
      const codes = info + 8;
      info += 16;
      for (let i = min(group, (left + 3) & ~3); i > 0; i -= 8) {
        const c = nextCodes(x, left, factors);
        // Codes pass through memory, from where a byte is spread over a vector in one load.
        v128.store64_lane(codes, i8x16.narrow_i16x8_s(c, c), 0);
        // Tables of 4 columns are a step.
        storeTable(out, codes, first, firstMinus, second, secondMinus, middle);
        storeTable(out + 16, codes + 2, first, firstMinus, second, secondMinus, middle);
        out += 32;
        if (i > 4) {
          storeTable(out, codes + 4, first, firstMinus, second, secondMinus, middle);
          storeTable(out + 16, codes + 6, first, firstMinus, second, secondMinus, middle);
          out += 32;
        }
        x += 32;
        left -= 8;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function storeTable(out: usize, codes: usize, a: v128, b: v128, c: v128, d: v128, middle: v128): void {
  const p = v128.load8_splat(codes);
  const q = v128.load8_splat(codes, 1);
  const plus = i8x16.add(v128.and(p, a), v128.and(q, c));
  const minus = i8x16.add(v128.and(p, b), v128.and(q, d));
  v128.store(out, i8x16.sub(i8x16.add(middle, plus), minus));
}

/**
 * Entries x0 v + x1 w + 256 of 8-bit codes (BitNet's rounding): for each 4 columns the tables of their lower 7 bits,
 * then those of the bits above. INFO takes the f32 value of one code.
 */
export function linear_tables_int8(params: usize, begin: i32, end: i32): void {
  const first = v128.load(COMBINATIONS);
  const firstMinus = v128.load(COMBINATIONS, 16);
  const second = v128.load(COMBINATIONS, 32);
  const secondMinus = v128.load(COMBINATIONS, 48);
  for (let row = begin; row < end; row++) {
    let x = <usize>load<u32>(params, X) + <usize>row * load<u32>(params, X_STRIDE);
    let out = <usize>load<u32>(params, OUT) + <usize>row * load<u32>(params, OUT_STRIDE);
    const info = <usize>load<u32>(params, INFO) + <usize>row * load<u32>(params, INFO_STRIDE);
    let left = load<i32>(params, COLUMNS);
    const most = max(largest(x, left), 1e-5);
    const factors = f32x4.splat(127 / most);
    store<f32>(info, most / 127);
    for (; left > 0; left -= 4) {
      const c = nextCodes(x, min(left, 4), factors);
      for (let pair = 0; pair < 2; pair++) {
        const p = pair ? i16x8.splat(i16x8.extract_lane_s(c, 2)) : i16x8.splat(i16x8.extract_lane_s(c, 0));
        const q = pair ? i16x8.splat(i16x8.extract_lane_s(c, 3)) : i16x8.splat(i16x8.extract_lane_s(c, 1));
        const low = entries(p, q, i16x8.extend_low_i8x16_s(first), i16x8.extend_low_i8x16_s(firstMinus), i16x8.extend_low_i8x16_s(second), i16x8.extend_low_i8x16_s(secondMinus));
        const high = entries(p, q, i16x8.extend_high_i8x16_s(first), i16x8.extend_high_i8x16_s(firstMinus), i16x8.extend_high_i8x16_s(second), i16x8.extend_high_i8x16_s(secondMinus));
        const seven = i16x8.splat(127);
        v128.store(out, i8x16.narrow_i16x8_u(v128.and(low, seven), v128.and(high, seven)));
        v128.store(out, i8x16.narrow_i16x8_u(i16x8.shr_u(low, 7), i16x8.shr_u(high, 7)), 32);
        out += 16;
      }
      out += 32;
      x += 16;
    }
  }
}

// @ts-ignore: decorator
@inline
function entries(p: v128, q: v128, first: v128, firstMinus: v128, second: v128, secondMinus: v128): v128 {
  const plus = i16x8.add(v128.and(p, first), v128.and(q, second));
  const minus = i16x8.add(v128.and(p, firstMinus), v128.and(q, secondMinus));
  return i16x8.sub(i16x8.add(i16x8.splat(256), plus), minus);
}

// Largest sum of the magnitudes of two neighbours.
function largestPair(x: usize, count: i32): f32 {
  let peak = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    const a = f32x4.abs(count >= 4 ? v128.load(x) : loadTail(x, count));
    peak = f32x4.max(peak, f32x4.add(a, v128.shuffle<f32>(a, a, 1, 0, 3, 2)));
    x += 16;
  }
  return max(f32x4.extract_lane(peak, 0), f32x4.extract_lane(peak, 2));
}

// Masks of the table entries where the first weight is 1, is -1, the second is 1, is -1; then the 63.
const COMBINATIONS = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
]);
