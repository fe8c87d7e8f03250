/** A decision for which the user's opinion might be asked. */
export interface Question {
  /** Estimated mean reward of the chosen arm; NaN where the policy estimates none. */
  readonly mean: number;
  /** Standard error of `mean`; Infinity where nothing is known, NaN where the policy keeps no measure of doubt. */
  readonly width: number;
  /** Probability with which the arm was chosen. */
  readonly propensity: number;
  /** Time of the bandit's clock in milliseconds; undefined where it has none. */
  readonly time: number | undefined;
}

/**
 * Says for which decisions the user is asked for feedback: questions annoy, so they should be few and worth it.
 * Decisions without an answer teach nothing: a prediction is never learnt from as if it were a reward.
 */
export interface Solicitation {
  /** Short name for snapshots. */
  readonly name: string;
  /** Whether questions must have a time. @default false */
  readonly needsClock?: boolean;
  /** Whether the answer is worth asking for. Changes nothing. */
  wants(question: Question): boolean;
  /** Books a decision, whether asked for or not. */
  decided(question: Question, asked: boolean): void;
  /** What was booked so far, as JSON-able data. */
  state(): unknown;
  /**
   * Takes over what {@link Solicitation.state} gave.
   *
   * @throws ValidationError when it is damaged; nothing has changed then
   */
  restore(state: unknown): void;
}
