import type { LogEstimates } from "../report/estimate-log-targets.js";
import { formatCount, formatInterval, formatNumber } from "../report/format-figures.js";
import type { LogSummary } from "../report/log-summary.js";
import { printable } from "./printable-text.js";

/** Estimates as a table for terminals. */
export function formatEstimates(summary: LogSummary, { rows, targets }: LogEstimates): string {
  const head = ["policy", "estimator", "mean reward", "95 % interval", "effective rows"];
  const lines = targets.flatMap(({ name, estimates }) =>
    estimates.map(({ estimator, value, interval, effectiveSampleSize }) => [
      printable(name),
      estimator,
      formatNumber(value),
      formatInterval(interval),
      formatCount(effectiveSampleSize),
    ]),
  );
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  const print = (line: readonly string[]): string =>
    line
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const warnings = targets.flatMap(({ name, warnings }) =>
    warnings.map((warning) => `${printable(name)}: ${printable(warning)}`),
  );
  const from =
    rows < summary.rewards.count
      ? `${formatCount(rows)} of ${formatCount(summary.rewards.count)} answered decisions, drawn evenly`
      : `${formatCount(rows)} answered decisions`;
  return `${[
    `Estimated from ${from} of ${formatCount(summary.decisions)} in ${printable(summary.name)}`,
    "",
    print(head),
    ...lines.map(print),
    ...(warnings.length > 0 ? ["", ...warnings] : []),
  ].join("\n")}\n`;
}
