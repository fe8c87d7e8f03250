import { expectNumber, type QuestionBudget } from "./question-budget.js";
import {
  createThresholdSolicitation,
  type ThresholdSolicitation,
} from "./threshold-solicitation.js";

/** Options of {@link askWhileLearning}. */
export interface AskWhileLearningOptions {
  /** The threshold of the first decision, in units of the reward. */
  readonly width: number;
  /** Decisions after which the threshold has fallen to 1 / sqrt(2) of it, above 0. */
  readonly decisions: number;
  /** @default no limit */
  readonly budget?: QuestionBudget;
}

/**
 * Asks the user where the estimate is wider than a threshold that falls as 1 / sqrt(1 + n / `decisions`) after n of
 * them, as fast as the standard error of a mean does: few questions in the beginning, when any answer teaches much
 * and a coarse picture will do, and some later on, to make the picture finer. In the style of the feedback
 * solicitation of arXiv 2112.06918.
 *
 * @example
 * const solicitation = askWhileLearning({ width: 0.5, decisions: 100 });
 * console.log(solicitation.threshold); // 0.5
 */
export function askWhileLearning(options: AskWhileLearningOptions): ThresholdSolicitation {
  const { width, decisions, budget = {} } = options;
  expectNumber(width, width > 0 && width < Infinity, "askWhileLearning: a finite width above 0");
  expectNumber(decisions, decisions > 0, "askWhileLearning: decisions above 0");
  return createThresholdSolicitation({
    name: "askWhileLearning",
    start: width,
    budget,
    next: (_, made) => width / Math.sqrt(1 + made / decisions),
  });
}
