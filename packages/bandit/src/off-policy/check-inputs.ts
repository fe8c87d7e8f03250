import { EdgewrightError } from "@edgewright/core";
import type { WeightedLog } from "./weigh-log.js";

/** The importance weights of a log, refused where there are none. */
export function needWeights(where: string, log: WeightedLog): Float64Array {
  if (log.weights) return log.weights;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a log with propensities was expected; without them only the direct method can be had`,
  );
}

/** The predictions of a reward model, refused where there are none. */
export function needPredictions(
  where: string,
  log: WeightedLog,
): { predicted: Float64Array; baseline: Float64Array } {
  const { predicted, baseline } = log;
  if (predicted && baseline) return { predicted, baseline };
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: predictions of a reward model were expected; give weighLog the predictor that crossFit makes`,
  );
}

/** Refuses a parameter that is not a number from 0. */
export function needLambda(where: string, lambda: number): void {
  if (lambda >= 0) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a lambda from 0 (Infinity included) was expected, got ${lambda}`,
  );
}
