import type { Rng } from "@edgewright/core";
import type { AdditiveSums } from "./additive-sums.js";

/**
 * A context and the arms that may be chosen in it: what a policy is asked about. Its arrays are the bandit's, and
 * valid during the call only.
 */
export interface ChoiceSet {
  /**
   * Slots of the arms that stand for choice, in the caller's order; at least one, none twice. A slot is a small
   * whole number that an arm has while it exists, so that policies keep arms in arrays.
   */
  readonly slots: ArrayLike<number>;
  /** Features of the context, [{@link Policy.contextDimension}]. */
  readonly context: Float64Array;
  /** Features of the arms, [slots.length, {@link Policy.armDimension}], one arm after another. */
  readonly armFeatures: Float64Array;
}

/** What a policy thinks of the arms of a {@link ChoiceSet}, in the same order; each field has at least as many elements. */
export interface Evaluation {
  /** What the policy ranks by: a mean, a bound, a weight. NaN where it did not need to be worked out. */
  readonly scores: Float64Array;
  /** Probability with which the policy would choose each arm; they sum to 1. */
  readonly probabilities: Float64Array;
  /** Estimated mean reward; NaN where the policy estimates none. */
  readonly means: Float64Array;
  /**
   * Standard error of the estimated mean, in units of the reward: Infinity for an arm that nothing is known of,
   * NaN where the policy keeps no measure of doubt.
   */
  readonly widths: Float64Array;
}

/** One observed reward, and what it was given for. Its arrays never change afterwards: they may be kept. */
export interface Example {
  /** Slot of the arm that was chosen. */
  readonly slot: number;
  /** Features of the context, [{@link Policy.contextDimension}]. */
  readonly context: Float64Array;
  /** Features of the chosen arm, [{@link Policy.armDimension}]. */
  readonly armFeatures: Float64Array;
  /** Finite; from 0 to 1 where {@link Policy.rewards} is `"unit"`. */
  readonly reward: number;
  /** Probability, above 0 and at most 1, with which the arm was chosen. */
  readonly propensity: number;
  /** How often the example counts, above 0; 1 for a plain one. */
  readonly weight: number;
}

/**
 * A way to choose among arms and to learn from rewards. A policy knows arms by their slots and nothing of ids,
 * feedback that comes late, or constraints: {@link createBandit} adds those, and checks every number before a policy
 * sees it.
 *
 * A policy is one learner with state: give every bandit its own.
 */
export interface Policy {
  /** Short name for tables and snapshots: `lin-ucb`, `epsilon-greedy` ... */
  readonly name: string;
  /** Context features expected; 0 when contexts are not looked at. */
  readonly contextDimension: number;
  /** Features expected of every arm; 0 when arms need none. */
  readonly armDimension: number;
  /** Whether rewards must lie from 0 to 1 or may be any finite number. */
  readonly rewards: "unit" | "real";
  /**
   * Starts an arm in a free slot.
   *
   * @param like slot of an arm whose knowledge the new one starts from
   */
  addArm(slot: number, like?: number): void;
  /** Forgets an arm and frees its slot. */
  removeArm(slot: number): void;
  /** Scores the arms of a choice set and says with which probability each is chosen. Learns nothing. */
  evaluate(choices: ChoiceSet, rng: Rng, out: Evaluation): void;
  /** Learns from one reward. */
  learn(example: Example, rng: Rng): void;
  /** All that was learnt, as JSON-able data from which {@link Policy.restore} goes on bit for bit. */
  state(): unknown;
  /**
   * Takes over a state of {@link Policy.state} from a policy with the same options.
   *
   * @throws ValidationError when the state is damaged or of another policy; what was learnt before stays
   */
  restore(state: unknown): void;
  /** Sums that add up over devices, where what the policy knows is a sum over examples. */
  readonly sums?: AdditiveSums;
}
