// Symmetric codes of a vector of the head dimension.

/** The largest magnitude of `dim` (a multiple of 4) floats; NaN where there is one. */
export function largestMagnitude(x: usize, dim: i32): f32 {
  let most = f32x4.splat(0);
  for (const end = x + (<usize>dim << 2); x < end; x += 16) most = f32x4.max(most, f32x4.abs(v128.load(x)));
  return max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
}

/** What makes `limit` of `largest`; 0 where there is next to nothing, or NaN, to invert. */
// @ts-ignore: decorator
@inline
export function codeFactor(largest: f32, limit: f32): v128 {
  return f32x4.splat(largest > 1e-30 ? limit / largest : 0);
}

/** The nearest whole numbers of four floats times `factor`. */
// @ts-ignore: decorator
@inline
export function codesOf(x: v128, factor: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(x, factor)));
}

/** The same at an address, or zeros where fewer than `least` elements are left. */
// @ts-ignore: decorator
@inline
export function codesAt(x: usize, factor: v128, left: i32, least: i32): v128 {
  return left >= least ? codesOf(v128.load(x), factor) : i32x4.splat(0);
}
