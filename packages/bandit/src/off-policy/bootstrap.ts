import {
  createRng,
  EdgewrightError,
  type Interval,
  normalQuantile,
  quantiles,
  type Rng,
} from "@edgewright/core";
import { normalCdf } from "../policy/normal-distribution.js";
import type { Estimate, EstimateTerms } from "./estimate.js";

/** Options of {@link bootstrapInterval}. */
export interface BootstrapOptions {
  /** Probability, between 0 and 1, with which the interval is to hold the value. @default 0.95 */
  readonly level?: number;
  /** How often rows are drawn anew. @default 1000 */
  readonly resamples?: number;
  /** Seed of the draws: a whole number from 0. @default 0 */
  readonly seed?: number;
  /**
   * Quantiles of the resampled estimates as they are, or corrected for bias and skewness (BCa: Efron, Better Bootstrap
   * Confidence Intervals, JASA 1987), which rare rewards call for.
   *
   * @default "bca"
   */
  readonly method?: "bca" | "percentile";
}

/**
 * Confidence interval of an estimate from resampled rows (Efron, 1979). Rows count as independent, and reward model,
 * lambda and folds are kept as they are: what they cost in certainty is left out.
 *
 * @example
 * const data = createLoggedData({ arms: ["a", "b"], chosen: ["a", "b"], rewards: [0, 1], propensities: [0.5, 0.5] });
 * const { low, high } = bootstrapInterval(ips(weighLog(data, uniformTarget())), { seed: 1 });
 */
export function bootstrapInterval(
  estimate: Pick<Estimate, "terms" | "value">,
  options: BootstrapOptions = {},
): Interval {
  const { level = 0.95, resamples = 1000, seed = 0, method = "bca" } = options;
  const resampler = createResampler([estimate.terms], createRng(seed), resamples);
  for (let i = 0; i < resamples; i++) resampler.draw(i);
  return intervalOf(estimate, resampler.values[0]!, checkLevel("bootstrapInterval", level), method);
}

/** Draws rows anew for many estimates at once, so that estimates of one draw can be compared. */
interface Resampler {
  /** Estimates by resample, [terms][resamples]. */
  readonly values: readonly Float64Array[];
  /** Makes resample `index`; in order from 0. */
  draw(index: number): void;
}

/** A {@link Resampler}; all terms are of the same rows. */
export function createResampler(
  terms: readonly EstimateTerms[],
  rng: Rng,
  resamples: number,
): Resampler {
  if (!(Number.isSafeInteger(resamples) && resamples >= 2)) {
    throw new EdgewrightError(
      "invalid-argument",
      `bootstrap: at least 2 resamples were expected, got ${resamples}`,
    );
  }
  // Estimators share columns: each is summed once.
  const columns = new Map<Float64Array, number>();
  const placeOf = (column: Float64Array | undefined): number => {
    if (!column) return -1;
    const place = columns.get(column) ?? columns.size;
    columns.set(column, place);
    return place;
  };
  const plans = terms.map((one) => ({
    base: placeOf(one.summands),
    above: placeOf(one.numerators),
    below: placeOf(one.denominators),
  }));
  const sparse = [...columns.keys()].map(dropZeros);
  const rows = [...columns.keys()][0]?.length ?? 0;
  const counts = new Float64Array(rows);
  const sums = new Float64Array(sparse.length);
  const values = terms.map(() => new Float64Array(resamples));
  return {
    values,
    draw(index) {
      counts.fill(0);
      // Of 2^32 words some fall on a row once more than on another: a share of rows / 2^32, far below what matters.
      for (let i = 0; i < rows; i++) {
        counts[Math.floor(rng.nextUint32() * 2 ** -32 * rows)]!++;
      }
      for (let c = 0; c < sparse.length; c++) {
        const { places, entries } = sparse[c]!;
        let sum = 0;
        if (places)
          for (let k = 0; k < places.length; k++) sum += counts[places[k]!]! * entries[k]!;
        else for (let k = 0; k < rows; k++) sum += counts[k]! * entries[k]!;
        sums[c] = sum;
      }
      plans.forEach(({ base, above, below }, t) => {
        values[t]![index] =
          (base < 0 ? 0 : sums[base]! / rows) + (above < 0 ? 0 : sums[above]! / sums[below]!);
      });
    },
  };
}

