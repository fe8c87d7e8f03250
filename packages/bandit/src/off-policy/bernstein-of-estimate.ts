import type { Interval } from "@edgewright/core";
import { empiricalBernsteinInterval } from "./closed-form-intervals.js";
import type { Estimate } from "./estimate.js";
import { shrinkWeight } from "./model-based-estimators.js";
import type { WeightedLog } from "./weigh-log.js";

/**
 * The empirical Bernstein interval of an estimate, from the range that its summands can have; undefined for the
 * self-normalised ones, which are no means of independent values.
 */
export function bernsteinOfEstimate(
  estimate: Estimate,
  log: WeightedLog,
  rewardRange: readonly [low: number, high: number],
  level: number,
): Interval | undefined {
  const { estimator, terms } = estimate;
  const [least, most] = rewardRange;
  if (estimator === "snips" || estimator === "sndr") return undefined;
  if (estimator === "replay") {
    // Rows that were kept are a sample of what the target would have met.
    const kept = log.rewards.filter((_, row) => terms.denominators![row] === 1);
    return empiricalBernsteinInterval(kept, { low: least, high: most, level });
  }
  const weight = largestWeight(estimate, log);
  if (estimator === "ips" || estimator === "clipped-ips") {
    return empiricalBernsteinInterval(terms.summands!, {
      low: Math.min(0, weight * least),
      high: Math.max(0, weight * most),
      level,
    });
  }
  // A model may predict beyond the rewards' range: its own predictions widen it.
  let low = least;
  let high = most;
  for (const predictions of [log.baseline!, log.predicted!]) {
    for (const one of predictions) {
      if (one < low) low = one;
      if (one > high) high = one;
    }
  }
  const correction = weight * Math.max(most - low, high - least);
  return empiricalBernsteinInterval(terms.summands!, {
    low: low - correction,
    high: high + correction,
    level,
  });
}

// The largest weight that could have come, as the estimator uses it.
function largestWeight({ estimator, lambda = Infinity }: Estimate, log: WeightedLog): number {
  if (estimator === "dm") return 0;
  if (estimator !== "dros") return Math.min(log.weightBound, lambda);
  return shrinkWeight(Math.min(log.weightBound, Math.sqrt(lambda)), lambda);
}
