/** A decision of a log together with the reward that came for it: one example for off-policy evaluation. */
export interface LoggedDecision {
  readonly id: string;
  /** When the arm was chosen, by the bandit's clock, in milliseconds; the running number where it has none. */
  readonly time: number;
  /** Name of the policy that chose. */
  readonly policy: string;
  /** Features of the context. */
  readonly context: readonly number[];
  /** The arms that stood for choice. */
  readonly arms: readonly string[];
  /** Features of every arm, in the order of `arms`; undefined where the policy looks at none. */
  readonly armFeatures: readonly (readonly number[])[] | undefined;
  /** The chosen arm. */
  readonly arm: string;
  /** Where the chosen arm stands in `arms`. */
  readonly chosen: number;
  /** Probability, above 0 and at most 1, with which it was chosen. */
  readonly propensity: number;
  /** Probability of every arm; they sum to 1. */
  readonly probabilities: readonly number[];
  /** What the policy ranked every arm by; NaN where it did not say. */
  readonly scores: readonly number[];
  /** Estimated mean reward of the chosen arm; NaN where the policy estimated none. */
  readonly mean: number;
  /** Standard error of `mean`; NaN where there is none or it was infinite. */
  readonly width: number;
  /** Whether the user was to be asked; undefined where the bandit does not ask. */
  readonly asked: boolean | undefined;
  /** The reward; undefined where none came. */
  readonly reward: number | undefined;
  /** When the reward came; undefined where none did. */
  readonly rewardTime: number | undefined;
  /** How often the example counts; 1 unless the reward said otherwise. */
  readonly weight: number;
  /** Whether the reward was put in for one that did not come in time. */
  readonly assumed: boolean;
  /** Whether the bandit gave up waiting for the reward. */
  readonly expired: boolean;
  /** Expected reward of the chosen arm, where a simulation knows it. */
  readonly expected: number | undefined;
  /** Expected reward of the best arm, where a simulation knows it. */
  readonly best: number | undefined;
}
