import { type MeanWithBand, meanWithBand, type QoeResult } from "@edgewright/bandit/qoe";
import type { FigureInput } from "@edgewright/device-bench";

/** A figure as `0.123 (0.110 to 0.136)`. */
export function formatBand({ mean, low, high }: MeanWithBand, digits: number): string {
  return `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** A contender's row: regret per round at the end, and all the rest in its note. */
export function describeResult(table: string, result: QoeResult): FigureInput {
  const { name, regret, exponents, qoe, finalRegretPerRound } = result;
  const rounds = regret.rounds.at(-1)!;
  const total = {
    mean: regret.mean.at(-1)!,
    low: regret.low.at(-1)!,
    high: regret.high.at(-1)!,
  };
  const growth = Number.isNaN(exponents.mean) ? "none" : formatBand(exponents, 2);
  return {
    kind: "simulated",
    metric: `${table}: ${name}: regret per round, last tenth of ${rounds}`,
    value: finalRegretPerRound.mean,
    unit: "",
    note: [
      `95 % band ${finalRegretPerRound.low.toFixed(4)} to ${finalRegretPerRound.high.toFixed(4)}`,
      `cumulative ${formatBand(total, 1)}`,
      `QoE ${formatBand(qoe, 3)}`,
      `growth exponent ${growth}`,
    ].join("; "),
  };
}

/** Regret per round against another contender's, at the end; the ratio of the means, and its runs' band in the note. */
export function compareRegret(
  table: string,
  result: QoeResult,
  baseline: QoeResult,
  target?: FigureInput["target"],
): FigureInput {
  const { low, high } = meanWithBand(
    result.finalRegretOfRuns.map((value, run) => value / baseline.finalRegretOfRuns[run]!),
  );
  // The first point from which on it stays below half.
  const { rounds, mean } = result.regretPerRound;
  const isAbove = mean.map((value, i) => value >= baseline.regretPerRound.mean[i]! / 2);
  const below = isAbove.lastIndexOf(true) + 1;
  const since = below < rounds.length ? `from round ${rounds[below]} on` : "never";
  return {
    kind: "simulated",
    metric: `${table}: ${result.name}: regret per round over that of ${baseline.name}, last tenth`,
    value: result.finalRegretPerRound.mean / baseline.finalRegretPerRound.mean,
    unit: "x",
    ...(target && { target }),
    note: `of single runs ${low.toFixed(2)} to ${high.toFixed(2)} (95 %); below half ${since}`,
  };
}

/** Whether regret grows slower than the rounds: the upper end of the growth exponents' band. */
export function describeGrowth(table: string, result: QoeResult): FigureInput {
  return {
    kind: "simulated",
    metric: `${table}: ${result.name}: growth exponent of the cumulative regret, upper end of its 95 % band`,
    value: result.exponents.high,
    unit: "",
    target: { atMost: 0.95 },
    note: `mean ${result.exponents.mean.toFixed(2)}, of the mean curve ${result.exponent.toFixed(2)}; 1 is linear`,
  };
}

/** Processor time of one decision and what is learnt from it. */
export function describeTime(table: string, name: string, ms: number): FigureInput {
  return {
    metric: `${table}: ${name}: decide and update`,
    value: ms,
    unit: "ms",
    note: "processor time, less that of choosing at random",
  };
}
