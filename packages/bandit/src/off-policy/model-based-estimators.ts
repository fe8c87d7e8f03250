import { needLambda, needPredictions, needWeights } from "./check-inputs.js";
import { completeEstimate, type Estimate } from "./estimate.js";
import type { WeightedLog } from "./weigh-log.js";

/**
 * The direct method: mean over rows of sum over arms of pi(a | x) q(x, a), what the reward model predicts for the
 * target. Little variance, and all of the model's bias, which no interval shows.
 */
export function directMethod(log: WeightedLog): Estimate {
  const { baseline } = needPredictions("directMethod", log);
  return completeEstimate("dm", { summands: baseline }, undefined);
}

/**
 * Doubly robust (Dudik, Langford, Li: Doubly Robust Policy Evaluation and Learning, ICML 2011): mean of DM + w (r - q).
 * Unbiased when either the propensities or the model are right; the better the model, the less variance.
 */
export function doublyRobust(log: WeightedLog): Estimate {
  return corrected("dr", log, needWeights("doublyRobust", log));
}

/**
 * Self-normalised doubly robust: mean(DM) + sum w (r - q) / sum w (Thomas and Brunskill, ICML 2016, as weighted doubly
 * robust for one step).
 */
export function selfNormalizedDoublyRobust(log: WeightedLog): Estimate {
  const weights = needWeights("selfNormalizedDoublyRobust", log);
  const { predicted, baseline } = needPredictions("selfNormalizedDoublyRobust", log);
  return completeEstimate(
    "sndr",
    {
      summands: baseline,
      numerators: weights.map((w, i) => w * (log.rewards[i]! - predicted[i]!)),
      denominators: weights,
    },
    weights,
  );
}

/**
 * SWITCH-DR (Wang, Agarwal, Dudik: Optimal and Adaptive Off-policy Evaluation in Contextual Bandits, ICML 2017):
 * doubly robust on rows whose weight is at most `lambda`, the model alone on the others.
 *
 * @param lambda from 0, which gives {@link directMethod}; Infinity gives {@link doublyRobust}
 */
export function switchDoublyRobust(log: WeightedLog, lambda: number): Estimate {
  needLambda("switchDoublyRobust", lambda);
  const weights = needWeights("switchDoublyRobust", log).map((w) => (w <= lambda ? w : 0));
  return corrected("switch-dr", log, weights, lambda);
}

/**
 * Doubly robust with optimistic shrinkage (Su, Dimakopoulou, Krishnamurthy, Dudik: Doubly Robust Off-policy
 * Evaluation with Shrinkage, ICML 2020): weights lambda w / (w^2 + lambda).
 *
 * @param lambda from 0, which gives {@link directMethod}; Infinity gives {@link doublyRobust}
 */
export function shrunkDoublyRobust(log: WeightedLog, lambda: number): Estimate {
  needLambda("shrunkDoublyRobust", lambda);
  const weights = needWeights("shrunkDoublyRobust", log).map((w) => shrinkWeight(w, lambda));
  return corrected("dros", log, weights, lambda);
}

/** lambda w / (w^2 + lambda), with its limits at 0 and Infinity. */
export function shrinkWeight(w: number, lambda: number): number {
  if (w === 0) return 0;
  // Divided through by lambda: neither a large lambda nor a large weight overflows.
  return w / (1 + w * (w / lambda));
}

function corrected(
  estimator: "dr" | "switch-dr" | "dros",
  log: WeightedLog,
  weights: Float64Array,
  lambda?: number,
): Estimate {
  const { predicted, baseline } = needPredictions(estimator, log);
  const summands = weights.map((w, i) => baseline[i]! + w * (log.rewards[i]! - predicted[i]!));
  return completeEstimate(estimator, { summands }, weights, lambda);
}
