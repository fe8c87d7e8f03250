import { EdgewrightError } from "@edgewright/core";

/** Options that all policies on linear models have. */
export interface LinearOptions {
  /**
   * Strength of the ridge that every regression starts from, above 0: the precision of its prior.
   *
   * @default 1
   */
  readonly ridge?: number;
  /**
   * What an example counts for every later one that the policy learns, above 0 and at most 1: .99 remembers about the
   * last hundred. In the style of discounted LinUCB (Russac, Vernade, Cappé: Weighted Linear Bandits for
   * Non-Stationary Environments; NeurIPS 2019, algorithm 1), with two simplifications: the width is taken from the
   * one matrix V (theirs, from V and a second one, is never wider), and the ridge fades along with the examples, down
   * to half at most, until it is made up.
   *
   * @default 1, nothing fades
   */
  readonly discount?: number;
  /**
   * How many of the latest examples are known, all arms together; older ones are taken back (Cheung, Simchi-Levi,
   * Zhu: Learning to Optimize under Non-Stationarity; AISTATS 2019, algorithm 1). Costs memory for that many
   * contexts.
   *
   * @default Infinity, all of them
   */
  readonly window?: number;
}

/** {@link LinearOptions}, checked. */
export interface CheckedLinearOptions {
  readonly dimension: number;
  readonly ridge: number;
  readonly discount: number;
  readonly window: number;
}

/** Checks the options that all linear policies share; `where` is the function to name in an error. */
export function checkLinearOptions(
  where: string,
  dimension: number,
  { ridge = 1, discount = 1, window = Infinity }: LinearOptions,
): CheckedLinearOptions {
  const whole = Number.isSafeInteger(dimension) && dimension >= 1 && dimension <= 20_000;
  requireOption(whole, where, "dimension", "a whole number from 1 to 20,000", dimension);
  requireOption(ridge > 0 && ridge < Infinity, where, "ridge", "a number above 0", ridge);
  const fades = discount > 0 && discount <= 1;
  requireOption(fades, where, "discount", "a number above 0 and at most 1", discount);
  const counts = window === Infinity || (Number.isSafeInteger(window) && window >= 1);
  requireOption(counts, where, "window", "a whole number from 1 or Infinity", window);
  const one = discount === 1 || window === Infinity;
  requireOption(one, where, "window", "to be left out beside a discount", window);
  return { dimension, ridge, discount, window };
}

/** Throws unless `holds`. */
export function requireOption(
  holds: boolean,
  where: string,
  name: string,
  expected: string,
  came: unknown,
): void {
  if (holds) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: ${name} ${expected} was expected, got ${String(came)}`,
  );
}
