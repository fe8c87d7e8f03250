/** C = A B (+ bias), summed in 64 bits: slow and obvious. `at` reads an element. */
export function referenceGemm(
  m: number,
  n: number,
  k: number,
  a: (i: number, p: number) => number,
  b: (p: number, j: number) => number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a(i, p) * b(p, j);
      c[i * n + j] = sum;
    }
  }
  return c;
}

/** The largest difference between two sequences; NaN counts as infinitely far. */
export function largestDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/**
 * What a 32-bit sum of `terms` products of numbers in [-1, 1] may be off by: every addition rounds by at
 * most 2^-24 of a partial sum; partial sums and the total of the roundings both grow as the square root of
 * the terms. Eight times that, for the tails.
 */
export function sumTolerance(terms: number): number {
  return 8 * 2 ** -24 * (terms + 4);
}
