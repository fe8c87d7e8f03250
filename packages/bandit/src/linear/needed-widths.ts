/** What a bound and a score may differ by through rounding, relative to their size. */
const ROUNDING = 1e-9;

/**
 * Works out the widths of only those arms that can have the highest mean + optimism * width, given bounds that no
 * width exceeds: from the most promising arm on, until the bounds of all others are below the best score found.
 * Widths of the others become NaN; the first best arm is the same as with all widths.
 */
export function workOutNeeded(
  means: Float64Array,
  widths: Float64Array,
  count: number,
  optimism: number,
  bounds: Float64Array,
  widthOf: (index: number) => number,
): void {
  let best = -Infinity;
  for (let i = 0; i < count; i++) {
    const mean = means[i]!;
    const reach = optimism * bounds[i]!;
    bounds[i] = mean + reach + ROUNDING * (Math.abs(mean) + reach);
    widths[i] = Number.NaN;
  }
  for (;;) {
    let next = -1;
    let highest = -Infinity;
    for (let i = 0; i < count; i++) {
      const bound = bounds[i]!;
      if (bound > highest) {
        highest = bound;
        next = i;
      }
    }
    if (next < 0 || highest < best) return;
    bounds[next] = -Infinity;
    const width = widthOf(next);
    widths[next] = width;
    const score = means[next]! + optimism * width;
    if (score > best) best = score;
  }
}
