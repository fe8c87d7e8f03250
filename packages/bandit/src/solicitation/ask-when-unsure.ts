import { expectNumber, type QuestionBudget } from "./question-budget.js";
import {
  createThresholdSolicitation,
  type ThresholdSolicitation,
} from "./threshold-solicitation.js";

/** Options of {@link askWhenUnsure}. */
export interface AskWhenUnsureOptions {
  /** Width of the chosen arm's estimate, in units of the reward, above which the user is asked. */
  readonly width: number;
  /** @default no limit */
  readonly budget?: QuestionBudget;
}

/**
 * Asks the user only where the estimate of the chosen arm is wider than a fixed threshold, within a budget: in the
 * style of the feedback solicitation of "Automated Customization of On-Thing Inference for Quality-of-Experience
 * Enhancement" (arXiv 2112.06918), whose own constants are not published in its abstract.
 *
 * Widths are those of the policy: {@link Decision.width}. Where a policy keeps none, every decision is worth a
 * question and the budget decides.
 *
 * @example
 * const bandit = createBandit({
 *   policy: linUcb({ dimension: 1, alpha: 1 }),
 *   arms: ["a", "b"],
 *   seed: 1,
 *   solicitation: askWhenUnsure({ width: 0.3, budget: { total: 100 } }),
 * });
 * let questions = 0;
 * for (let i = 0; i < 200; i++) {
 *   const { id, arm, ask } = bandit.decide([1]);
 *   if (!ask) continue;
 *   questions++;
 *   bandit.update(id, arm === "a" ? 0.9 : 0.1);
 * }
 * console.log(questions < 20); // true
 */
export function askWhenUnsure({ width, budget = {} }: AskWhenUnsureOptions): ThresholdSolicitation {
  expectNumber(width, width >= 0 && width < Infinity, "askWhenUnsure: a finite width from 0");
  return createThresholdSolicitation({
    name: "askWhenUnsure",
    start: width,
    budget,
    next: (threshold) => threshold,
  });
}
