import { DisjointLinear } from "./disjoint-linear.js";
import { checkLinearOptions, type LinearOptions } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { ucbRule } from "./ucb-rule.js";

/** Options of {@link linUcb}. */
export interface LinUcbOptions extends LinearOptions {
  /** Features of a context; add one that is always 1 where rewards have a level of their own. */
  readonly dimension: number;
  /** Widths added to the estimated mean, from 0: how much exploring is worth. @default 1 */
  readonly alpha?: number;
  /**
   * Which arms' scores and widths to work out: all of them, or only those of arms that can still be the best by a
   * bound of their width; the others' are NaN then. Chooses the same arms, faster where there are many of them.
   *
   * @default "all"
   */
  readonly scores?: "all" | "needed";
}

/**
 * LinUCB with a model for every arm (Li, Chu, Langford, Schapire: A Contextual-Bandit Approach to Personalized News
 * Article Recommendation; WWW 2010, algorithm 1): chooses the first arm with the largest
 * theta' x + alpha sqrt(x' A^-1 x), where theta is the arm's ridge regression of rewards on contexts.
 *
 * Widths are standard errors of the mean for rewards with a variance of 1. Deciding among K arms with d features takes
 * K d^2 / 2 products, learning about 2 d^2; with WebAssembly's SIMD where there is that, and the same results to the
 * last bit where there is not.
 *
 * @example
 * const policy = linUcb({ dimension: 2 });
 * const bandit = createBandit({ policy, arms: ["small", "large"], seed: 1 });
 * const { id, arm } = bandit.decide([1, 0.5]);
 * bandit.update(id, arm === "small" ? 0.8 : 0.3);
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function linUcb({
  dimension,
  alpha = 1,
  scores = "all",
  ...options
}: LinUcbOptions): LinearPolicy {
  const checked = checkLinearOptions("linUcb", dimension, options);
  return new DisjointLinear(checked, ucbRule("lin-ucb", "linUcb", alpha), scores);
}
