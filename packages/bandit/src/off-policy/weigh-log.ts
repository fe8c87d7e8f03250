import { EdgewrightError } from "@edgewright/core";
import type { LoggedData } from "./logged-data.js";
import type { RewardPredictor } from "./reward-model.js";
import { createRowReader, probabilitiesOf, type TargetPolicy } from "./target-policy.js";

/** A log as seen by one target policy: all that estimators need of it. */
export interface WeightedLog {
  readonly rows: number;
  /** [rows] */
  readonly rewards: Float64Array;
  /** Importance weights pi(a | x, position) / propensity of the chosen arms, [rows]; absent without propensities. */
  readonly weights?: Float64Array;
  /** Predicted mean reward of the chosen arms, [rows]; absent without a reward model. */
  readonly predicted?: Float64Array;
  /** Predicted mean reward of the target, sum over arms of pi(a | x) q(x, a), [rows]; absent without a reward model. */
  readonly baseline?: Float64Array;
  /** How much of its choice the target gives to each arm on average, [arms]: sums to 1. */
  readonly targetShares: Float64Array;
  /** The largest weight that the target could have had on any arm of any row, where the log knows; else of the rows. */
  readonly weightBound: number;
  /** Share of the target's choice that the logging policy never makes, by the probabilities it logged. */
  readonly unsupportedShare: number;
}

/**
 * Sets a log against a target policy: importance weights, and with a reward model its predictions.
 *
 * @param predictor of {@link crossFit}; without it the direct method and its kin cannot be had
 *
 * @throws EdgewrightError `invalid-argument` or ShapeError when the target does not give probabilities, or a propensity
 * is so small that a weight leaves the range of doubles
 *
 * @example
 * const data = createLoggedData({ arms: ["a", "b"], chosen: ["a", "b"], rewards: [0, 1], propensities: [0.5, 0.5] });
 * console.log(weighLog(data, fixedTarget({ b: 1 })).weights); // Float64Array [0, 2]
 */
export function weighLog(
  data: LoggedData,
  target: TargetPolicy,
  predictor?: RewardPredictor,
): WeightedLog {
  const weigher = createWeigher(data, target, predictor);
  for (let row = 0; row < data.rows; row++) weigher.take(row);
  return weigher.result();
}

/** {@link weighLog} row by row, for callers that want to pause between rows. */
export function createWeigher(
  data: LoggedData,
  target: TargetPolicy,
  predictor?: RewardPredictor,
): { take(row: number): void; result(): WeightedLog } {
  const { rows, propensities, loggingProbabilities } = data;
  const weights = propensities && new Float64Array(rows);
  const predicted = predictor && new Float64Array(rows);
  const baseline = predictor && new Float64Array(rows);
  const targetShares = new Float64Array(data.arms.length);
  const readRow = createRowReader(data);
  const predictions = new Float64Array(data.arms.length);
  let weightBound = 0;
  let unsupported = 0;
  return {
    take(row) {
      const seen = readRow(row);
      const probabilities = probabilitiesOf(target, seen);
      const chosen = data.chosen[row]!;
      const { slots } = seen;
      for (let i = 0; i < slots.length; i++) targetShares[slots[i]!]! += probabilities[i]! / rows;
      if (weights && propensities) {
        weights[row] = probabilities[chosen]! / propensities[row]!;
        if (weights[row] === Infinity) throw refuseTiny(row, propensities[row]!);
        if (weights[row]! > weightBound) weightBound = weights[row]!;
      }
      if (loggingProbabilities) {
        const logging = loggingProbabilities[row]!;
        for (let i = 0; i < slots.length; i++) {
          if (!(probabilities[i]! > 0)) continue;
          if (logging[i]! > 0) weightBound = Math.max(weightBound, probabilities[i]! / logging[i]!);
          else unsupported += probabilities[i]! / rows;
        }
      }
      if (predictor && predicted && baseline) {
        predictor.predict(row, predictions);
        let sum = 0;
        for (let i = 0; i < slots.length; i++) sum += probabilities[i]! * predictions[i]!;
        predicted[row] = predictions[chosen]!;
        baseline[row] = sum;
      }
    },
    result: () => ({
      rows,
      rewards: data.rewards,
      ...(weights && { weights }),
      ...(predicted && { predicted }),
      ...(baseline && { baseline }),
      targetShares,
      weightBound,
      unsupportedShare: unsupported,
    }),
  };
}

function refuseTiny(row: number, propensity: number): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `weighLog: row ${row}: a propensity that importance weights can be made with was expected, got ${propensity}; leave the row out or mend it`,
  );
}
