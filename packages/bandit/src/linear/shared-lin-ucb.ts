import type { LinearOptions } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { createSharedLinear, type SharedLinearOptions } from "./shared-linear-options.js";
import { ucbRule } from "./ucb-rule.js";

/** Options of {@link sharedLinUcb}. */
export interface SharedLinUcbOptions extends LinearOptions, SharedLinearOptions {
  /** Widths added to the estimated mean, from 0: how much exploring is worth. @default 1 */
  readonly alpha?: number;
  /**
   * Which arms' scores and widths to work out: all of them, or only those of arms that can still be the best by a
   * bound of their width; the others' are NaN then. Chooses the same arms.
   *
   * @default "all"
   */
  readonly scores?: "all" | "needed";
}

/**
 * LinUCB with one model for all arms: a linear function of features z of context and arm together, so that what is
 * learnt of one arm holds for all that resemble it, new ones included. Chooses the first arm with the largest
 * theta' z + alpha sqrt(z' A^-1 z) (Chu, Li, Reyzin, Schapire: Contextual Bandits with Linear Payoff Functions;
 * AISTATS 2011, algorithm 1).
 *
 * Deciding among K arms takes K p^2 / 2 products for p joint features, learning about 2 p^2.
 *
 * @example
 * const policy = sharedLinUcb({ contextDimension: 1, armDimension: 2, joint: "interactions" });
 * const arms = new Map([["small", [1, 0.2]], ["large", [1, 0.9]]]);
 * const bandit = createBandit({ policy, arms, seed: 1 });
 * const { id } = bandit.decide([0.5]);
 * bandit.update(id, 1);
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function sharedLinUcb({
  alpha = 1,
  scores = "all",
  ...options
}: SharedLinUcbOptions): LinearPolicy {
  const rule = ucbRule("shared-lin-ucb", "sharedLinUcb", alpha);
  return createSharedLinear("sharedLinUcb", options, rule, scores);
}
