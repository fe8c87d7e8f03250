import type { BroadSlo } from "./slo.js";

/** One objective over all feasible designs: what distances are measured by. */
export interface ObjectiveScale {
  readonly direction: "max" | "min";
  readonly weight: number;
  /** The best value that any feasible design has: its part of the utopia point. */
  readonly utopia: number;
  /** The worst value that any feasible design has. */
  readonly worst: number;
  /** Population standard deviation; an objective with 0 tells no design from another and does not count. */
  readonly deviation: number;
}

/** Best, worst and population deviation of an objective over feasible designs. */
export function scaleObjective(
  { direction, weight = 1 }: BroadSlo,
  values: Float64Array,
): ObjectiveScale {
  let [least, greatest, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    sum += value;
  }
  // In two passes: squares of great values would swallow a small spread.
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  // Rounding in the mean must not make a constant objective count.
  const deviation = least === greatest ? 0 : Math.sqrt(squares / values.length);
  const [utopia, worst] = direction === "max" ? [greatest, least] : [least, greatest];
  return { direction, weight, utopia, worst, deviation };
}

/**
 * Weighted diagonal Mahalanobis distance of a design from the utopia point: `sqrt(sum w (f - utopia)^2 / variance)` over
 * the objectives that vary. In the style of CARIn (Panopoulos et al., ACM TECS 23(4), 2024).
 *
 * @param values one for each objective
 */
export function measureDistance(
  scales: readonly ObjectiveScale[],
  values: ArrayLike<number>,
): number {
  let sum = 0;
  scales.forEach(({ utopia, deviation, weight }, i) => {
    if (deviation > 0) sum += weight * ((values[i]! - utopia) / deviation) ** 2;
  });
  return Math.sqrt(sum);
}
