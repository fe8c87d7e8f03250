import { EdgewrightError, ValidationError } from "@edgewright/core";
import type { Constraint } from "./constraint.js";

/** Options of {@link safetyBaseline}. */
export interface SafetyBaselineOptions {
  /** The arm in use so far, which the bandit must not fall behind; it must stand for choice in every decision. */
  readonly arm: string;
  /** Share of the baseline's rewards that exploring may cost at any time, above 0 and below 1. */
  readonly share: number;
  /**
   * Mean reward of the baseline, above 0, where it is known from before.
   *
   * @default the mean of its rewards so far; until there are 10 of them, only the baseline is chosen
   */
  readonly value?: number;
  /** How many standard errors below its mean an arm's reward is counted on to be. @default 2 */
  readonly z?: number;
  /** The lowest reward there can be: what an unknown arm is counted on to bring. @default 0 */
  readonly lowest?: number;
}

/** A {@link Constraint} that says how far it is from its line. */
export interface SafetyBaseline extends Constraint {
  /**
   * Rewards that are safely there beyond the line of (1 - share) times the baseline's: what exploring may still
   * lose. NaN until the baseline's mean is known.
   */
  readonly slack: number;
}

/**
 * Explores only while the bandit can be counted on to earn at least (1 - `share`) of what the baseline arm alone
 * would have earned, at every moment: conservative bandits, in the style of Wu, Shariff, Lattimore and Szepesvari
 * (Conservative Bandits, ICML 2016).
 *
 * Decisions for the baseline count with its mean reward; others with their rewards or, until these come, with the
 * lower bound mean - `z` width of the time of the decision. An arm with whose lower bound the sum could fall below
 * the line gives its probability to the baseline. The paper's bounds hold in every round at once and are those of
 * bandits without context; these here are pointwise and the policy's, so the line is held with high probability
 * only as far as the policy's widths are right. List it last: a {@link propensityFloor} after it would explore
 * beyond the line, and one before it gives way to it.
 *
 * @throws EdgewrightError when an option is out of range
 *
 * @example
 * const bandit = createBandit({
 *   policy: ucb1(),
 *   arms: ["in use", "new"],
 *   seed: 1,
 *   constraints: [safetyBaseline({ arm: "in use", share: 0.1, value: 0.8 })],
 * });
 * for (let i = 0; i < 5; i++) bandit.update(bandit.decide().id, 0.8);
 * console.log(bandit.probabilities()); // Float64Array(2) [ 1, 0 ]
 */
export function safetyBaseline(options: SafetyBaselineOptions): SafetyBaseline {
  const { arm: baseline, share, value, z = 2, lowest = 0 } = options;
  expect(share > 0 && share < 1, "a share above 0 and below 1", share);
  expect(value === undefined || (value > 0 && value < Infinity), "a value above 0", value);
  expect(z >= 0 && z < Infinity, "a finite z from 0", z);
  expect(Number.isFinite(lowest), "a finite lowest reward", lowest);

  let account: Account = { decided: 0, chosen: 0, rewards: 0, rewardSum: 0, others: 0 };
  const meanOfBaseline = (): number =>
    value ?? (account.rewards >= ENOUGH ? account.rewardSum / account.rewards : Number.NaN);
  /** Slack after one more decision that brings `reward`, or now. */
  const slackWith = (mean: number, reward: number, decisions: number): number =>
    account.chosen * mean +
    account.others +
    reward -
    (1 - share) * (account.decided + decisions) * mean;
  const lowerBound = (mean: number, width: number): number => {
    const bound = mean - z * width;
    return Number.isFinite(bound) ? Math.max(bound, lowest) : lowest;
  };

  return {
    name: "safetyBaseline",
    get slack() {
      return slackWith(meanOfBaseline(), 0, 0);
    },
    reshape({ arms, means, widths, probabilities }) {
      const safe = arms.indexOf(baseline);
      if (safe < 0) {
        throw new EdgewrightError(
          "invalid-argument",
          `safetyBaseline: the baseline "${baseline}" was expected among the arms, got ${arms.join(", ")}; offer it in every decision`,
        );
      }
      const mean = meanOfBaseline();
      for (let i = 0; i < arms.length; i++) {
        const loses = !(slackWith(mean, lowerBound(means[i]!, widths[i]!), 1) >= 0);
        if (i === safe || !loses) continue;
        probabilities[safe]! += probabilities[i]!;
        probabilities[i] = 0;
      }
    },
    decided({ arms, means, widths }, index) {
      const { decided, chosen, others } = account;
      if (arms[index] === baseline) {
        account = { ...account, decided: decided + 1, chosen: chosen + 1 };
        return 0;
      }
      const bound = lowerBound(means[index]!, widths[index]!);
      account = { ...account, decided: decided + 1, others: others + bound };
      return bound;
    },
    learned(arm, reward, bound) {
      const { rewards, rewardSum, others } = account;
      account =
        arm === baseline
          ? { ...account, rewards: rewards + 1, rewardSum: rewardSum + reward }
          : { ...account, others: others + reward - bound };
    },
    state: () => account,
    restore(state) {
      const { decided, chosen, rewards, rewardSum, others } = (state ?? {}) as Account;
      const counts = [decided, chosen, rewards];
      const whole =
        counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
        [rewardSum, others].every(Number.isFinite) &&
        chosen <= decided &&
        rewards <= chosen;
      if (!whole) {
        throw new ValidationError(
          "safetyBaseline: counts and sums of rewards were expected; the snapshot is damaged or of another constraint",
        );
      }
      account = { decided, chosen, rewards, rewardSum, others };
    },
  };
}

/** Rewards of the baseline after which their mean is taken for its own: an arbitrary small number. */
const ENOUGH = 10;

interface Account {
  /** Decisions so far. */
  readonly decided: number;
  /** Those for the baseline. */
  readonly chosen: number;
  /** Rewards of the baseline, and their sum. */
  readonly rewards: number;
  readonly rewardSum: number;
  /** What the decisions for other arms can be counted on to bring. */
  readonly others: number;
}

function expect(holds: boolean, expected: string, came: unknown): void {
  if (holds) return;
  throw new EdgewrightError(
    "invalid-argument",
    `safetyBaseline: ${expected} was expected, got ${String(came)}`,
  );
}
