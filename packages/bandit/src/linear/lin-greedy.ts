import { DisjointLinear } from "./disjoint-linear.js";
import { type GreedyOptions, greedyRule } from "./greedy-rule.js";
import { checkLinearOptions, type LinearOptions } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { createSharedLinear, type SharedLinearOptions } from "./shared-linear-options.js";

/** Options of {@link linGreedy}. */
export interface LinGreedyOptions extends LinearOptions, GreedyOptions {
  /** Features of a context; add one that is always 1 where rewards have a level of their own. */
  readonly dimension: number;
}

/** Options of {@link sharedLinGreedy}. */
export interface SharedLinGreedyOptions extends LinearOptions, SharedLinearOptions, GreedyOptions {}

/**
 * Epsilon-greedy on a linear model for every arm: chooses the first arm with the largest theta' x, but with
 * probability epsilon any arm, all alike. Propensities are exact: epsilon / K for every arm, and 1 - epsilon more for
 * the best. With epsilon 0 it never explores but by the ties it begins with.
 *
 * @example
 * const policy = linGreedy({ dimension: 2, epsilon: 0.2, decay: 1000 });
 * const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
 * console.log(bandit.decide([1, 0.5]).probabilities); // 0.9 for the first arm, 0.1 for the other
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function linGreedy({
  dimension,
  scores = "all",
  ...options
}: LinGreedyOptions): LinearPolicy {
  const checked = checkLinearOptions("linGreedy", dimension, options);
  return new DisjointLinear(checked, greedyRule("lin-greedy", "linGreedy", options), scores);
}

/**
 * Epsilon-greedy on one linear model for all arms, over features of context and arm together: {@link sharedLinUcb}
 * explored as {@link linGreedy} does.
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function sharedLinGreedy({
  scores = "all",
  ...options
}: SharedLinGreedyOptions): LinearPolicy {
  const rule = greedyRule("shared-lin-greedy", "sharedLinGreedy", options);
  return createSharedLinear("sharedLinGreedy", options, rule, scores);
}
