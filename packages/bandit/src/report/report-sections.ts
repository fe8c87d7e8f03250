import { drawArmShares } from "./draw-arm-shares.js";
import { drawLearningCurves, type LearningCurve } from "./draw-learning-curves.js";
import { drawPropensities, drawPropensityHistory } from "./draw-propensities.js";
import {
  formatCount,
  formatDuration,
  formatInterval,
  formatNumber,
  formatPercent,
} from "./format-figures.js";
import type { ArmSummary, LogSummary, LogWindow } from "./log-summary.js";
import { escapeMarkup, shorten } from "./markup.js";
import { curveMeanReward, curveQuestions, curveRegret, curveTotalReward } from "./report-curves.js";
import { renderFigure, renderTable } from "./report-markup.js";
import { rewardInterval } from "./reward-statistics.js";
import { joinWindows } from "./window-series.js";

/** How many arms the table names. */
const MOST_ROWS = 50;

/** Rewards and regret over the decisions of one log, or of several together. */
export function renderLearning(logs: readonly LogSummary[]): string {
  const answered = logs.filter(({ rewards }) => rewards.count > 0);
  const judged = logs.filter(({ regret }) => regret !== undefined);
  const figures: string[] = [];
  // The first of three has a row of its own.
  const isOdd = answered.length > 0 && judged.length > 0;
  const add = (title: string, note: string, curves: LearningCurve[], yLabel: string): void => {
    if (curves.length === 0) return;
    figures.push(
      renderFigure(
        title,
        note,
        (options) => drawLearningCurves(curves, { ...options, yLabel }),
        isOdd && figures.length === 0,
      ),
    );
  };
  add(
    "Mean reward",
    "In stretches one after another; the band is a 95 % confidence interval.",
    answered.map(curveMeanReward),
    "mean reward",
  );
  add(
    "Regret",
    "What was missing to the best arm, summed up. The flatter, the less there is left to learn.",
    judged.map(curveRegret),
    "cumulative regret",
  );
  add("Reward", "Summed up.", answered.map(curveTotalReward), "cumulative reward");
  if (figures.length === 0) return "";
  const tables = logs.filter(({ decisions }) => decisions > 0).map(renderWindowTable);
  return `<div class="pictures">${figures.join("\n")}</div>\n${tables.join("\n")}`;
}

function renderWindowTable({ name, windows, regret }: LogSummary): string {
  const table = renderTable<LogWindow>(
    `Stretches of ${shorten(name, 60)}; intervals are 95 %`,
    [
      {
        name: "Decisions",
        cell: ({ from, to }) => `${formatCount(from + 1)} to ${formatCount(to)}`,
      },
      { name: "Rewards", minor: true, cell: ({ rewards }) => formatCount(rewards.count) },
      { name: "Mean reward", cell: ({ rewards }) => formatNumber(rewards.mean) },
      {
        name: "Interval",
        cell: ({ rewards }) => formatInterval(rewardInterval(rewards)),
      },
      ...(regret === undefined
        ? []
        : [{ name: "Regret", cell: (window: LogWindow) => formatNumber(window.regret) }]),
    ],
    joinWindows(windows, 12),
  );
  return `<details><summary>${escapeMarkup(shorten(name, 60))} in figures</summary><div class="scroll">${table}</div></details>`;
}

