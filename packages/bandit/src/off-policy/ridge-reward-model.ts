import { EdgewrightError } from "@edgewright/core";
import { fitLinearGroups, type LinearRewardModelOptions } from "./grouped-linear-model.js";
import { multiplyTransposed, solveNormalEquations } from "./normal-equations.js";
import type { RewardModel } from "./reward-model.js";

/** Options of {@link ridgeRewardModel}. */
export interface RidgeRewardModelOptions extends LinearRewardModelOptions {
  /** Weight, above 0, of the squared coefficients; the intercept goes free. @default 1 */
  readonly penalty?: number;
}

/**
 * Ridge regression of the reward on context and arm: for rewards of any kind. Minimises
 * sum (r - b - theta z)^2 + penalty |theta|^2 by its normal equations; its cost is rows x (entries other than 0)^2, and
 * arms x (features of context and arm)^2.
 */
export function ridgeRewardModel(options: RidgeRewardModelOptions = {}): RewardModel {
  const { penalty = 1 } = options;
  if (!(penalty > 0 && penalty < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `ridgeRewardModel: a finite penalty above 0 was expected, got ${penalty}`,
    );
  }
  return {
    name: "ridge",
    fit: (data, rows) =>
      fitLinearGroups(
        data,
        rows,
        options,
        (design) =>
          solveNormalEquations(
            design,
            undefined,
            penalty,
            multiplyTransposed(design, design.rewards),
          ),
        (linear) => linear,
      ),
  };
}
