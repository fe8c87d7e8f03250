/** Density of the standard normal distribution. */
export function normalDensity(z: number): number {
  return INVERSE_ROOT_TWO_PI * Math.exp(-0.5 * z * z);
}

/**
 * Probability that a standard normal variable is at most `z`. The relative error is below 1e-13 down to `z` of -38,
 * where doubles end, so rare events keep their digits.
 */
export function normalCdf(z: number): number {
  const tail = normalDensity(z) * millsRatio(Math.abs(z));
  return z > 0 ? 1 - tail : tail;
}

/**
 * Mills' ratio for `y` from 0: the upper tail of the standard normal distribution over its density, to the last bit
 * or two.
 *
 * Times 1 + y it goes smoothly from 1.25 to 1, in s = (y - 5) / (y + 5) from -1 to 1; what follows is its Chebyshev
 * expansion of degree 22 there, worked out with mpmath and written in powers of s, odd and even ones apart.
 */
export function millsRatio(y: number): number {
  const s = 1 - 10 / (y + 5); // written so that infinity is at 1
  const t = s * s;
  let even = -7.231108021949056e-10;
  let odd = 5.5214624772750975e-9;
  even = even * t + 9.178862997871726e-9;
  odd = odd * t - 6.377877629924255e-8;
  even = even * t - 6.609470334164999e-8;
  odd = odd * t + 4.7227476072784846e-7;
  even = even * t + 3.2081792057719536e-7;
  odd = odd * t - 3.259594825178372e-6;
  even = even * t - 1.765610461697322e-7;
  odd = odd * t + 2.269926090128769e-5;
  even = even * t - 2.480571624657323e-5;
  odd = odd * t - 1.3437030708913402e-4;
  even = even * t + 4.5704388164876e-4;
  odd = odd * t + 1.9529659469871244e-5;
  even = even * t - 4.201290320221854e-3;
  odd = odd * t + 1.634823142851537e-2;
  even = even * t - 3.802659218695909e-2;
  odd = odd * t + 6.1505045827832776e-2;
  even = even * t - 6.617760077902489e-2;
  odd = odd * t + 2.5072179302116814e-2;
  even = even * t + 7.778159886873591e-2;
  odd = odd * t - 0.22948753825211862;
  even = even * t + 1.1568486282918946;
  return (even + odd * s) / (1 + y);
}

const INVERSE_ROOT_TWO_PI = 0.3989422804014327;
