/** Arms offered for one decision: a part of the bandit's arms, or arms with the features they have this time. */
export type ArmOffer<Arm extends string> = readonly Arm[] | ReadonlyMap<Arm, ArrayLike<number>>;

/**
 * What a bandit chose, and how it came to it. Arrays are views into buffers that decisions share: copy them before
 * transferring them to a worker.
 */
export interface Decision<Arm extends string = string> {
  /** What {@link Bandit.update} knows the decision by. */
  readonly id: string;
  /** The chosen arm. */
  readonly arm: Arm;
  /** Probability, above 0 and at most 1, with which this arm was chosen: what off-policy evaluation divides by. */
  readonly propensity: number;
  /** The arms that stood for choice, in the order of `scores`. */
  readonly arms: readonly Arm[];
  /** What the policy ranked the arms by. */
  readonly scores: Float64Array;
  /** Probability of every arm, constraints included; they sum to 1. */
  readonly probabilities: Float64Array;
  /** Estimated mean reward of the chosen arm; NaN where the policy estimates none. */
  readonly mean: number;
  /** Standard error of `mean`; Infinity for an unknown arm, NaN where the policy keeps no measure of doubt. */
  readonly width: number;
  /** Whether to ask the user for feedback; always true where {@link BanditOptions.solicitation} is not set. */
  readonly ask: boolean;
}

/** What a bandit thinks of its arms in a context, all of them in the order in which they were offered. */
export interface ArmEstimates<Arm extends string = string> {
  readonly arms: readonly Arm[];
  /** What the policy ranks by; NaN for an arm that a constraint rules out. */
  readonly scores: Float64Array;
  /** Probability with which each would be chosen, constraints included; they sum to 1. */
  readonly probabilities: Float64Array;
  /** Estimated mean rewards; NaN where the policy estimates none. */
  readonly means: Float64Array;
  /** Standard errors of `means`; Infinity where nothing is known, NaN where the policy keeps no measure of doubt. */
  readonly widths: Float64Array;
}
