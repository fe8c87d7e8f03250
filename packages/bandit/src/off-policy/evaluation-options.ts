import type { EstimatorName } from "./estimate.js";
import type { RewardModel } from "./reward-model.js";

/** How an interval is made. */
export type IntervalMethod = "bootstrap" | "percentile" | "empirical-bernstein" | "normal" | "none";

/** How far an evaluation has come. */
export interface EvaluationProgress {
  readonly phase: "fitting" | "weighing" | "resampling";
  /** Folds, rows or resamples done. */
  readonly done: number;
  /** Of how many. */
  readonly total: number;
}

/** Options of {@link evaluateOffPolicy} and {@link compareTargets}. */
export interface EvaluationOptions {
  /** Seed of folds, resamples and rejection: a whole number from 0. */
  readonly seed: number;
  /** Which estimators. @default all that the log and the reward model allow */
  readonly estimators?: readonly EstimatorName[];
  /** Parameter of clipping, switching and shrinking, or `"auto"`: {@link chooseLambda}. @default "auto" */
  readonly lambda?: number | "auto";
  /** How `lambda: "auto"` chooses. @default "mse" */
  readonly lambdaMethod?: "mse" | "slope";
  /**
   * Predicts rewards for the direct method and the doubly robust ones.
   *
   * @default {@link logisticRewardModel} where every reward is 0 or 1, else {@link ridgeRewardModel}
   */
  readonly rewardModel?: RewardModel | "none";
  /** Folds of {@link crossFit}. @default 3, or as many as there are rows where those are fewer */
  readonly folds?: number;
  /** The fold of every row, instead of a shuffle. */
  readonly foldOf?: ArrayLike<number>;
  /**
   * Kind of interval: resampled with BCa's correction or as it comes, by normal approximation, or empirical Bernstein,
   * which needs `rewardRange` and holds for any number of rows.
   *
   * @default "bootstrap"
   */
  readonly interval?: IntervalMethod;
  /** Probability, between 0 and 1, with which intervals are to hold the value. @default 0.95 */
  readonly level?: number;
  /** @default 1000 */
  readonly resamples?: number;
  /** What rewards can be, for empirical Bernstein intervals. @default [0, 1] where all rewards are within it */
  readonly rewardRange?: readonly [low: number, high: number];
  /**
   * The largest importance weight that could have come, for empirical Bernstein intervals: for n arms chosen evenly, n.
   * Larger ones that came count nevertheless.
   *
   * @default the largest that the target could have had in the log's rows where the log says all probabilities, as a
   * bandit's does; else the largest that came, with which intervals hold only nearly
   */
  readonly weightBound?: number;
  /** Stops the evaluation. */
  readonly signal?: AbortSignal;
  /** Told of progress. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}
