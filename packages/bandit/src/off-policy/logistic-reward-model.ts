import { EdgewrightError } from "@edgewright/core";
import { logistic } from "../logistic/logistic-model.js";
import {
  type DesignRows,
  fitLinearGroups,
  type LinearRewardModelOptions,
} from "./grouped-linear-model.js";
import { multiplyDesign, multiplyTransposed, solveNormalEquations } from "./normal-equations.js";
import type { RewardModel } from "./reward-model.js";

/** Options of {@link logisticRewardModel}. */
export interface LogisticRewardModelOptions extends LinearRewardModelOptions {
  /** Weight, above 0, of half the squared coefficients; the intercept goes free. 1 / C of scikit-learn. @default 1 */
  readonly penalty?: number;
  /** Newton steps at most; a dozen do nearly always. @default 50 */
  readonly maxSteps?: number;
}

/**
 * Logistic regression of rewards from 0 to 1, clicks above all, on context and arm. Minimises
 * sum of log losses + penalty / 2 |theta|^2 by Newton's method (iteratively reweighted least squares) with steps
 * halved until they help, to convergence: the minimum is unique.
 *
 * @throws EdgewrightError `invalid-argument`, when fitted, for a reward outside 0 to 1
 */
export function logisticRewardModel(options: LogisticRewardModelOptions = {}): RewardModel {
  const { penalty = 1, maxSteps = 50 } = options;
  if (!(penalty > 0 && penalty < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `logisticRewardModel: a finite penalty above 0 was expected, got ${penalty}`,
    );
  }
  return {
    name: "logistic",
    fit(data, rows) {
      for (const row of rows) {
        if (data.rewards[row]! >= 0 && data.rewards[row]! <= 1) continue;
        throw new EdgewrightError(
          "invalid-argument",
          `logisticRewardModel: row ${row}: a reward from 0 to 1 was expected, got ${data.rewards[row]}; use ridgeRewardModel for others`,
        );
      }
      return fitLinearGroups(
        data,
        rows,
        options,
        (design) => solveLogistic(design, penalty, maxSteps),
        logistic,
      );
    },
  };
}

/** Half the squared Newton decrement, relative to the loss, below which steps change nothing that matters. */
const CONVERGED = 1e-14;

function solveLogistic(design: DesignRows, penalty: number, maxSteps: number): Float64Array {
  const { columns, rewards } = design;
  let coefficients = new Float64Array(columns);
  let sum = 0;
  for (const reward of rewards) sum += reward;
  const share = sum / rewards.length;
  if (share === 0 || share === 1) {
    // Nothing to tell apart: the loss has no minimum, its limit is that share everywhere.
    coefficients[0] = share === 0 ? -Infinity : Infinity;
    return coefficients;
  }
  coefficients[0] = Math.log(share / (1 - share));
  let linear = multiplyDesign(design, coefficients);
  let loss = lossOf(linear, rewards, coefficients, penalty);
  for (let step = 0; step < maxSteps; step++) {
    const means = linear.map(logistic);
    const gradient = multiplyTransposed(
      design,
      means.map((mean, i) => rewards[i]! - mean),
    );
    const curvatures = means.map((mean) => mean * (1 - mean));
    for (let j = 1; j < columns; j++) gradient[j]! -= penalty * coefficients[j]!;
    const direction = solveNormalEquations(design, curvatures, penalty, gradient);
    let decrement = 0;
    for (let j = 0; j < columns; j++) decrement += gradient[j]! * direction[j]!;
    if (decrement / 2 <= CONVERGED * loss) {
      // So near the minimum, what a step gains is lost in the loss's rounding, but the coefficients still gain.
      return coefficients.map((value, j) => value + direction[j]!);
    }
    let improved = false;
    for (let length = 1; length > 1e-8 && !improved; length /= 2) {
      const next = coefficients.map((value, j) => value + length * direction[j]!);
      const nextLinear = multiplyDesign(design, next);
      const nextLoss = lossOf(nextLinear, rewards, next, penalty);
      if (!(nextLoss < loss)) continue;
      improved = true;
      coefficients = next;
      linear = nextLinear;
      loss = nextLoss;
    }
    if (!improved) break;
  }
  return coefficients;
}

function lossOf(
  linear: Float64Array,
  rewards: Float64Array,
  coefficients: Float64Array,
  penalty: number,
): number {
  let loss = 0;
  for (let i = 0; i < linear.length; i++) {
    const t = linear[i]!;
    // log(1 + e^t) - r t without overflow.
    loss += Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t))) - rewards[i]! * t;
  }
  for (let j = 1; j < coefficients.length; j++) loss += (penalty / 2) * coefficients[j]! ** 2;
  return loss;
}
