import { requireOption } from "../linear/linear-options.js";
import { probabilitiesOfBest } from "../policy/best-arm-probabilities.js";
import type { Policy } from "../policy/policy.js";
import { logistic } from "./logistic-model.js";
import { createLogisticPolicy, type LogisticOptions } from "./logistic-policy.js";

/** Options of {@link logisticThompson}. */
export interface LogisticThompsonOptions extends LogisticOptions {
  /** Factor on the standard deviation of the logits that are sampled; below 1 explores less. @default 1 */
  readonly scale?: number;
}

/**
 * Logistic Thompson sampling: a logistic regression for every arm, for rewards from 0 to 1, with normal weights by
 * Laplace's approximation, updated online (Chapelle, Li: An Empirical Evaluation of Thompson Sampling; NIPS 2011,
 * algorithm 3 with `covariance: "diagonal"`; keeping all covariances is the default).
 *
 * The sampled logits are independent normals, and a larger logit is a larger probability: with which probability each
 * arm is the best is worked out by quadrature instead of drawing weights.
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * const policy = logisticThompson({ dimension: 2 });
 * const bandit = createBandit({ policy, arms: ["small", "large"], seed: 1 });
 * const { id, propensity } = bandit.decide([1, 0.3]); // propensity 0.5: nothing is known yet
 * bandit.update(id, 1);
 * ```
 */
export function logisticThompson(options: LogisticThompsonOptions): Policy {
  const { scale = 1 } = options;
  const fits = scale >= 0 && scale < Infinity;
  requireOption(fits, "logisticThompson", "scale", "a finite number from 0", scale);
  return createLogisticPolicy("logistic-thompson", "logisticThompson", options, (out, count) => {
    const { means, widths, scores, probabilities } = out;
    for (let i = 0; i < count; i++) scores[i] = scale * widths[i]!;
    probabilitiesOfBest(means, scores, count, probabilities);
    for (let i = 0; i < count; i++) scores[i] = logistic(means[i]!);
  });
}
