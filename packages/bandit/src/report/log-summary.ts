import type { LoggedDecision } from "../log/logged-decision.js";
import type { LogEstimates } from "./estimate-log-targets.js";
import type { RewardStatistics } from "./reward-statistics.js";

/** What a log came to: all that {@link renderBanditReport} needs of it, small however long the log is. */
export interface LogSummary {
  readonly name: string;
  /** Names of the policies that decided, at most 20 of them. */
  readonly policies: readonly string[];
  readonly decisions: number;
  /** All rewards that came; those that were assumed count as well. */
  readonly rewards: RewardStatistics;
  /** Rewards put in for such as did not come in time. */
  readonly assumed: number;
  /** Decisions that were given up. */
  readonly expired: number;
  /** Decisions after which the user was to be asked; undefined where the bandit does not ask. */
  readonly asked: number | undefined;
  /** Sum of what was missing to the best arm; undefined where the log does not know the best. */
  readonly regret: number | undefined;
  readonly time: LogTimes;
  /** Stretches of decisions of the same length one after another, at most 512. */
  readonly windows: readonly LogWindow[];
  /** In the order in which the log names them. */
  readonly arms: readonly ArmSummary[];
  /** Arms beyond the first 1,000, which are counted together as one more of `arms`. */
  readonly otherArms: number;
  readonly propensities: PropensitySummary;
  /** Time between decisions and rewards: quantiles, within 2 %; undefined without rewards. */
  readonly delay:
    | { readonly median: number; readonly most: number; readonly p90: number }
    | undefined;
  /** Answered decisions, drawn evenly from all of them, for off-policy evaluation. */
  readonly sample: readonly LoggedDecision[];
  /** What other policies would have earned. @default none are shown */
  readonly estimates?: LogEstimates | undefined;
  /** Lines that reading left out. */
  readonly skipped: number;
  /** What was wrong with the first of them. */
  readonly firstProblem: string | undefined;
  /** Decisions that are no probabilities or no numbers, and were left out. */
  readonly unusable: number;
}

/** When things happened in a log. */
export interface LogTimes {
  readonly first: number;
  readonly last: number;
  /** Whether times are by a clock, in milliseconds, or count decisions. */
  readonly clock: boolean;
  /** Decisions that are earlier than the one before. */
  readonly backwards: number;
}

/** A stretch of a log. */
export interface LogWindow {
  /** Number of its first decision, from 0. */
  readonly from: number;
  /** Number of the first decision after it. */
  readonly to: number;
  /** Rewards of these decisions, whenever they came. */
  readonly rewards: RewardStatistics;
  /** Sum of what was missing to the best arm. */
  readonly regret: number;
  /** Decisions whose regret is known. */
  readonly judged: number;
  /** Questions asked. */
  readonly asked: number;
  readonly meanPropensity: number;
  readonly leastPropensity: number;
  /** Least probability that any arm had that stood for choice. */
  readonly leastProbability: number;
  /** How often each arm of {@link LogSummary.arms} was chosen. */
  readonly chosen: readonly number[];
}

/** One arm of a log. */
export interface ArmSummary {
  readonly arm: string;
  /** Decisions for which it stood for choice. */
  readonly offered: number;
  readonly chosen: number;
  readonly rewards: RewardStatistics;
  /** What the policy last estimated when it chose the arm; NaN where it did not. */
  readonly lastMean: number;
  /** Standard error of that estimate. */
  readonly lastWidth: number;
}

/** How likely the choices of a log were. */
export interface PropensitySummary {
  /** Decisions by the probability of their arm, in 20 steps from 0 to 1; the last holds 1 as well. */
  readonly histogram: readonly number[];
  readonly mean: number;
  readonly least: number;
  /** Least probability that any arm had that stood for choice. */
  readonly leastProbability: number;
  /** Decisions that had no alternative: all the probability on one of several arms. */
  readonly certain: number;
}
