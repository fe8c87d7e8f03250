// Tables for products with binary-coded weights: for every 4 columns the 16 sums of x, added or subtracted.
import { loadLanes } from "../../lanes";

export const X: usize = 0; // f32 [n, stride]
export const OUT: usize = 4;
export const COLUMNS: usize = 8;
export const STEPS: usize = 12; // of 8 columns; zeros behind COLUMNS
export const INFO: usize = 16;
export const GROUP_STEPS: usize = 20;
export const X_STRIDE: usize = 24; // bytes
export const OUT_STRIDE: usize = 28;
export const INFO_STRIDE: usize = 32;

/** Steps of 8 columns that share a scale of their tables at most: 512 columns; 64 * 252 fits 16 bits. */
export const BLOCK: i32 = 64;

// A table is 16 bytes: entry i is the sum of x of its 4 columns, subtracted where bit j of i is 0, in codes of
// -63 to 63, plus 63. INFO: for each group the sum of its x, then for each of its blocks the f32 value of one code.
// A unit is a row of x.
export function binary_tables(params: usize, begin: i32, end: i32): void {
  const columns = load<i32>(params, COLUMNS);
  const groupSteps = load<i32>(params, GROUP_STEPS);
  for (let row = begin; row < end; row++) {
    let x = load<usize>(params, X) + <usize>row * load<usize>(params, X_STRIDE);
    let out = load<usize>(params, OUT) + <usize>row * load<usize>(params, OUT_STRIDE);
    let info = load<usize>(params, INFO) + <usize>row * load<usize>(params, INFO_STRIDE);
    let left = columns;
    for (let steps = load<i32>(params, STEPS); steps > 0; steps -= groupSteps) {
      const sum = info;
      let total = f32x4.splat(0);
      info += 4;
      for (let inGroup = min(steps, groupSteps); inGroup > 0; inGroup -= BLOCK) {
        const count = min(inGroup, BLOCK);
        const live = min(left, count << 3);
        total = f32x4.add(total, makeTables(x, live, count, info, out));
        x += 2048;
        left -= live;
        out += <usize>count << 5;
        info += 4;
      }
      // The next group begins where this one ends, however long its last block was.
      x = load<usize>(params, X) + <usize>row * load<usize>(params, X_STRIDE) + (<usize>(columns - left) << 2);
      store<f32>(
        sum,
        f32x4.extract_lane(total, 0) +
          f32x4.extract_lane(total, 1) +
          (f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3)),
      );
    }
  }
}

// Tables of one block of `steps` times 8 columns, `live` of them in x. Gives the sums of every fourth x.
function makeTables(x: usize, live: i32, steps: i32, info: usize, out: usize): v128 {
  const end = x + (<usize>live << 2);
  let most: f32 = 0;
  for (let p = x; p < end; p += 16) most = max(most, sumOfMagnitudes(loadFour(p, end)));
  store<f32>(info, most / 63);
  const factor = f32x4.splat(most > 1e-30 ? <f32>63 / most : 0);
  const first = v128.load(SIGNS);
  const second = v128.load(SIGNS, 16);
  const middle = i8x16.splat(63);
  let total = f32x4.splat(0);
  for (let i = steps << 1; i; i--) {
    const plain = loadFour(x, end);
    total = f32x4.add(total, plain);
    const v = f32x4.mul(plain, factor);
    const low = f32x4.add(
      f32x4.mul(v128.shuffle<f32>(v, v, 0, 0, 0, 0), first),
      f32x4.mul(v128.shuffle<f32>(v, v, 1, 1, 1, 1), second),
    );
    const high = f32x4.add(
      f32x4.mul(v128.shuffle<f32>(v, v, 2, 2, 2, 2), first),
      f32x4.mul(v128.shuffle<f32>(v, v, 3, 3, 3, 3), second),
    );
    const a = codesOf(low, v128.shuffle<f32>(high, high, 0, 0, 0, 0));
    const b = codesOf(low, v128.shuffle<f32>(high, high, 1, 1, 1, 1));
    const c = codesOf(low, v128.shuffle<f32>(high, high, 2, 2, 2, 2));
    const d = codesOf(low, v128.shuffle<f32>(high, high, 3, 3, 3, 3));
    const codes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
    v128.store(out, i8x16.add(codes, middle));
    x += 16;
    out += 16;
  }
  return total;
}

// @ts-ignore: decorator
@inline
function codesOf(low: v128, high: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.add(low, high)));
}

// Four floats at p, zeros from `end` on.
// @ts-ignore: decorator
@inline
export function loadFour(p: usize, end: usize): v128 {
  return p + 16 <= end ? v128.load(p) : loadLanes(p, (<i32>end - <i32>p) >> 2);
}

// @ts-ignore: decorator
@inline
function sumOfMagnitudes(v: v128): f32 {
  const m = f32x4.abs(v);
  const pairs = f32x4.add(m, v128.shuffle<f32>(m, m, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

const SIGNS = memory.data<f32>([-1, 1, -1, 1, -1, -1, 1, 1]);
