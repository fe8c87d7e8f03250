// Sums of vectors, and what remains of them at the end of a loop.
import { multiplyAdd } from "../lanes";

/** sum + (a * b + c * d): two products for one step of a chain of additions, which wait for one another. */
// @ts-ignore: decorator
@inline
export function addProducts(sum: v128, a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(sum, multiplyAdd(f32x4.mul(a, b), c, d));
}

/** The sum of four lanes. */
// @ts-ignore: decorator
@inline
export function addLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** The largest of four lanes; a NaN among them may be lost. */
// @ts-ignore: decorator
@inline
export function largestLane(v: v128): f32 {
  v = f32x4.pmax(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
}
