import { renderEstimates } from "./estimates-section.js";
import {
  formatCount,
  formatDuration,
  formatInterval,
  formatMoment,
  formatNumber,
  formatPercent,
} from "./format-figures.js";
import type { LogSummary } from "./log-summary.js";
import { findLogWarnings } from "./log-warnings.js";
import { escapeMarkup, shorten } from "./markup.js";
import { pageStyle } from "./page-style.js";
import { renderCards, renderTable } from "./report-markup.js";
import {
  renderArms,
  renderFeedback,
  renderLearning,
  renderPropensities,
} from "./report-sections.js";
import { rewardInterval } from "./reward-statistics.js";
import { joinWindows } from "./window-series.js";

/** Options of {@link renderBanditReport}. */
export interface BanditReportOptions {
  /** @default "Bandit report" */
  readonly title?: string;
  /** A sentence below the title: where the logs come from, or the command. @default none */
  readonly note?: string;
}

/**
 * One or several logs as a page of HTML: one file without outside parts and without scripts, for large and small
 * screens, light or dark, and paper. Pictures have their figures in words and tables beside them. Names in the logs
 * are shown as text whatever they hold.
 *
 * @example
 * const lines: string[] = [];
 * const log = (record: LogRecord) => lines.push(formatLogLine(record));
 * const bandit = createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, log });
 * for (let t = 0; t < 10; t++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 1 : 0);
 * }
 * const page = renderBanditReport(summarizeLog(readLog(lines).decisions), { title: "Ten rounds" });
 * console.log(page.includes("<h1>Ten rounds</h1>")); // true
 */
export function renderBanditReport(
  logs: LogSummary | readonly LogSummary[],
  options: BanditReportOptions = {},
): string {
  const { title = "Bandit report", note } = options;
  const list = "windows" in logs ? [logs] : logs;
  const [only] = list;
  const body =
    list.length === 1
      ? renderLog(only!, "h2")
      : `${renderComparison(list)}\n${list.map(renderNamedLog).join("\n")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${pageStyle()}</style>
</head>
<body><main>
<header>
<h1>${escapeMarkup(title)}</h1>
${note === undefined ? "" : `<p class="lead">${escapeMarkup(note)}</p>`}
${list.length === 1 ? `<p class="lead">${describeLog(only!)}</p>` : ""}
</header>
${body}
<footer>Made by @edgewright/bandit. Figures with an interval are estimates at a confidence of 95 %; everything else is
counted in the log.</footer>
</main></body>
</html>
`;
}

function renderNamedLog(log: LogSummary): string {
  return `<section class="log"><h2><bdi>${escapeMarkup(shorten(log.name, 80))}</bdi></h2>
<p class="lead">${describeLog(log)}</p>
${renderLog(log, "h3")}</section>`;
}

function renderLog(log: LogSummary, heading: "h2" | "h3"): string {
  const warnings = renderWarnings(log, heading);
  if (log.decisions === 0) return warnings;
  const section = (title: string, markup: string): string =>
    markup === "" ? "" : `<section><${heading}>${title}</${heading}>\n${markup}</section>`;
  return [
    renderCards(headFigures(log)),
    warnings,
    section("What it earned", renderLearning([log])),
    section("Which arms it chose", renderArms(log)),
    section("How sure it was", renderPropensities(log)),
    section("Feedback", renderFeedback(log)),
    section("What others would have earned", renderEstimates(log)),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function renderWarnings(log: LogSummary, heading: string): string {
  const warnings = findLogWarnings(log);
  if (warnings.length === 0) return "";
  const items = warnings.map((warning) => `<li>${escapeMarkup(shorten(warning, 400))}</li>`);
  return `<aside class="warnings"><${heading}>Before you read the figures</${heading}><ul>${items.join("")}</ul></aside>`;
}

function renderComparison(logs: readonly LogSummary[]): string {
  const table = renderTable<LogSummary>(
    "The logs side by side; intervals are 95 %",
    [
      { name: "Log", kind: "text", cell: ({ name }) => shorten(name, 60) },
      {
        name: "Policy",
        kind: "text",
        minor: true,
        cell: ({ policies }) => shorten(policies.join(", "), 60),
      },
      { name: "Decisions", cell: ({ decisions }) => formatCount(decisions) },
      { name: "Mean reward", cell: ({ rewards }) => formatNumber(rewards.mean) },
      {
        name: "Interval",
        minor: true,
        cell: ({ rewards }) => formatInterval(rewardInterval(rewards)),
      },
      { name: "Regret", cell: ({ regret }) => formatNumber(regret) },
    ],
    logs,
  );
  return `<section><h2>Side by side</h2>
<div class="scroll">${table}</div>
<section>${renderLearning(logs)}</section></section>`;
}

function describeLog({ policies, decisions, time, arms, otherArms }: LogSummary): string {
  if (decisions === 0) return "An empty log.";
  const who = policies
    .map((policy) => `<b><bdi>${escapeMarkup(shorten(policy, 60))}</bdi></b>`)
    .join(", ");
  const from = time.first > 1e11 ? formatMoment(time.first) : undefined;
  const to = formatMoment(time.last);
  const when = time.clock && from && to ? `, ${from} to ${to}` : "";
  const among = formatCount(arms.length + Math.max(0, otherArms - 1));
  return `${who} chose among ${among} ${among === "1" ? "arm" : "arms"}${when}.`;
}

function headFigures(log: LogSummary): [string, string, string?][] {
  const { decisions, rewards, regret, time, windows } = log;
  const interval = rewardInterval(rewards);
  const tenths = joinWindows(windows, 10);
  const [first, last] = [tenths[0]!, tenths.at(-1)!];
  const cards: [string, string, string?][] = [
    ["Decisions", formatCount(decisions)],
    [
      "Answered",
      formatPercent(rewards.count / decisions),
      `${formatCount(rewards.count)} ${rewards.count === 1 ? "reward" : "rewards"}`,
    ],
  ];
  if (rewards.count > 0) {
    const name = "Mean reward";
    const mean = formatNumber(rewards.mean);
    cards.push(interval ? [name, mean, formatInterval(interval)] : [name, mean]);
  }
  if (
    decisions >= 100 &&
    tenths.length === 10 &&
    first.rewards.count > 0 &&
    last.rewards.count > 0
  ) {
    cards.push([
      "Mean of the last tenth",
      formatNumber(last.rewards.mean),
      `${formatNumber(first.rewards.mean)} in the first`,
    ]);
  }
  if (regret !== undefined) {
    const judged = windows.reduce((sum, window) => sum + window.judged, 0);
    cards.push(["Regret", formatNumber(regret), `${formatNumber(regret / judged)} a decision`]);
  }
  if (time.clock) cards.push(["Time span", formatDuration(time.last - time.first)]);
  return cards;
}
