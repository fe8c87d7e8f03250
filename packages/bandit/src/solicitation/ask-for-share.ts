import { expectNumber, type QuestionBudget } from "./question-budget.js";
import {
  createThresholdSolicitation,
  type ThresholdSolicitation,
} from "./threshold-solicitation.js";

/** Options of {@link askForShare}. */
export interface AskForShareOptions {
  /** Share of the decisions that should ask, above 0 and below 1. */
  readonly share: number;
  /** The threshold to begin with, in units of the reward. @default 1 */
  readonly width?: number;
  /** By which share of itself the threshold moves at most per decision, above 0 and below 1. @default 0.05 */
  readonly step?: number;
  /** Hard limits on top; the share itself is only steered towards. @default no limit */
  readonly budget?: QuestionBudget;
}

/**
 * Asks the user in a given share of the decisions, the widest of late: the threshold rises a little with every
 * decision that is wide enough for a question and falls with every other, so that it follows the quantile of the
 * widths (stochastic approximation, Robbins and Monro 1951). In the style of the adaptive feedback solicitation of
 * arXiv 2112.06918.
 *
 * Unlike with {@link askWhenUnsure}, no width need be known beforehand, and questions never run dry; while
 * everything is new, more are asked than the share.
 *
 * @example
 * const solicitation = askForShare({ share: 0.2 });
 * const bandit = createBandit({
 *   policy: linUcb({ dimension: 1, alpha: 1 }),
 *   arms: ["a", "b"],
 *   seed: 1,
 *   solicitation,
 * });
 * for (let i = 0; i < 1000; i++) {
 *   const { id, ask } = bandit.decide([1]);
 *   if (ask) bandit.update(id, 0.5);
 * }
 * console.log(Math.round((10 * solicitation.questions) / 1000)); // 2
 */
export function askForShare(options: AskForShareOptions): ThresholdSolicitation {
  const { share, width = 1, step = 0.05, budget = {} } = options;
  expectNumber(share, share > 0 && share < 1, "askForShare: a share above 0 and below 1");
  expectNumber(width, width > 0 && width < Infinity, "askForShare: a finite width above 0");
  expectNumber(step, step > 0 && step < 1, "askForShare: a step above 0 and below 1");
  return createThresholdSolicitation({
    name: "askForShare",
    start: width,
    budget,
    // Products, not powers: they round alike in every engine. The bounds keep it from leaving the numbers.
    next: (threshold, _, wide) =>
      Math.min(1e12, Math.max(1e-12, threshold * (1 + step * ((wide ? 1 : 0) - share)))),
  });
}
