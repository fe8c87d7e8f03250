import type { LearningCurve } from "./draw-learning-curves.js";
import type { LogSummary, LogWindow } from "./log-summary.js";
import { rewardInterval } from "./reward-statistics.js";
import { joinWindows } from "./window-series.js";

/** Mean reward in stretches of the log, with its 95 % interval; stretches without a reward are left out. */
export function curveMeanReward({ name, rewards, windows }: LogSummary): LearningCurve {
  // About 15 rewards a stretch at least, or the line says nothing.
  const most = Math.min(40, Math.max(1, Math.floor(rewards.count / 15)));
  const stretches = joinWindows(windows, most).filter((window) => window.rewards.count > 0);
  const intervals = stretches.map((window) => rewardInterval(window.rewards));
  return {
    name,
    rounds: stretches.map(({ from, to }) => (from + to) / 2),
    mean: stretches.map((window) => window.rewards.mean),
    low: intervals.map((interval) => interval?.low ?? Number.NaN),
    high: intervals.map((interval) => interval?.high ?? Number.NaN),
  };
}

/** Sum of the rewards from the first decision on. */
export function curveTotalReward({ name, windows }: LogSummary): LearningCurve {
  return accumulate(name, windows, ({ rewards }) => rewards.total);
}

/** Sum of what was missing to the best arm, from the first decision on. */
export function curveRegret({ name, windows }: LogSummary): LearningCurve {
  return accumulate(name, windows, ({ regret }) => regret);
}

/** Sum of the questions, from the first decision on. */
export function curveQuestions({ name, windows }: LogSummary): LearningCurve {
  return accumulate(name, windows, ({ asked }) => asked);
}

function accumulate(
  name: string,
  windows: readonly LogWindow[],
  amountOf: (window: LogWindow) => number,
): LearningCurve {
  let sum = 0;
  const sums = windows.map((window) => {
    sum += amountOf(window);
    return sum;
  });
  return { name, rounds: [0, ...windows.map(({ to }) => to)], mean: [0, ...sums] };
}
