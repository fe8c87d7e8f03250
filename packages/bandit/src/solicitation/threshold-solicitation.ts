import { ValidationError } from "@edgewright/core";
import { createQuestionTally, type QuestionBudget } from "./question-budget.js";
import type { Question, Solicitation } from "./solicitation.js";

/** A {@link Solicitation} that asks where the estimate is wider than a threshold. */
export interface ThresholdSolicitation extends Solicitation {
  /** Questions asked so far. */
  readonly questions: number;
  /** Decisions made so far. */
  readonly decisions: number;
  /** Width above which an answer is worth asking for now. */
  readonly threshold: number;
}

/** How a threshold moves. */
interface ThresholdRule {
  readonly name: string;
  readonly start: number;
  readonly budget: QuestionBudget;
  /** The next threshold, after one more decision, which was wide enough for a question or not. */
  next(threshold: number, decisions: number, wide: boolean): number;
}

/** A solicitation whose threshold moves by a rule. */
export function createThresholdSolicitation(rule: ThresholdRule): ThresholdSolicitation {
  const tally = createQuestionTally(rule.budget, rule.name);
  let threshold = rule.start;
  // Where the policy keeps no measure of doubt, nothing but the budget speaks against asking.
  const isWide = ({ width }: Question): boolean => !(width <= threshold);
  return {
    name: rule.name,
    needsClock: tally.needsClock,
    get questions() {
      return tally.questions;
    },
    get decisions() {
      return tally.decisions;
    },
    get threshold() {
      return threshold;
    },
    wants: (question) => isWide(question) && tally.allows(question.time),
    decided(question, asked) {
      const wide = isWide(question);
      tally.count(question.time, asked);
      threshold = rule.next(threshold, tally.decisions, wide);
    },
    state: () => ({ ...tally.state(), threshold }),
    restore(state) {
      const saved = (state as { readonly threshold?: unknown } | null)?.threshold;
      if (!(typeof saved === "number" && saved >= 0 && saved < Infinity)) {
        throw new ValidationError(
          `${rule.name}: a threshold was expected; the snapshot is damaged or of another solicitation`,
        );
      }
      tally.restore(state);
      threshold = saved;
    },
  };
}
