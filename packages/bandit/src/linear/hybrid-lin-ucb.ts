import { HybridLinear } from "./hybrid-linear.js";
import { chooseJointFeatures, type Joint } from "./joint-features.js";
import { checkLinearOptions, requireOption } from "./linear-options.js";
import type { LinearPolicy } from "./linear-policy.js";
import { ucbRule } from "./ucb-rule.js";

/** Options of {@link hybridLinUcb}. */
export interface HybridLinUcbOptions {
  /** Features x of a context, of which every arm has coefficients of its own; from 1. */
  readonly contextDimension: number;
  /** Features of an arm. */
  readonly armDimension: number;
  /** What the features z are, of which all arms share the coefficients. @default "interactions" */
  readonly joint?: Joint;
  /** Widths added to the estimated mean, from 0: how much exploring is worth. @default 1 */
  readonly alpha?: number;
  /** Strength of the ridge of the shared and of the arms' own coefficients, above 0. @default 1 */
  readonly ridge?: number;
}

/**
 * LinUCB with shared and own coefficients (Li, Chu, Langford, Schapire: A Contextual-Bandit Approach to Personalized
 * News Article Recommendation; WWW 2010, algorithm 2): the reward of arm a is beta' z + theta_a' x, where z are joint
 * features of context and arm, so that new arms profit from what is known of others, and x the context, by which every
 * arm can differ from what its features say.
 *
 * Deciding among K arms takes K (d^2 + k d + k^2 / 2) products for d features x and k features z. It forgets nothing:
 * with discounts or windows the arms' parts could no longer be eliminated one example at a time.
 *
 * @example
 * const policy = hybridLinUcb({ contextDimension: 2, armDimension: 2 });
 * const arms = new Map([["small", [1, 0.2]], ["large", [1, 0.9]]]);
 * const bandit = createBandit({ policy, arms, seed: 1 });
 * const { id } = bandit.decide([1, 0.5]);
 * bandit.update(id, 1);
 *
 * @throws EdgewrightError when an option is out of its range
 */
export function hybridLinUcb(options: HybridLinUcbOptions): LinearPolicy {
  const where = "hybridLinUcb";
  const { contextDimension, armDimension, joint = "interactions", alpha = 1 } = options;
  const features = chooseJointFeatures(where, joint, contextDimension, armDimension);
  const { ridge } = checkLinearOptions(where, features.dimension, options);
  const some = contextDimension >= 1;
  requireOption(some, where, "contextDimension", "a whole number from 1", contextDimension);
  const name = typeof joint === "string" ? joint : "own features";
  const shape = { contextDimension, armDimension, features, joint: name, ridge };
  return new HybridLinear(shape, ucbRule("hybrid-lin-ucb", where, alpha));
}