/** The interval from an estimate's resampled values. */
export function intervalOf(
  estimate: Pick<Estimate, "terms" | "value">,
  resampled: Float64Array,
  level: number,
  method: "bca" | "percentile",
): Interval {
  const { terms, value } = estimate;
  // All resamples of one row are that row: no width, and nothing known.
  if ((terms.summands ?? terms.numerators)!.length < 2) return { low: -Infinity, high: Infinity };
  // Draws without a single matching row say nothing.
  const usable = resampled.filter(Number.isFinite);
  if (usable.length === 0 || !Number.isFinite(value)) return { low: Number.NaN, high: Number.NaN };
  const tail = (1 - level) / 2;
  const corrected =
    method === "bca" ? correctTails(usable, value, accelerationOf([terms], [1]), tail) : undefined;
  const [low, high] = quantiles(usable, corrected ?? [tail, 1 - tail]);
  return { low: low!, high: high! };
}

/** BCa's fractions in place of `tail` and `1 - tail`; undefined where draws do not spread around the value. */
export function correctTails(
  resampled: Float64Array,
  value: number,
  acceleration: number,
  tail: number,
): [number, number] | undefined {
  let below = 0;
  for (const one of resampled) below += one < value ? 1 : one === value ? 0.5 : 0;
  if (below === 0 || below === resampled.length) return undefined;
  const bias = normalQuantile(below / resampled.length);
  const fraction = (z: number): number => {
    const moved = bias + z;
    return normalCdf(bias + moved / Math.max(1e-3, 1 - acceleration * moved));
  };
  const z = normalQuantile(1 - tail);
  return [fraction(-z), fraction(z)];
}

/** Efron's acceleration of a weighted sum of estimates, from their jackknife: leaving out each row in turn. */
export function accelerationOf(
  terms: readonly EstimateTerms[],
  factors: readonly number[],
): number {
  const rows = (terms[0]!.summands ?? terms[0]!.numerators)!.length;
  if (rows < 3) return 0;
  const left = new Float64Array(rows);
  terms.forEach(({ summands, numerators, denominators }, t) => {
    const base = summands ? total(summands) : 0;
    const above = numerators ? total(numerators) : 0;
    const below = denominators ? total(denominators) : 0;
    for (let i = 0; i < rows; i++) {
      let value = summands ? (base - summands[i]!) / (rows - 1) : 0;
      if (numerators && denominators)
        value += (above - numerators[i]!) / (below - denominators[i]!);
      left[i]! += factors[t]! * value;
    }
  });
  const centre = total(left) / rows;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < rows; i++) {
    const pull = centre - left[i]!;
    squares += pull * pull;
    cubes += pull ** 3;
  }
  const acceleration = cubes / (6 * squares ** 1.5);
  // No spread, or a ratio that hangs on one row: nothing to correct by.
  return Number.isFinite(acceleration) ? acceleration : 0;
}

/** Refuses a confidence level that is not between 0 and 1. */
export function checkLevel(where: string, level: number): number {
  if (level > 0 && level < 1) return level;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a confidence level between 0 and 1 was expected, got ${level}`,
  );
}

// Rewards are often rare: columns that are mostly 0 keep only what is not.
function dropZeros(column: Float64Array): { places?: Int32Array; entries: Float64Array } {
  const places = Int32Array.from(column.keys()).filter((i) => column[i] !== 0);
  if (places.length > column.length / 3) return { entries: column };
  return { places, entries: Float64Array.from(places, (i) => column[i]!) };
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