/** Which arms were chosen, and what they earned. */
export function renderArms({ arms, windows, decisions }: LogSummary): string {
  const shares = { arms: arms.map(({ arm }) => arm), windows: joinWindows(windows, 48) };
  const ranked = [...arms].sort((a, b) => b.chosen - a.chosen);
  const shown = ranked.slice(0, MOST_ROWS);
  const table = renderTable<ArmSummary>(
    `Arms by how often they were chosen${ranked.length > shown.length ? `; the first ${shown.length} of ${formatCount(ranked.length)}` : ""}`,
    [
      { name: "Arm", kind: "text", cell: ({ arm }) => shorten(arm, 80) },
      { name: "Chosen", cell: ({ chosen }) => formatCount(chosen) },
      { name: "Share", minor: true, cell: ({ chosen }) => formatPercent(chosen / decisions) },
      { name: "Mean reward", cell: ({ rewards }) => formatNumber(rewards.mean) },
      { name: "95 % interval", cell: ({ rewards }) => formatInterval(rewardInterval(rewards)) },
      { name: "Last estimate", minor: true, cell: ({ lastMean }) => formatNumber(lastMean) },
      { name: "Last width", minor: true, cell: ({ lastWidth }) => formatNumber(lastWidth) },
    ],
    shown,
  );
  return `<div class="pictures">${renderFigure(
    "Shares over time",
    "The numbers are those of the legend; the arm chosen most lies at the bottom.",
    (options) => drawArmShares(shares, options),
    true,
  )}</div>
<div class="scroll">${table}</div>
<p class="note below">Intervals are Wilson's where rewards are 0 or 1, else Student's. They treat each arm's rewards as a
plain sample; a policy that drops arms after bad luck makes the means of dropped arms a little too low. The last
estimate and its standard error (width) are the policy's own, from when it last chose the arm.</p>`;
}

/** With which probabilities the policy chose. */
export function renderPropensities({ propensities, decisions, windows }: LogSummary): string {
  const { certain, leastProbability, mean, least } = propensities;
  const floor =
    leastProbability > 0
      ? `No arm ever had a probability below ${formatNumber(leastProbability)}.`
      : "Some arms had a probability of 0.";
  return `<p class="note">The arms chosen had a probability of ${formatNumber(mean)} on average and of ${formatNumber(least)}
at least; ${formatPercent(certain / decisions)} of the decisions had no alternative. ${escapeMarkup(floor)} Off-policy
estimates divide by these numbers.</p>
<div class="pictures">${renderFigure(
    "Probability of the chosen arm",
    "Of all decisions.",
    (options) => drawPropensities(propensities.histogram, options),
  )}
${renderFigure(
  "Probabilities over time",
  "The lowest line is the floor, where there is one.",
  (options) => drawPropensityHistory(joinWindows(windows, 60), options),
)}</div>`;
}

/** How many rewards came, and when. */
export function renderFeedback(log: LogSummary): string {
  const { decisions, rewards, expired, assumed, asked, delay, time } = log;
  const answered = rewards.count;
  const formatDelay = (value: number): string =>
    time.clock ? formatDuration(value) : `${formatNumber(value)} decisions`;
  const part = (count: number): string =>
    `${formatCount(count)} (${formatPercent(count / decisions)})`;
  const rows: [string, string][] = [
    ["Decisions", formatCount(decisions)],
    ...(asked === undefined ? [] : [["User asked", part(asked)] as [string, string]]),
    ["Rewards came", part(answered - assumed)],
    ...(assumed === 0 ? [] : [["Rewards assumed", part(assumed)] as [string, string]]),
    ["Given up, no reward in time", part(expired)],
    ["Without a reward so far", part(Math.max(0, decisions - answered - expired))],
    ...(delay === undefined
      ? []
      : ([
          ["Delay of a reward, half within", formatDelay(delay.median)],
          ["Nine tenths within", formatDelay(delay.p90)],
          ["Longest", formatDelay(delay.most)],
        ] as [string, string][])),
  ];
  const table = renderTable<[string, string]>(
    time.clock
      ? "The delay's quantiles are within 2 %"
      : "The log has no clock, so delays count decisions",
    [
      { name: "What became of them", kind: "text", cell: ([name]) => name },
      { name: "Count or time", cell: ([, value]) => value },
    ],
    rows,
  );
  if (asked === undefined) return `<div class="slim">${table}</div>`;
  const curve = { ...curveQuestions(log), name: "questions asked" };
  const all = { name: "asking always", rounds: [0, decisions], mean: [0, decisions] };
  return `<div class="pictures"><div>${table}</div>
${renderFigure("Questions", "How often the user was asked, beside asking every time.", (options) =>
  drawLearningCurves([curve, all], { ...options, yLabel: "questions so far" }),
)}</div>`;
}
