/** What a log says of one decision. NaN and infinities, which JSON has not, are null. */
export interface DecisionRecord {
  readonly type: "decision";
  /** Version of the format. */
  readonly version: 1;
  /** Id of the decision; rewards refer to it. */
  readonly id: string;
  /** When, by the bandit's clock, in milliseconds; the running number of the decision where it has none. */
  readonly time: number;
  /** Name of the policy. */
  readonly policy: string;
  /** Features of the context. */
  readonly context: readonly number[];
  /** The arms that stood for choice. */
  readonly arms: readonly string[];
  /** Features of every arm, where the policy looks at them. */
  readonly armFeatures?: readonly (readonly number[])[];
  /** The chosen arm. */
  readonly arm: string;
  /** Probability with which it was chosen. */
  readonly propensity: number;
  /** Probability of every arm. */
  readonly probabilities: readonly number[];
  /** What the policy ranked every arm by. */
  readonly scores: readonly (number | null)[];
  /** Estimated mean reward of the chosen arm. */
  readonly mean: number | null;
  /** Standard error of `mean`. */
  readonly width: number | null;
  /** Whether the user was to be asked for feedback, where the bandit asks for it. */
  readonly asked?: boolean;
}

/** What a log says of one reward. */
export interface RewardRecord {
  readonly type: "reward";
  readonly id: string;
  /** When, by the bandit's clock, in milliseconds; decisions so far where it has none. */
  readonly time: number;
  readonly reward: number;
  /** How often the example counts. @default 1 */
  readonly weight?: number;
  /** True where no reward came in time and the bandit put this one in its place. @default false */
  readonly assumed?: boolean;
  /** Expected reward of the chosen arm, where a simulation knows it. */
  readonly expected?: number;
  /** Expected reward of the best arm, where a simulation knows it: regret is what is missing to it. */
  readonly best?: number;
}

/** What a log says of a decision whose reward did not come in time. */
export interface ExpiryRecord {
  readonly type: "expired";
  readonly id: string;
  readonly time: number;
}

/** One line of a log in JSONL. */
export type LogRecord = DecisionRecord | RewardRecord | ExpiryRecord;
