/**
 * Weights of one codebook in ascending order with running sums, so that the weighted squared error of any run of
 * neighbours about its mean costs three differences.
 */
export interface SortedWeights {
  /** Weights there are now; the arrays may be longer. */
  readonly count: number;
  /** Ascending. */
  readonly values: Float64Array;
  /** Where each came from. */
  readonly order: Uint32Array;
  /** [count + 1] sums of sensitivities before each position. */
  readonly mass: Float64Array;
  /** [count + 1] sums of sensitivity * weight. */
  readonly moment: Float64Array;
  /** [count + 1] sums of sensitivity * weight^2. */
  readonly energy: Float64Array;
}

/** Sorts one codebook's weights after another in memory that is taken once. */
export interface WeightSorter {
  /**
   * Sorts `length` weights from `start`. The result is overwritten by the next call.
   *
   * @param sensitivities read over the same range; absent means 1 everywhere
   */
  sort(
    weights: ArrayLike<number>,
    start: number,
    length: number,
    sensitivities: ArrayLike<number> | undefined,
  ): SortedWeights;
}

/** Share of the mean sensitivity that every weight has at least, so that no weight goes just anywhere. */
const LEAST_SHARE = 1e-6;

/** Makes a sorter for codebooks of up to `capacity` weights. */
export function createWeightSorter(capacity: number): WeightSorter {
  const values = new Float64Array(capacity);
  const mass = new Float64Array(capacity + 1);
  const moment = new Float64Array(capacity + 1);
  const energy = new Float64Array(capacity + 1);
  const radix = createRadixSorter(capacity);
  return {
    sort(weights, start, length, sensitivities) {
      const order = radix(weights, start, length);
      let total = 0;
      if (sensitivities) {
        for (let at = start; at < start + length; at++) total += sensitivities[at]!;
      }
      const weighted = sensitivities && total > 0;
      const least = weighted ? (total / length) * LEAST_SHARE : 1;
      for (let at = 0; at < length; at++) {
        const from = start + order[at]!;
        const value = Math.fround(weights[from]!) + 0;
        const share = weighted ? sensitivities[from]! + least : 1;
        values[at] = value;
        mass[at + 1] = mass[at]! + share;
        moment[at + 1] = moment[at]! + share * value;
        energy[at + 1] = energy[at]! + share * value * value;
      }
      return { count: length, values, order, mass, moment, energy };
    },
  };
}

/** Weighted mean of the weights at positions [start, end); of an empty run, `otherwise`. */
export function meanOfRun(
  sorted: SortedWeights,
  start: number,
  end: number,
  otherwise: number,
): number {
  if (start === end) return otherwise;
  const { mass, moment } = sorted;
  return (moment[end]! - moment[start]!) / (mass[end]! - mass[start]!);
}

/** Weighted squared error of the weights at positions [start, end) about their mean. */
export function errorOfRun(sorted: SortedWeights, start: number, end: number): number {
  if (end - start < 2) return 0;
  const { mass, moment, energy } = sorted;
  const sum = moment[end]! - moment[start]!;
  return Math.max(0, energy[end]! - energy[start]! - (sum * sum) / (mass[end]! - mass[start]!));
}

type RadixSorter = (weights: ArrayLike<number>, start: number, length: number) => Uint32Array;

// A least-significant-digit radix sort on the bits of 32-bit floats: linear in their number and stable, four
// times as fast as a comparing sort of indices.
function createRadixSorter(capacity: number): RadixSorter {
  const floats = new Float32Array(capacity);
  const bits = new Uint32Array(floats.buffer);
  let keys = new Uint32Array(capacity);
  let keysAfter = new Uint32Array(capacity);
  let order = new Uint32Array(capacity);
  let orderAfter = new Uint32Array(capacity);
  const counts = new Uint32Array(4 * 256);
  return (weights, start, length) => {
    counts.fill(0);
    for (let at = 0; at < length; at++) {
      floats[at] = weights[start + at]! + 0; // -0 becomes 0
      const word = bits[at]!;
      // Negative floats order backwards by their bits, and behind the positive ones.
      const key = (word & 0x80000000 ? ~word : word | 0x80000000) >>> 0;
      keys[at] = key;
      order[at] = at;
      for (let digit = 0; digit < 4; digit++) {
        counts[digit * 256 + ((key >>> (8 * digit)) & 255)]!++;
      }
    }
    for (let digit = 0; digit < 4; digit++) {
      const base = digit * 256;
      let sum = 0;
      for (let value = base; value < base + 256; value++) {
        const count = counts[value]!;
        counts[value] = sum;
        sum += count;
      }
      for (let at = 0; at < length; at++) {
        const key = keys[at]!;
        const to = counts[base + ((key >>> (8 * digit)) & 255)]!++;
        keysAfter[to] = key;
        orderAfter[to] = order[at]!;
      }
      [keys, keysAfter] = [keysAfter, keys];
      [order, orderAfter] = [orderAfter, order];
    }
    return order;
  };
}
