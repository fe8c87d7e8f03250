// Vector pieces shared by the float kernels: everything here is inlined or rare.

/** c + a * b, in one rounding where the build has relaxed SIMD. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(c: v128, a: v128, b: v128): v128 {
  return RELAXED ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** min(max(x, lo), hi); a NaN in x stays a NaN. */
// @ts-ignore: decorator
@inline
export function clamp(x: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, lo), hi);
}

/** The first `count` (0 to 4) floats at `p`, zeros behind them; reads nothing beyond. */
export function loadLanes(p: usize, count: i32): v128 {
  if (count >= 4) return v128.load(p);
  if (count == 1) return v128.load32_zero(p);
  if (count <= 0) return f32x4.splat(0);
  const x = v128.load64_zero(p);
  return count == 2 ? x : v128.load_lane<u32>(p, x, 2, 8);
}

/** Writes the first `count` (0 to 4) floats of `x` to `p` and touches nothing beyond. */
export function storeLanes(p: usize, x: v128, count: i32): void {
  if (count >= 4) {
    v128.store(p, x);
    return;
  }
  if (count > 0) store<f32>(p, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(x, 2), 8);
}

/** First vector of a row of `count` (1 to 8) floats. */
// @ts-ignore: decorator
@inline
export function loadPart(p: usize, count: i32): v128 {
  return count == 8 ? v128.load(p) : loadLanes(p, count);
}

/** Second vector of a row of `count` (1 to 8) floats. */
// @ts-ignore: decorator
@inline
export function loadPart4(p: usize, count: i32): v128 {
  return count == 8 ? v128.load(p, 16) : loadLanes(p + 16, count - 4);
}

/** `loadPart`, or zeros where there is no bias (address 0). */
// @ts-ignore: decorator
@inline
export function loadBias(p: usize, count: i32): v128 {
  return p ? loadPart(p, count) : f32x4.splat(0);
}

/** `loadPart4`, or zeros where there is no bias (address 0). */
// @ts-ignore: decorator
@inline
export function loadBias4(p: usize, count: i32): v128 {
  return p ? loadPart4(p, count) : f32x4.splat(0);
}

/** Writes `count` (1 to 7) floats of the pair (x, y). */
export function storePart(p: usize, x: v128, y: v128, count: i32): void {
  if (count & 4) {
    v128.store(p, x);
    x = y;
    p += 16;
  }
  if (count & 2) {
    v128.store_lane<u64>(p, x, 0);
    x = v128.shuffle<u64>(x, x, 1, 1);
    p += 8;
  }
  if (count & 1) v128.store_lane<u32>(p, x, 0);
}

/** Adds the pair (x, y) to `count` (1 to 8) floats at `p`. */
export function addPart(p: usize, x: v128, y: v128, count: i32): void {
  if (count == 8) {
    v128.store(p, f32x4.add(v128.load(p), x));
    v128.store(p, f32x4.add(v128.load(p, 16), y), 16);
  } else {
    storePart(p, f32x4.add(loadPart(p, count), x), f32x4.add(loadPart4(p, count), y), count);
  }
}
