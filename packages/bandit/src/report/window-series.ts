import type { LoggedDecision } from "../log/logged-decision.js";
import type { LogWindow } from "./log-summary.js";
import { emptyStatistics, mergeRewards, type RewardStatistics } from "./reward-statistics.js";

/** More of them say nothing on a screen. Even, so that all can be joined in pairs. */
const MOST_WINDOWS = 512;

interface OpenWindow {
  decisions: number;
  rewards: RewardStatistics;
  regret: number;
  judged: number;
  asked: number;
  propensities: number;
  leastPropensity: number;
  leastProbability: number;
  readonly chosen: number[];
}

/** Stretches of a stream whose length nobody knows: when there are too many, two and two become one. */
export interface WindowSeries {
  add(
    decision: LoggedDecision,
    arm: number,
    reward: RewardStatistics | undefined,
    regret: number | undefined,
    leastProbability: number,
  ): void;
  windows(arms: number): LogWindow[];
}

/** Starts a series. */
export function createWindowSeries(): WindowSeries {
  let size = 1;
  let windows: OpenWindow[] = [];
  return {
    add(decision, arm, reward, regret, leastProbability) {
      let window = windows.at(-1);
      if (!window || window.decisions === size) {
        if (windows.length === MOST_WINDOWS) {
          windows = joinPairs(windows);
          size *= 2;
        }
        window = emptyWindow();
        windows.push(window);
      }
      window.decisions++;
      if (reward) window.rewards = mergeRewards(window.rewards, reward);
      if (regret !== undefined) {
        window.regret += regret;
        window.judged++;
      }
      if (decision.asked) window.asked++;
      window.propensities += decision.propensity;
      window.leastPropensity = Math.min(window.leastPropensity, decision.propensity);
      window.leastProbability = Math.min(window.leastProbability, leastProbability);
      window.chosen[arm] = (window.chosen[arm] ?? 0) + 1;
    },
    windows: (arms) =>
      windows.map(({ decisions, propensities, chosen, ...rest }, i) => ({
        ...rest,
        from: i * size,
        to: i * size + decisions,
        meanPropensity: propensities / decisions,
        chosen: Array.from({ length: arms }, (_, arm) => chosen[arm] ?? 0),
      })),
  };
}

/** Joins windows to at most so many of about the same length. */
export function joinWindows(windows: readonly LogWindow[], most: number): LogWindow[] {
  const count = Math.min(most, windows.length);
  const begin = (i: number): number => Math.floor((i * windows.length) / count);
  return Array.from({ length: count }, (_, i) =>
    windows.slice(begin(i), begin(i + 1)).reduce(joinTwo),
  );
}

function joinTwo(a: LogWindow, b: LogWindow): LogWindow {
  const [first, second] = [a.to - a.from, b.to - b.from];
  return {
    from: a.from,
    to: b.to,
    rewards: mergeRewards(a.rewards, b.rewards),
    regret: a.regret + b.regret,
    judged: a.judged + b.judged,
    asked: a.asked + b.asked,
    meanPropensity: (a.meanPropensity * first + b.meanPropensity * second) / (first + second),
    leastPropensity: Math.min(a.leastPropensity, b.leastPropensity),
    leastProbability: Math.min(a.leastProbability, b.leastProbability),
    chosen: a.chosen.map((count, arm) => count + b.chosen[arm]!),
  };
}

function emptyWindow(): OpenWindow {
  return {
    decisions: 0,
    rewards: emptyStatistics(),
    regret: 0,
    judged: 0,
    asked: 0,
    propensities: 0,
    leastPropensity: 1,
    leastProbability: 1,
    chosen: [],
  };
}

function joinPairs(windows: readonly OpenWindow[]): OpenWindow[] {
  return Array.from({ length: windows.length / 2 }, (_, i): OpenWindow => {
    const [a, b] = [windows[2 * i]!, windows[2 * i + 1]!];
    const chosen = Array.from(
      { length: Math.max(a.chosen.length, b.chosen.length) },
      (_, arm) => (a.chosen[arm] ?? 0) + (b.chosen[arm] ?? 0),
    );
    return {
      decisions: a.decisions + b.decisions,
      rewards: mergeRewards(a.rewards, b.rewards),
      regret: a.regret + b.regret,
      judged: a.judged + b.judged,
      asked: a.asked + b.asked,
      propensities: a.propensities + b.propensities,
      leastPropensity: Math.min(a.leastPropensity, b.leastPropensity),
      leastProbability: Math.min(a.leastProbability, b.leastProbability),
      chosen,
    };
  });
}
