import type { LinearOptions } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { createSharedLinear, type SharedLinearOptions } from "./shared-linear-options.js";
import { thompsonRule } from "./thompson-rule.js";

/** Options of {@link sharedLinThompson}. */
export interface SharedLinThompsonOptions extends LinearOptions, SharedLinearOptions {
  /** Standard deviation of the posterior in widths, from 0: how much exploring is worth. @default 1 */
  readonly alpha?: number;
  /** Draws from the posterior that a decision's probabilities are estimated by. @default 128 */
  readonly draws?: number;
}

/**
 * Thompson sampling on one linear model for all arms (Agrawal, Goyal: Thompson Sampling for Contextual Bandits with
 * Linear Payoffs; ICML 2013, algorithm 1): theta is taken to be N(theta, alpha^2 A^-1), so that the arms' rewards are
 * correlated, with covariances z_i' A^-1 z_j.
 *
 * Every decision draws the arms' rewards `draws` times through the Cholesky factor of those covariances (every other
 * draw is the mirror image of the one before), gives an arm the probability
 * (draws it was the best of + 1 / K) / (draws + 1), and chooses by these. The propensity is that probability: exact
 * given the decision's draws, which have nothing to do with rewards, so that estimates which divide by it are
 * unbiased; as an estimate of the probability under the posterior itself it has a standard error of about
 * sqrt(p (1 - p) / draws). No arm has less than 1 / (K (draws + 1)). Scores are the means.
 *
 * @example
 * const policy = sharedLinThompson({ contextDimension: 1, armDimension: 2 });
 * const arms = new Map([["small", [1, 0.2]], ["large", [1, 0.9]]]);
 * const bandit = createBandit({ policy, arms, seed: 1 });
 * const { id } = bandit.decide([0.5]);
 * bandit.update(id, 1);
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function sharedLinThompson({
  alpha = 1,
  draws = 128,
  ...options
}: SharedLinThompsonOptions): LinearPolicy {
  const rule = thompsonRule("shared-lin-thompson", "sharedLinThompson", alpha, draws);
  return createSharedLinear("sharedLinThompson", options, rule, "all");
}
