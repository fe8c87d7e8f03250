/**
 * Writes where `x` lies among rising knots: the two knots about it share a 1 by how near they are, all others get 0, and
 * beyond the ends the last knot has the whole. A function that is linear in these features is piecewise linear
 * in x, so a linear policy can learn a curve.
 */
export function encodeOnKnots(
  x: number,
  knots: readonly number[],
  out: Float64Array,
  offset: number,
): void {
  const last = knots.length - 1;
  if (x <= knots[0]!) out[offset] = 1;
  else if (x >= knots[last]!) out[offset + last] = 1;
  else {
    let i = 0;
    while (x >= knots[i + 1]!) i++;
    const share = (x - knots[i]!) / (knots[i + 1]! - knots[i]!);
    out[offset + i] = 1 - share;
    out[offset + i + 1] = share;
  }
}
