/**
 * Index of the largest of the first `count` values, the first of equal ones: the rule by which every deterministic
 * policy here breaks ties, so that runs can be repeated. NaN is never the largest.
 */
export function indexOfBest(values: ArrayLike<number>, count: number): number {
  let best = 0;
  let bestValue = -Infinity;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (value > bestValue) {
      best = i;
      bestValue = value;
    }
  }
  return best;
}

/** Gives the arm at `index` all of the probability among the first `count`. */
export function putAllOn(index: number, probabilities: Float64Array, count: number): void {
  probabilities.fill(0, 0, count);
  probabilities[index] = 1;
}
