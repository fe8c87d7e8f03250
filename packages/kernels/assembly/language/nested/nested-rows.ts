// Rows of x made ready for products with nested codes, a scale for each block of 128 columns: 15-bit codes, of 8 bits
// for the relaxed dot product. A unit is a row.
import { loadFour } from "./binary-tables";

const X: usize = 0; // f32 [n, stride]
const OUT: usize = 4;
const INFO: usize = 8;
const COLUMNS: usize = 12; // of x
const BLOCKS: usize = 16; // of 128 columns; zeros behind COLUMNS
const X_STRIDE: usize = 20; // bytes
const OUT_STRIDE: usize = 24;
const INFO_STRIDE: usize = 28;

/** Bytes of a block of codes. */
export const BLOCK_BYTES: usize = RELAXED ? 128 : 256;
/** Bytes of the codes of 16 columns: in order, or the even ones and then the odd ones. */
export const STEP_BYTES: usize = BLOCK_BYTES >> 3;
const LARGEST: f32 = RELAXED ? 127 : 16383;

// INFO: the f32 sum of all x as coded, then for each block the f32 value of one code.
export function nested_rows(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  const ones = i16x8.splat(1);
  for (let row = begin; row < end; row++) {
    let x = load<usize>(params, X) + <usize>row * load<usize>(params, X_STRIDE);
    let out = load<usize>(params, OUT) + <usize>row * load<usize>(params, OUT_STRIDE);
    const info = load<usize>(params, INFO) + <usize>row * load<usize>(params, INFO_STRIDE);
    const last = x + (<usize>columns << 2);
    let total: f32 = 0;
    let at = info;
    for (let block = load<i32>(params, BLOCKS); block; block--) {
      const most = largest(x, last);
      const factors = f32x4.splat(most > 1e-30 ? LARGEST / most : 0);
      const value = most / LARGEST;
      let sum = i32x4.splat(0);
      for (let i = 8; i; i--) {
        const a = codesOf(x, last, factors);
        const b = codesOf(x + 32, last, factors);
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(a, ones));
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(b, ones));
        if (RELAXED) v128.store(out, i8x16.narrow_i16x8_s(a, b));
        else {
          v128.store(out, v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
          v128.store(out, v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15), 16);
        }
        out += STEP_BYTES;
        x += 64;
      }
      at += 4;
      store<f32>(at, value);
      total += value * <f32>addLanes(sum);
    }
    store<f32>(info, total);
  }
}

function largest(x: usize, last: usize): f32 {
  let peak = f32x4.splat(0);
  for (let i: usize = 0; i < 512; i += 16) {
    peak = f32x4.max(peak, f32x4.abs(loadFour(x + i, last)));
  }
  return max(
    max(f32x4.extract_lane(peak, 0), f32x4.extract_lane(peak, 1)),
    max(f32x4.extract_lane(peak, 2), f32x4.extract_lane(peak, 3)),
  );
}

// @ts-ignore: decorator
@inline
function codesOf(x: usize, last: usize, factors: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(loadFour(x, last), factors))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(loadFour(x + 16, last), factors))),
  );
}

/** s + what 16 centroids give with the codes of x at `x`; lane i takes columns 4 i to 4 i + 3. */
// @ts-ignore: decorator
@inline
export function addProducts(s: v128, centroids: v128, x: usize, bytes: v128): v128 {
  if (RELAXED) return i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(x), centroids, s);
  const even = i32x4.dot_i16x8_s(v128.and(centroids, bytes), v128.load(x));
  const odd = i32x4.dot_i16x8_s(i16x8.shr_u(centroids, 8), v128.load(x, 16));
  return i32x4.add(i32x4.add(s, even), odd);
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
export const LOW_BYTES: usize = memory.data<u32>([0x00ff00ff, 0x00ff00ff, 0x00ff00ff, 0x00ff00ff]);

/** 8, where no optimiser knows it: exits between steps that it could fold would not part them. */
export const STEPS_OF_BLOCK: usize = memory.data<i32>([8]);

function addLanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) +
    i32x4.extract_lane(v, 1) +
    i32x4.extract_lane(v, 2) +
    i32x4.extract_lane(v, 3)
  );
}
