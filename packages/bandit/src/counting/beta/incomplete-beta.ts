/**
 * The regularized incomplete beta function I_x(a, b): probability that a variable of the Beta(a, b) distribution is at
 * most `x`. Relative error about 1e-12 for a and b up to 1e6, in the lower tail as well.
 *
 * Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, by Lentz's method; its terms are
 * many, some sqrt(max(a, b)), only next to the mean.
 *
 * @param a above 0
 * @param b above 0
 * @param complement 1 - x, for an x so close to 1 that the difference would lose its digits
 */
export function incompleteBeta(
  x: number,
  a: number,
  b: number,
  complement: number = 1 - x,
): number {
  if (!(x > 0)) return 0;
  if (!(complement > 0)) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(complement, b, a, x);
  const mean = a / (a + b);
  const offset = a * complement - b * x; // (mean - x) times a + b, without their difference
  const ratio = nearLog(x / mean, -offset / a);
  const complementRatio = nearLog(complement / (1 - mean), offset / b);
  const front = Math.exp(logBetaPeak(a, b) + a * ratio + b * complementRatio) / a;

  let c = 1;
  let d = 0;
  let fraction = 1;
  for (let k = 1; k < 20_000; k++) {
    const m = k >> 1;
    const numerator = k % 2 === 0 ? m * (b - m) * x : -(a + m) * (a + b + m) * x;
    const term = numerator / ((a + k - 1) * (a + k));
    d = 1 / (1 + term * d || TINY);
    c = 1 + term / c || TINY;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return Math.min(1, front / fraction);
}

/**
 * Logarithm of x^a (1 - x)^b / B(a, b) at the mean x = a / (a + b): the height of the Beta density over ln(x / (1 - x)).
 * By Stirling's series, in which the large terms of the three gamma functions cancel before they are added.
 */
export function logBetaPeak(a: number, b: number): number {
  const correction = stirlingCorrection(a) + stirlingCorrection(b) - stirlingCorrection(a + b);
  return 0.5 * Math.log((a / (2 * Math.PI)) * (b / (a + b))) - correction;
}

/** What ln Gamma(x) has over (x - 1/2) ln x - x + ln(2 pi) / 2: near 1 / (12 x). */
function stirlingCorrection(x: number): number {
  let correction = 0;
  let shifted = x;
  for (; shifted < 10; shifted++) correction += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
  const t = 1 / (shifted * shifted);
  const series =
    1 / 12 -
    t * (1 / 360 - t * (1 / 1260 - t * (1 / 1680 - t * (1 / 1188 - t * (691 / 360360 - t / 156)))));
  return correction + series / shifted;
}

/** ln(ratio), from ratio - 1 where that is small and known better. */
function nearLog(ratio: number, excess: number): number {
  return Math.abs(excess) < 0.5 ? Math.log1p(excess) : Math.log(ratio);
}

/** In place of a 0 that would be divided by. */
const TINY = 1e-300;
