import { EdgewrightError } from "./errors.js";

/** A lower and an upper end. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Arithmetic mean, summed with Neumaier's compensation so that long lists keep their digits. */
export function mean(values: ArrayLike<number>): number {
  checkNotEmpty("mean", values);
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return (sum + lost) / values.length;
}

/** Sample variance with the n - 1 divisor; 0 for a single value. */
export function variance(values: ArrayLike<number>): number {
  const centre = mean(values);
  if (values.length === 1) return 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return sum / (values.length - 1);
}

/** Sample standard deviation with the n - 1 divisor; 0 for a single value. */
export function standardDeviation(values: ArrayLike<number>): number {
  return Math.sqrt(variance(values));
}

/**
 * The value below which a fraction `p` of the sample lies, linear between order statistics
 * (definition 7 of Hyndman and Fan, 1996: the default of NumPy and R).
 *
 * @param p fraction in [0, 1]; 0.5 is the median
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantiles(values, [p])[0]!;
}

/** Several quantiles of one sample, which is sorted once; see {@link quantile}. */
export function quantiles(values: ArrayLike<number>, ps: readonly number[]): number[] {
  checkNotEmpty("quantiles", values);
  const sorted = Float64Array.from(values).sort();
  return ps.map((p) => {
    if (!(p >= 0 && p <= 1)) {
      throw new EdgewrightError(
        "invalid-argument",
        `quantiles: a fraction from 0 to 1 was expected, got ${p}`,
      );
    }
    const position = p * (sorted.length - 1);
    const below = Math.floor(position);
    const low = sorted[below]!;
    const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
    return low === high ? low : low + (high - low) * (position - below);
  });
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/**
 * Median distance from the median: a spread that outliers do not move. Multiply by 1.4826 to
 * estimate the standard deviation of normal data.
 */
export function medianAbsoluteDeviation(values: ArrayLike<number>): number {
  const centre = median(values);
  return median(Float64Array.from(values, (value) => Math.abs(value - centre)));
}

/**
 * Confidence interval of the median from order statistics alone: no assumption about the
 * distribution (Conover, Practical Nonparametric Statistics, 3.2; normal approximation of the
 * binomial ranks). For fewer than six values at 95 % it is the whole range.
 *
 * @param level probability in (0, 1). @default 0.95
 */
export function medianInterval(values: ArrayLike<number>, level = 0.95): Interval {
  checkNotEmpty("medianInterval", values);
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const reach = (normalQuantile(checkedLevel(level, "medianInterval")) * Math.sqrt(n)) / 2;
  const low = Math.max(0, Math.floor(n / 2 - reach) - 1);
  const high = Math.min(n - 1, Math.ceil(n / 2 + reach));
  return { low: sorted[low]!, high: sorted[high]! };
}

/**
 * Student's t confidence interval of the mean of normal data; a single value gives an infinite one.
 *
 * @param level probability in (0, 1). @default 0.95
 */
export function meanInterval(values: ArrayLike<number>, level = 0.95): Interval {
  const centre = mean(values);
  const n = values.length;
  if (n < 2) return { low: -Infinity, high: Infinity };
  const t = studentQuantile(checkedLevel(level, "meanInterval"), n - 1);
  const half = (t * standardDeviation(values)) / Math.sqrt(n);
  return { low: centre - half, high: centre + half };
}

/**
 * Wilson's score interval of a proportion: `successes` out of `trials`, sensible down to 0 and
 * up to all (Wilson, JASA 1927).
 *
 * @param level probability in (0, 1). @default 0.95
 */
export function proportionInterval(successes: number, trials: number, level = 0.95): Interval {
  if (!(trials > 0 && successes >= 0 && successes <= trials)) {
    throw new EdgewrightError(
      "invalid-argument",
      `proportionInterval: 0 <= successes <= trials was expected, got ${successes} of ${trials}`,
    );
  }
  const z = normalQuantile(checkedLevel(level, "proportionInterval"));
  const p = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** The fraction of standard normal values below which `p` lies, p in (0, 1). */
export function normalQuantile(p: number): number {
  // Acklam's rational approximation, relative error below 1.2e-9.
  const a = [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2,
    -3.066479806614716e1, 2.506628277459239,
  ];
  const b = [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
    -1.328068155288572e1, 1,
  ];
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
  ];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : Number.NaN;
  const tail = Math.min(p, 1 - p);
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(tail));
    const x = polynomial(c, q) / polynomial(d, q);
    return p < 0.5 ? x : -x;
  }
  const q = p - 0.5;
  return (q * polynomial(a, q * q)) / polynomial(b, q * q);
}

// The t below which Student's distribution holds a fraction `p` >= 0.5.
function studentQuantile(p: number, degrees: number): number {
  if (degrees < 1000) return exactStudentQuantile(p, degrees);
  const z = normalQuantile(p);
  return z + (z * (z * z + 1)) / (4 * degrees); // Abramowitz and Stegun 26.7.5, six digits here
}

// Halves an interval of angles on the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4.
function exactStudentQuantile(p: number, degrees: number): number {
  const central = 2 * p - 1;
  let low = 0;
  let high = Math.PI / 2;
  for (let step = 0; step < 52; step++) {
    const middle = (low + high) / 2;
    if (studentCentral(middle, degrees) < central) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2);
}

// Probability between -t and t, t = sqrt(degrees) * tan(angle).
function studentCentral(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

// From a two-sided level to the fraction below its upper end.
function checkedLevel(level: number, where: string): number {
  if (level > 0 && level < 1) return (1 + level) / 2;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a confidence level between 0 and 1 was expected, got ${level}`,
  );
}

function checkNotEmpty(where: string, values: ArrayLike<number>): void {
  if (values.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: at least one value is needed, got none`,
    );
  }
}
