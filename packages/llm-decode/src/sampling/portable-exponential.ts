// What is left of a number this far below the largest adds nothing to a sum in double precision.
const NEGLIGIBLE = -60;
const SMALLEST_POWER = 88; // 2^-88 < e^-60

/**
 * The exponential of numbers from -Infinity to 0 out of additions and multiplications only, which every
 * engine rounds alike (`Math.exp` may differ in the last bit, and a seeded text with it). Relative error
 * below 1e-11; 0 below -60.
 *
 * With x = k ln 2 + r and |r| <= ln(2) / 2, e^x = 2^k e^r, and nine terms of the series of e^r suffice.
 */
export function createPortableExponential(): (x: number) => number {
  const powers = Float64Array.from({ length: SMALLEST_POWER + 1 }, (_, k) => 2 ** -k);
  return (x) => {
    if (!(x > NEGLIGIBLE)) return 0;
    const k = (0.5 - x * Math.LOG2E) | 0;
    const r = x + k * Math.LN2;
    const upper = 1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880))));
    const series = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * upper))));
    return series * powers[k]!;
  };
}
