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
