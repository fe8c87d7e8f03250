/**
 * Error function `2 / sqrt(pi) * integral from 0 to x of exp(-t^2)`, relative error below 1e-14.
 *
 * Power series below 2.5 (Abramowitz and Stegun 7.1.6), continued fraction above (7.1.14).
 */
export function errorFunction(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 100 && term > sum * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return ((2 * Math.exp(-a * a)) / Math.sqrt(Math.PI)) * sum * (x < 0 ? -1 : 1);
  }
  let tail = 0;
  for (let n = 60; n >= 1; n--) tail = n / 2 / (a + tail);
  const complement = Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + tail);
  return (1 - complement) * (x < 0 ? -1 : 1);
}
