/**
 * Largest |actual - expected| over the largest |expected|, where `expected` is a number at all: the
 * elements of a gradient are sums of terms of one scale, so a small element carries the error of the
 * large ones. An expected gradient of nothing but zeros must be met exactly; NaN and infinities in
 * `actual`, and other lengths, give infinity.
 */
export function errorToLargest(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isNaN(expected[i]!)) continue; // not among the sampled differences
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(expected[i]!));
    worst = Math.max(worst, difference);
  }
  if (worst === 0) return 0;
  return worst / largest;
}
