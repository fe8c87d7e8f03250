/** How {@link finiteDifferences} steps, and which derivatives it takes. */
export interface FiniteDifferenceOptions {
  /**
   * Step relative to max(1, |x|). @default 6.06e-6
   *
   * The cube root of the double's epsilon balances the two errors of a central difference, truncation
   * (step² · f''' / 6) and rounding (epsilon · f / step): both are near 4e-11 for functions of order 1.
   */
  step?: number;
  /** Positions of the inputs to differentiate by; others get an empty array. @default all */
  inputs?: readonly number[];
  /**
   * At most so many elements of each input, spread evenly; the others are NaN in the result, which no
   * comparison takes for a derivative. @default all
   */
  elements?: number;
}

/**
 * The gradient of a scalar function of several arrays by central differences,
 * (f(x + h) - f(x - h)) / 2h, an element at a time: two evaluations for every number.
 *
 * The function must compute in 64 bits and must not keep its arguments, which are moved and put back
 * in place. Where it has a kink nearer than the step, the result is the mean of both slopes.
 *
 * @throws RangeError where the function is not finite.
 */
export function finiteDifferences(
  compute: (...inputs: Float64Array[]) => number,
  inputs: readonly Float64Array[],
  options: FiniteDifferenceOptions = {},
): Float64Array[] {
  const { step = Number.EPSILON ** (1 / 3), elements = Number.POSITIVE_INFINITY } = options;
  const chosen = options.inputs ?? inputs.map((_, position) => position);
  const moved = inputs.map((input) => Float64Array.from(input));
  const evaluate = (): number => {
    const value = compute(...moved);
    if (!Number.isFinite(value)) {
      throw new RangeError(`finiteDifferences: the function is ${value} at or beside the inputs`);
    }
    return value;
  };
  return moved.map((input, position) => {
    if (!chosen.includes(position)) return new Float64Array(0);
    const gradient = new Float64Array(input.length).fill(Number.NaN);
    const stride = Math.max(1, Math.ceil(input.length / elements));
    for (let i = 0; i < input.length; i += stride) {
      const x = input[i]!;
      const h = step * Math.max(1, Math.abs(x));
      input[i] = x + h;
      const above = input[i]! - x; // the step as the double holds it
      const high = evaluate();
      input[i] = x - h;
      const below = x - input[i]!;
      const low = evaluate();
      input[i] = x;
      gradient[i] = (high - low) / (above + below);
    }
    return gradient;
  });
}
