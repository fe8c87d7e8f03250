// What remains of a vector at the end of a loop.

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
