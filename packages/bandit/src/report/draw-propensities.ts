import { createLinearScale, createShareScale } from "./axis-scale.js";
import { type ChartOptions, drawFrame, pathThrough } from "./chart-frame.js";
import { colourOf, dashOf } from "./chart-style.js";
import { formatNumber, formatPercent } from "./format-figures.js";
import type { LogWindow } from "./log-summary.js";
import { coordinate } from "./markup.js";

/**
 * Draws how many decisions were made with which probability, as an SVG that stands for itself.
 *
 * @param histogram decisions by the probability of the chosen arm, in even steps from 0 to 1
 *
 * @example
 * const svg = drawPropensities([0, 10, 0, 30]);
 * console.log(svg.includes("0.75 to 1: 75.0 %")); // true
 */
export function drawPropensities(histogram: readonly number[], options: ChartOptions = {}): string {
  const all = histogram.reduce((sum, count) => sum + count, 0) || 1;
  const shares = histogram.map((count) => count / all);
  const edge = (step: number): number => step / histogram.length;
  const said = shares.flatMap((share, i) =>
    share > 0
      ? [
          `${Number(edge(i).toFixed(4))} to ${Number(edge(i + 1).toFixed(4))}: ${formatPercent(share)}`,
        ]
      : [],
  );
  const y = createLinearScale(0, Math.max(0.01, ...shares), { most: 5 });
  return drawFrame({
    options,
    x: createLinearScale(0, 1, { exact: true, most: 5 }),
    y: {
      ...y,
      ticks: y.ticks.map(({ at }) => ({ at, label: `${Number((100 * at).toFixed(6))} %` })),
    },
    xLabel: "probability of the chosen arm",
    yLabel: "share of decisions",
    title: options.title ?? "With which probability arms were chosen",
    description:
      options.description ?? (said.length === 0 ? "No decisions." : `${said.join("; ")}.`),
    legend: [],
    draw: (area) =>
      shares
        .map((share, i) => {
          if (share === 0) return "";
          const [from, to] = [area.x(edge(i)) + 0.75, area.x(edge(i + 1)) - 0.75];
          // However rare, it is seen.
          const top = Math.min(area.y(share), area.bottom - 1.5);
          return `<rect x="${coordinate(from)}" y="${coordinate(top)}" width="${coordinate(to - from)}" height="${coordinate(area.bottom - top)}" rx="1.5" fill="${colourOf(0)}"/>`;
        })
        .join(""),
  });
}

/**
 * Draws how the probabilities went over time, on a logarithmic axis, as an SVG that stands for itself: of the chosen
 * arms the mean and the least, and the least of any arm that stood for choice, which is the floor where there is one.
 *
 * @param windows stretches of decisions, as {@link LogSummary} has them
 */
export function drawPropensityHistory(
  windows: readonly Pick<
    LogWindow,
    "from" | "to" | "meanPropensity" | "leastPropensity" | "leastProbability"
  >[],
  options: ChartOptions = {},
): string {
  const lines = [
    { name: "chosen arm, mean", values: windows.map((one) => one.meanPropensity) },
    { name: "chosen arm, least", values: windows.map((one) => one.leastPropensity) },
    { name: "any arm, least", values: windows.map((one) => one.leastProbability) },
  ];
  const all = lines.flatMap(({ values }) => values);
  const hasZero = all.includes(0);
  const least = all.reduce((low, value) => (value > 0 ? Math.min(low, value) : low), 1);
  const last = windows.at(-1)?.to ?? 1;
  const said = lines.map(
    ({ name, values }) =>
      `${name}: ${formatNumber(values[0])} at first, ${formatNumber(values.at(-1))} at last`,
  );
  return drawFrame({
    options,
    x: createLinearScale(windows[0]?.from ?? 0, last, {
      exact: true,
      whole: true,
      most: (options.width ?? 560) < 400 ? 4 : 7,
    }),
    y: createShareScale(least, hasZero),
    xLabel: "decisions",
    yLabel: "probability, logarithmic",
    title: options.title ?? "Probabilities over time",
    description:
      options.description ?? (windows.length === 0 ? "No decisions." : `${said.join("; ")}.`),
    legend: lines.map(({ name }, i) => ({
      name,
      sample: `<line class="line" x2="22" stroke="${colourOf(i)}"${dashOf(i)}/>`,
    })),
    draw: ({ x, y, left, right }) =>
      lines
        .map(({ values }, i) => {
          const points = values.map(
            (value, k) => [x((windows[k]!.from + windows[k]!.to) / 2), y(value)] as const,
          );
          if (points.length === 0) return "";
          const whole = [
            [left, points[0]![1]] as const,
            ...points,
            [right, points.at(-1)![1]] as const,
          ];
          return `<path class="line" stroke="${colourOf(i)}"${dashOf(i)} d="${pathThrough(whole)}"/>`;
        })
        .join("\n"),
  });
}
