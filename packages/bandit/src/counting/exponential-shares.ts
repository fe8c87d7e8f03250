/** Shares in proportion to exp(rate * value), which sum to 1; the largest value is taken out first, so none overflows. */
export function exponentialShares(
  values: Float64Array,
  rate: number,
  count: number,
  out: Float64Array,
): void {
  let largest = -Infinity;
  for (let i = 0; i < count; i++) if (values[i]! > largest) largest = values[i]!;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const gap = values[i]! - largest;
    // Without a gap there is nothing to scale, not even by an infinite rate.
    const share = gap === 0 ? 1 : Math.exp(rate * gap);
    out[i] = share;
    sum += share;
  }
  for (let i = 0; i < count; i++) out[i]! /= sum;
}
