import { requireOption } from "../linear/linear-options.js";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { logistic } from "./logistic-model.js";
import { createLogisticPolicy, type LogisticOptions } from "./logistic-policy.js";

/** Options of {@link logisticUcb}. */
export interface LogisticUcbOptions extends LogisticOptions {
  /** Standard deviations of the logit that are added to its mean. @default 1 */
  readonly alpha?: number;
}

/**
 * Logistic UCB: a logistic regression for every arm, for rewards from 0 to 1 such as clicks or a thumbs-up; chooses
 * the arm with the largest logistic(theta' x + alpha sqrt(x' P^-1 x)).
 *
 * The bound on the logit is that of UCB-GLM (Li, Lu, Zhou: Provably Optimal Algorithms for Generalized Linear
 * Contextual Bandits; ICML 2017, algorithm 1, after GLM-UCB of Filippi et al., NIPS 2010), with the precision P of
 * the online Laplace approximation instead of the plain sum of x x', and the estimate updated example by example
 * instead of refitted to all. `means` are logistic(theta' x), `widths` their standard errors to first order.
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * const policy = logisticUcb({ dimension: 2 });
 * const bandit = createBandit({ policy, arms: ["small", "large"], seed: 1 });
 * const { id, mean } = bandit.decide([1, 0.3]); // mean 0.5: nothing is known yet
 * bandit.update(id, 1);
 * ```
 */
export function logisticUcb(options: LogisticUcbOptions): Policy {
  const { alpha = 1 } = options;
  const fits = alpha >= 0 && alpha < Infinity;
  requireOption(fits, "logisticUcb", "alpha", "a finite number from 0", alpha);
  return createLogisticPolicy("logistic-ucb", "logisticUcb", options, (out, count) => {
    const { means, widths, scores, probabilities } = out;
    for (let i = 0; i < count; i++) scores[i] = means[i]! + alpha * widths[i]!;
    // By logits, which tell arms apart where probabilities would round to 1.
    putAllOn(indexOfBest(scores, count), probabilities, count);
    for (let i = 0; i < count; i++) scores[i] = logistic(scores[i]!);
  });
}
