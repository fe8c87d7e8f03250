/**
 * Mean and variance of a stream, one value at a time, without keeping the values and without the
 * cancellation of the sum-of-squares formula (Welford, Technometrics 1962; merging by Chan, Golub
 * and LeVeque, 1979).
 */
export interface RunningStatistics {
  readonly count: number;
  /** `NaN` before the first value. */
  readonly mean: number;
  /** Sample variance, divisor n - 1; 0 for one value, `NaN` before the first. */
  readonly variance: number;
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
  /** Takes in one value. */
  add(value: number): void;
  /** Takes in what another collector has seen, as though its values had come here. */
  merge(other: RunningStatistics): void;
}

/**
 * Makes an empty collector.
 *
 * @example
 * const statistics = createRunningStatistics();
 * for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) statistics.add(value);
 * console.log(statistics.mean); // 5
 */
export function createRunningStatistics(): RunningStatistics {
  let count = 0;
  let mean = 0;
  let squares = 0; // sum of squared distances from the mean
  let min = Infinity;
  let max = -Infinity;
  const spread = (): number => (count < 2 ? (count === 0 ? Number.NaN : 0) : squares / (count - 1));
  return {
    get count() {
      return count;
    },
    get mean() {
      return count === 0 ? Number.NaN : mean;
    },
    get variance() {
      return spread();
    },
    get standardDeviation() {
      return Math.sqrt(spread());
    },
    get min() {
      return min;
    },
    get max() {
      return max;
    },
    add(value) {
      count++;
      const before = value - mean;
      mean += before / count;
      squares += before * (value - mean);
      min = Math.min(min, value);
      max = Math.max(max, value);
    },
    merge(other) {
      if (other.count === 0) return;
      const total = count + other.count;
      const apart = other.mean - mean;
      squares += other.variance * (other.count - 1) + (apart * apart * count * other.count) / total;
      mean += (apart * other.count) / total;
      count = total;
      min = Math.min(min, other.min);
      max = Math.max(max, other.max);
    },
  };
}
