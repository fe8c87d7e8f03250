/** Statistics of a set of elements of x that are normalised together, and the gradients by the definition. */
export interface NormReference {
  readonly y: Float64Array;
  readonly dx: Float64Array;
  /** The largest part of dx, which may cancel against the others: rounding is relative to it. */
  readonly dxScale: number;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
  /** By set. */
  readonly mean: Float64Array;
  readonly rstd: Float64Array;
  /** By set, divided by its size. */
  readonly variance: Float64Array;
}

/**
 * Normalisation in 64 bits: element i belongs to set `setOf(i)` and has the factor and shift of `channelOf(i)`.
 * The mean is taken off only when `centred`; `frozen` statistics are constants.
 */
export function normalizeSlowly(
  x: Float32Array,
  dy: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  options: {
    sets: number;
    setOf: (i: number) => number;
    channelOf: (i: number) => number;
    epsilon: number;
    centred?: boolean;
    frozen?: { mean: Float32Array; variance: Float32Array };
  },
): NormReference {
  const { sets, setOf, channelOf, epsilon, centred = true, frozen } = options;
  const sumsOf = (value: (i: number) => number, of = setOf, count = sets): Float64Array => {
    const sums = new Float64Array(count);
    for (let i = 0; i < x.length; i++) sums[of(i)]! += value(i);
    return sums;
  };
  const size = x.length / sets;
  const zeros = new Float64Array(sets);
  let mean = centred ? sumsOf((i) => x[i]!).map((sum) => sum / size) : zeros;
  let variance = sumsOf((i) => (x[i]! - mean[setOf(i)]!) ** 2).map((sum) => sum / size);
  if (frozen) {
    mean = Float64Array.from(frozen.mean);
    variance = Float64Array.from(frozen.variance);
  }
  const rstd = variance.map((v) => 1 / Math.sqrt(v + epsilon));
  const n = (i: number): number => (x[i]! - mean[setOf(i)]!) * rstd[setOf(i)]!;
  const g = (i: number): number => dy[i]! * gamma[channelOf(i)]!;
  const meanG = centred && !frozen ? sumsOf(g).map((sum) => sum / size) : zeros;
  const meanGN = frozen ? zeros : sumsOf((i) => g(i) * n(i)).map((sum) => sum / size);
  const of = (value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: x.length }, (_, i) => value(i));
  return {
    y: of((i) => n(i) * gamma[channelOf(i)]! + beta[channelOf(i)]!),
    dx: of((i) => rstd[setOf(i)]! * (g(i) - meanG[setOf(i)]! - n(i) * meanGN[setOf(i)]!)),
    dxScale: of((i) => Math.abs(rstd[setOf(i)]! * g(i))).reduce((a, b) => Math.max(a, b)),
    dgamma: sumsOf((i) => dy[i]! * n(i), channelOf, gamma.length),
    dbeta: sumsOf((i) => dy[i]!, channelOf, gamma.length),
    mean,
    rstd,
    variance,
  };
}

/** Largest |actual - expected| as a part of the largest |expected|, or of `least` if that is more. */
export function errorOfLargest(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  least = 1e-30,
): number {
  let largest = least;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const error = Math.abs(actual[i]! - expected[i]!);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return actual.length === expected.length ? worst / largest : Number.NaN;
}
