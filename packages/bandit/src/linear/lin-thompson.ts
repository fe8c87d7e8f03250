import { DisjointLinear } from "./disjoint-linear.js";
import { checkLinearOptions, type LinearOptions } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { thompsonRule } from "./thompson-rule.js";

/** Options of {@link linThompson}. */
export interface LinThompsonOptions extends LinearOptions {
  /** Features of a context; add one that is always 1 where rewards have a level of their own. */
  readonly dimension: number;
  /** Standard deviation of the posterior in widths, from 0: how much exploring is worth. @default 1 */
  readonly alpha?: number;
}

/**
 * Thompson sampling on a linear model for every arm: an arm's coefficients are taken to be N(theta, alpha^2 A^-1),
 * and every arm is chosen with the probability that its theta' x is the largest (Agrawal, Goyal: Thompson Sampling
 * for Contextual Bandits with Linear Payoffs; ICML 2013, algorithm 1, with a model for every arm as MABWiser's LinTS
 * has). Arms are independent, so that probability is worked out exactly, by quadrature, rather than by drawing:
 * propensities are exact. Scores are the means.
 *
 * @example
 * const policy = linThompson({ dimension: 2, alpha: 0.5 });
 * const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
 * console.log(bandit.decide([1, 0.5]).propensity); // 0.5: nothing is known yet
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function linThompson({
  dimension,
  alpha = 1,
  ...options
}: LinThompsonOptions): LinearPolicy {
  const checked = checkLinearOptions("linThompson", dimension, options);
  return new DisjointLinear(checked, thompsonRule("lin-thompson", "linThompson", alpha, 1), "all");
}
