import { createRng, EdgewrightError, ShapeError } from "@edgewright/core";
import type { LoggedData } from "./logged-data.js";

/** Learns from a log what reward an arm earns in a context: what the direct method and its kin stand on. */
export interface RewardModel {
  /** Short name for tables. */
  readonly name: string;
  /**
   * Learns from some rows of a log.
   *
   * @param rows which rows, at least one
   */
  fit(data: LoggedData, rows: Int32Array): FittedRewardModel;
}

/** A reward model that has learnt. */
export interface FittedRewardModel {
  /**
   * Predicts the mean reward of every candidate of a row, which it may not have seen.
   *
   * @param out takes the predictions, in the order of the row's candidates
   */
  predict(data: LoggedData, row: number, out: Float64Array): void;
}

/** Predicts the rows of one log. */
export interface RewardPredictor {
  /**
   * Predicts the mean reward of every candidate of a row.
   *
   * @param out takes the predictions, in the order of the candidates
   */
  predict(row: number, out: Float64Array): void;
}

/** Options of {@link crossFit}. */
export interface CrossFitOptions {
  /**
   * Parts of the log, each of which is predicted by a model that learnt from all others, so that no reward predicts
   * itself; 1 learns from and predicts all rows.
   *
   * @default 3, or as many as there are rows where those are fewer
   */
  readonly folds?: number;
  /** Seed of the shuffle that deals rows to folds. @default 0 */
  readonly seed?: number;
  /** The fold from 0, below the number of rows, of every row, [rows], instead of a shuffle: by time, by user, or as another program dealt them. */
  readonly foldOf?: ArrayLike<number>;
}

/**
 * Fits a reward model to a log such that every row is predicted by a model that has not seen it (cross-fitting,
 * Chernozhukov et al., Econometrics Journal 2018): without it the model's fit to noise biases the doubly robust
 * estimators.
 *
 * @throws EdgewrightError `invalid-argument` when there are fewer rows than folds
 *
 * @example
 * const data = createLoggedData({
 *   arms: ["a", "b"],
 *   chosen: ["a", "b", "a", "b", "a", "b"],
 *   rewards: [0, 1, 0, 1, 0, 1],
 *   propensities: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
 * });
 * const predictor = crossFit(data, ridgeRewardModel());
 * console.log(doublyRobust(weighLog(data, fixedTarget({ b: 1 }), predictor)).value);
 */
export function crossFit(
  data: LoggedData,
  model: RewardModel,
  options: CrossFitOptions = {},
): RewardPredictor {
  const fitter = createCrossFitter(data, model, options);
  for (let fold = 0; fold < fitter.folds; fold++) fitter.fitFold(fold);
  return fitter.predictor;
}

/** {@link crossFit} fold by fold, for callers that want to pause between them. */
export function createCrossFitter(
  data: LoggedData,
  model: RewardModel,
  options: CrossFitOptions,
): { readonly folds: number; fitFold(fold: number): void; readonly predictor: RewardPredictor } {
  const foldOf = options.foldOf ? checkFolds(data, options.foldOf) : dealFolds(data, options);
  const folds = foldOf.reduce((most, fold) => Math.max(most, fold + 1), 1);
  const models: FittedRewardModel[] = [];
  return {
    folds,
    fitFold(fold) {
      const all = Int32Array.from(foldOf, (_, row) => row);
      const others = folds === 1 ? all : all.filter((row) => foldOf[row] !== fold);
      if (others.length === 0) {
        throw new EdgewrightError(
          "invalid-argument",
          `crossFit: rows in at least two folds were expected, but all are in fold ${fold}`,
        );
      }
      models[fold] = model.fit(data, others);
    },
    predictor: { predict: (row, out) => models[foldOf[row]!]!.predict(data, row, out) },
  };
}

function dealFolds(data: LoggedData, options: CrossFitOptions): Int32Array {
  const { folds = Math.min(3, data.rows), seed = 0 } = options;
  if (!(Number.isSafeInteger(folds) && folds > 0 && folds <= data.rows)) {
    throw new EdgewrightError(
      "invalid-argument",
      `crossFit: a whole number of folds from 1 to the ${data.rows} rows was expected, got ${folds}`,
    );
  }
  const foldOf = new Int32Array(data.rows).map((_, row) => row % folds);
  return createRng(seed).shuffle(foldOf);
}

function checkFolds(data: LoggedData, foldOf: ArrayLike<number>): Int32Array {
  if (foldOf.length !== data.rows) {
    throw new ShapeError(
      `crossFit: a fold for each of ${data.rows} rows was expected, got ${foldOf.length}`,
    );
  }
  return Int32Array.from(foldOf, (fold: number, row) => {
    // More folds than rows would be fitted for nothing.
    if (Number.isInteger(fold) && fold >= 0 && fold < data.rows) return fold;
    throw new EdgewrightError(
      "invalid-argument",
      `crossFit: row ${row}: a whole fold from 0 to ${data.rows - 1} was expected, got ${fold}`,
    );
  });
}
