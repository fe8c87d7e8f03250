import type { Policy } from "../policy/policy.js";

/** Readable coefficients of a linear model. */
export interface LinearWeights {
  /** The coefficients, in the order of the features. */
  readonly coefficients: Float64Array;
  /**
   * Standard errors of the coefficients, from the spread of the rewards about the model; NaN before there are more
   * examples than coefficients.
   */
  readonly standardErrors: Float64Array;
  /** Sum of the weights of the examples learnt from. */
  readonly weight: number;
}

/**
 * A policy on linear models, which can be looked into.
 *
 * @example
 * const policy = linUcb({ dimension: 2 });
 * const bandit = createBandit({ policy, arms: ["small", "large"], seed: 1 });
 * for (let i = 0; i < 100; i++) {
 *   const load = (i % 10) / 10;
 *   const { id, arm } = bandit.decide([1, load]);
 *   bandit.update(id, arm === "small" ? load : 0.5);
 * }
 * const { coefficients, standardErrors } = policy.weights(bandit.slotOf("small"));
 * console.log(coefficients[1], standardErrors[1]); // 0.73 (1, but for the ridge) and 0.03
 */
export interface LinearPolicy extends Policy {
  /**
   * The coefficients by which the arm in a slot is judged (of a model that all arms share, the same for all): what
   * moves its estimated reward, in which direction, and how sure that is.
   */
  weights(slot: number): LinearWeights;
  /**
   * Largest difference between a kept inverse and one worked out afresh, relative to the latter's largest element:
   * what rounding has done so far. Takes time like d^3 for every model.
   */
  drift(): number;
}
