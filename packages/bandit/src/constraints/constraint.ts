/** What a constraint sees of a decision; all lists are in the order of `arms`. */
export interface ConstrainedChoice {
  /** Arms that stand for choice: what constraints rule out with {@link Constraint.admits} is not among them. */
  readonly arms: readonly string[];
  /** Features of the context, as the policy sees them. */
  readonly context: Float64Array;
  /** What the policy ranks by. */
  readonly scores: Float64Array;
  /** Estimated mean rewards; NaN where the policy estimates none. */
  readonly means: Float64Array;
  /** Standard errors of the means; Infinity where nothing is known, NaN where the policy keeps no measure of doubt. */
  readonly widths: Float64Array;
  /** Probability of every arm, to be changed in place; they are made to sum to 1 afterwards. */
  readonly probabilities: Float64Array;
}

/**
 * A rule that stands above the policy. {@link createBandit} asks its constraints in the order in which they are
 * listed: each reshapes what those before it left, so a floor on propensities belongs at the end.
 *
 * `admits` and `reshape` change nothing of the constraint: they run for {@link Bandit.probabilities} as well. They
 * may throw: the decision is then not made and nothing has changed.
 */
export interface Constraint {
  /** Short name for errors and snapshots. */
  readonly name: string;
  /** Whether the arm may be chosen now. Arms that may not are out before the policy is asked. @default all */
  admits?(arm: string): boolean;
  /** Changes the probabilities of a decision in place. */
  reshape?(choice: ConstrainedChoice): void;
  /**
   * Books a decision.
   *
   * @param chosen index of the arm in `choice.arms`
   *
   * @returns a finite number to be handed to `learned` with the reward. @default 0
   */
  decided?(choice: ConstrainedChoice, chosen: number): number;
  /** Books the reward of a decision. */
  learned?(arm: string, reward: number, note: number): void;
  /** What was booked so far, as JSON-able data. */
  state?(): unknown;
  /**
   * Takes over what {@link Constraint.state} gave.
   *
   * @throws ValidationError when it is damaged; nothing has changed then
   */
  restore?(state: unknown): void;
}
