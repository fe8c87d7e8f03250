import { EdgewrightError, ValidationError } from "@edgewright/core";

/** How many questions a user puts up with; what is set holds, all of it. */
export interface QuestionBudget {
  /** Questions there may ever be. @default Infinity */
  readonly total?: number;
  /** Questions as a share of the decisions made so far, above 0 and at most 1; held at every moment. @default 1 */
  readonly share?: number;
  /** Questions beyond `share` that may be asked in advance, while everything is new. @default 0 */
  readonly burst?: number;
  /** Questions there may be in each period of the bandit's clock. @default no limit */
  readonly perPeriod?: { readonly count: number; readonly periodMs: number };
}

/** What was asked so far, and whether one more question fits. */
export interface QuestionTally {
  readonly decisions: number;
  readonly questions: number;
  readonly needsClock: boolean;
  allows(time: number | undefined): boolean;
  count(time: number | undefined, asked: boolean): void;
  state(): TallyState;
  /** @throws ValidationError when `state` is none; nothing has changed then */
  restore(state: unknown): void;
}

/** The numbers of a {@link QuestionTally}. */
interface TallyState {
  readonly decisions: number;
  readonly questions: number;
  /** Number of the period of the last question. */
  readonly period: number;
  readonly questionsInPeriod: number;
}

/** Starts counting. */
export function createQuestionTally(budget: QuestionBudget, caller: string): QuestionTally {
  const { total = Infinity, share = 1, burst = 0, perPeriod } = budget;
  expectNumber(total, total >= 0, `${caller}: a budget.total from 0`);
  expectNumber(share, share > 0 && share <= 1, `${caller}: a budget.share above 0 and at most 1`);
  expectNumber(burst, burst >= 0, `${caller}: a budget.burst from 0`);
  if (perPeriod) {
    const { count, periodMs } = perPeriod;
    expectNumber(count, count >= 0, `${caller}: a budget.perPeriod.count from 0`);
    expectNumber(periodMs, periodMs > 0 && periodMs < Infinity, `${caller}: a periodMs above 0`);
  }
  let now: TallyState = { decisions: 0, questions: 0, period: 0, questionsInPeriod: 0 };
  const periodOf = (time: number | undefined): number =>
    perPeriod ? Math.floor(time! / perPeriod.periodMs) : 0;
  const inPeriod = (time: number | undefined): number =>
    periodOf(time) === now.period ? now.questionsInPeriod : 0;
  return {
    get decisions() {
      return now.decisions;
    },
    get questions() {
      return now.questions;
    },
    needsClock: perPeriod !== undefined,
    allows: (time) =>
      now.questions < total &&
      (share === 1 || now.questions + 1 <= share * (now.decisions + 1) + burst) &&
      (!perPeriod || inPeriod(time) < perPeriod.count),
    count(time, asked) {
      const { decisions, questions, period, questionsInPeriod } = now;
      now = asked
        ? {
            decisions: decisions + 1,
            questions: questions + 1,
            period: periodOf(time),
            questionsInPeriod: inPeriod(time) + 1,
          }
        : { decisions: decisions + 1, questions, period, questionsInPeriod };
    },
    state: () => now,
    restore(state) {
      const { decisions, questions, period, questionsInPeriod } = (state ?? {}) as TallyState;
      const whole = [decisions, questions, period, questionsInPeriod].every(Number.isSafeInteger);
      if (
        !whole ||
        decisions < questions ||
        questions < questionsInPeriod ||
        questionsInPeriod < 0
      ) {
        throw new ValidationError(
          `${caller}: counts of decisions and questions were expected; the snapshot is damaged or of another solicitation`,
        );
      }
      now = { decisions, questions, period, questionsInPeriod };
    },
  };
}

/** Refuses an option that is not in range. */
export function expectNumber(value: number, inRange: boolean, expected: string): void {
  if (typeof value === "number" && inRange) return;
  throw new EdgewrightError("invalid-argument", `${expected} was expected, got ${value}`);
}
