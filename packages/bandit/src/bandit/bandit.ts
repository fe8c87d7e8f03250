import type { Example, Policy } from "../policy/policy.js";
import type { ArmEstimates, ArmOffer, Decision } from "./decision.js";
import type { BanditSnapshot } from "./snapshot.js";

/** Options of {@link Bandit.update}. */
export interface UpdateOptions {
  /** How often the example counts, above 0. @default 1 */
  readonly weight?: number;
  /** Expected reward of the chosen arm, where a simulation knows it: goes into the log only. */
  readonly expected?: number;
  /** Expected reward of the best arm, where a simulation knows it: goes into the log only, for regret. */
  readonly best?: number;
}

/** A reward for one decision, part of {@link Bandit.updateBatch}. */
export interface Feedback extends UpdateOptions {
  /** Id of the decision. */
  readonly id: string;
  /** Finite; from 0 to 1 where the policy wants that. */
  readonly reward: number;
}

/** Options of {@link Bandit.updateAggregate}. */
export interface AggregateOptions {
  /**
   * What the figure says of each decision. `"mean"`: it is their mean, and they count as one example together;
   * `"each"`: every one earned it; `"total"`: it is their sum, of which every one earned an equal share.
   *
   * @default "mean"
   */
  readonly share?: "mean" | "each" | "total";
}

/** An example from elsewhere, for {@link Bandit.learn}. */
export interface OutsideExample<Arm extends string = string, Context = ArrayLike<number>> {
  /** May be left out where neither policy nor encoder looks at contexts. */
  readonly context?: Context;
  readonly arm: Arm;
  /** @default the arm's own */
  readonly armFeatures?: ArrayLike<number>;
  readonly reward: number;
  /** Probability with which the arm was chosen there. @default 1 */
  readonly propensity?: number;
  /** How often the example counts, above 0. @default 1 */
  readonly weight?: number;
}

/** Options of {@link Bandit.addArm}. */
export interface AddArmOptions<Arm extends string = string> {
  /** The arm's features. @default those of the arm `like` */
  readonly features?: ArrayLike<number>;
  /** An arm whose knowledge the new one starts from. @default none */
  readonly like?: Arm;
}

/**
 * Chooses arms in contexts and learns from rewards that may come later. A call that throws has changed nothing,
 * unless it says otherwise.
 */
export interface Bandit<Arm extends string = string, Context = ArrayLike<number>> {
  readonly policy: Policy;
  /** The arms there are now, in the order in which they were added. */
  readonly arms: readonly Arm[];
  /** Decisions made so far, those before a snapshot included. */
  readonly decided: number;
  /** Decisions that wait for their rewards. */
  readonly pending: number;

  /**
   * Chooses an arm.
   *
   * @param context may be left out where neither policy nor encoder looks at it
   * @param arms the arms that stand for choice this time, with features to take the place of their own where they
   * come as a Map. @default all arms
   *
   * @throws ShapeError for features of another dimension; EdgewrightError "invalid-argument" for features that are
   * not finite and for unknown, repeated or no arms; "limit-exceeded" when constraints leave no arm; "diverged"
   * when the policy gives no distribution
   */
  decide(context?: Context, arms?: ArmOffer<Arm>): Decision<Arm>;

  /**
   * The probability of every arm, in the order in which they are offered, with which {@link Bandit.decide} would
   * choose it if called now. Changes nothing, the random numbers included.
   *
   * @throws as {@link Bandit.decide}
   */
  probabilities(context?: Context, arms?: ArmOffer<Arm>): Float64Array;

  /** All that {@link Bandit.decide} would base its choice on if called now. Changes nothing. @throws as it */
  estimate(context?: Context, arms?: ArmOffer<Arm>): ArmEstimates<Arm>;

  /**
   * Learns from the reward of a decision.
   *
   * @throws FeedbackError when no decision `id` waits; EdgewrightError "invalid-argument" when the reward or an
   * option is not a number in range
   */
  update(id: string, reward: number, options?: UpdateOptions): void;

  /**
   * Learns from many rewards, or, when one of them is refused, from none. Only what a policy finds too large for its
   * arithmetic (beyond 1e30 or so), and what a log throws, shows up in the middle: those before it are learnt then.
   *
   * @throws as {@link Bandit.update}
   */
  updateBatch(rewards: Iterable<Feedback>): void;

  /** Learns from one figure for several decisions: the rating of a session. @throws as {@link Bandit.update} */
  updateAggregate(ids: Iterable<string>, reward: number, options?: AggregateOptions): void;

  /** Stops waiting for a reward that will never come; nothing is learnt. @throws FeedbackError */
  forget(id: string): void;

  /**
   * Learns from an example that no decision of this bandit led to: of a log, or of another device.
   *
   * @throws as {@link Bandit.decide} and {@link Bandit.update}
   */
  learn(example: OutsideExample<Arm, Context>): void;

  /** Ends the wait of decisions whose time is over, as deciding and updating do by themselves; gives their count. */
  expire(): number;

  /**
   * Adds an arm.
   *
   * @throws EdgewrightError "invalid-argument" when the name is taken or `like` unknown; ShapeError
   */
  addArm(arm: Arm, options?: AddArmOptions<Arm>): void;

  /**
   * Removes an arm and what was learnt of it; decisions for it wait no longer.
   *
   * @throws EdgewrightError "invalid-argument" when it is unknown, or the last one
   */
  removeArm(arm: Arm): void;

  /** The small number that policies know an arm by while it exists. @throws EdgewrightError when it is unknown */
  slotOf(arm: Arm): number;

  /**
   * Calls `listener` with every example after the policy has learnt from it; nobody changes the example's arrays
   * afterwards. What the listener throws comes out of the call that taught, whose work is done and of which all
   * other listeners were told by then.
   *
   * @returns stops it
   */
  onLearn(listener: (example: Example, arm: Arm) => void): () => void;

  /** All that there is to know for going on bit for bit later, as plain JSON-able data. */
  snapshot(): BanditSnapshot;
}
