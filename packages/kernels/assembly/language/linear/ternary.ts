// Pieces of the products with weights -1, 0, 1 by table look-up (TL1 of T-MAC and bitnet.cpp): a nibble numbers the
// 9 combinations of two weights of a row, and a table of 16 bytes, made for each pair of columns of a row of x,
// holds what each combination contributes, made positive.
//
// A panel is 64 rows, a step 4 columns: 64 bytes. Byte b of vector v belongs to row 16 v + r, with r = b / 2 for even
// b and 8 + b / 2 for odd b; columns 0 and 1 number its low nibble as 3 (first + 1) + second + 1, 2 and 3 the high
// one. Entries of both tables are added as bytes. Sums run on i16 lanes: s takes whole lanes (even byte + 256 * odd
// byte), o the odd bytes; the even bytes' sum is s - 256 o, modulo 2^16.
import { finishLanes, SCALES } from "./words";

export const SCRATCH: usize = 68; // word: 256 bytes a row of x in the largest tile and panel
export const BLOCK: i32 = 64; // steps, 256 columns of x that share a scale; 64 * 252 fits 16 bits
export const EXACT_BLOCK: i32 = 30; // steps; 30 * 8 fits a byte, and 30 * (254 + 8 * 128) 16 bits

// @ts-ignore: decorator
@inline
export function lookUp(table: v128, at: v128): v128 {
  return RELAXED ? i8x16.relaxed_swizzle(table, at) : i8x16.swizzle(table, at);
}

/** Adds the sums of a block, whose codes are worth `value` each, to those of 16 rows. */
// @ts-ignore: decorator
@inline
export function flush(sums: usize, s: v128, o: v128, value: f32): void {
  const even = i16x8.sub(s, i16x8.shl(o, 8));
  const values = f32x4.splat(value);
  addFour(sums, i32x4.extend_low_i16x8_s(even), values);
  addFour(sums + 16, i32x4.extend_high_i16x8_s(even), values);
  addFour(sums + 32, i32x4.extend_low_i16x8_s(o), values);
  addFour(sums + 48, i32x4.extend_high_i16x8_s(o), values);
}

/** The same for tables of 9 bits in two parts: e sums the bytes of the higher one. */
export function flushExact(sums: usize, s: v128, o: v128, e: v128, count: i32): void {
  const even = i16x8.sub(s, i16x8.shl(o, 8));
  const odd = i16x8.shl(i16x8.shr_u(e, 8), 7);
  addSums(
    sums,
    i16x8.add(even, i16x8.shr_u(i16x8.shl(e, 8), 1)),
    i16x8.add(o, odd),
    i32x4.splat(512 * count),
    f32x4.splat(1),
  );
}

function addSums(sums: usize, even: v128, odd: v128, excess: v128, value: v128): void {
  addFour(sums, i32x4.sub(i32x4.extend_low_i16x8_u(even), excess), value);
  addFour(sums + 16, i32x4.sub(i32x4.extend_high_i16x8_u(even), excess), value);
  addFour(sums + 32, i32x4.sub(i32x4.extend_low_i16x8_u(odd), excess), value);
  addFour(sums + 48, i32x4.sub(i32x4.extend_high_i16x8_u(odd), excess), value);
}

// @ts-ignore: decorator
@inline
function addFour(sums: usize, sum: v128, value: v128): void {
  const real = f32x4.convert_i32x4_s(sum);
  v128.store(sums, f32x4.add(v128.load(sums), f32x4.mul(real, value)));
}

/** Ends a panel for row `r` of x, whose codes are worth `value` each. */
export function finishSums(sums: usize, value: f32, panel: i32, r: i32, params: usize): void {
  const values = f32x4.splat(value);
  let scales = <usize>load<u32>(params, SCALES) + (<usize>panel << 8);
  for (let row = panel << 6, end = row + 64; row < end; row += 8) {
    finishLanes(
      f32x4.mul(f32x4.mul(v128.load(sums), values), v128.load(scales)),
      f32x4.mul(f32x4.mul(v128.load(sums, 16), values), v128.load(scales, 16)),
      row,
      r,
      params,
    );
    sums += 32;
    scales += 32;
  }
}
