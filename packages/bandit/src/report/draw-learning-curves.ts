import { EdgewrightError } from "@edgewright/core";
import { createLinearScale } from "./axis-scale.js";
import { type ChartOptions, drawFrame, type PlotArea, pathThrough } from "./chart-frame.js";
import { colourOf, dashOf } from "./chart-style.js";
import { formatCount, formatNumber } from "./format-figures.js";

/** Something that changes over the rounds: reward, regret, quality of experience. */
export interface LearningCurve {
  /** For example the name of the policy. */
  readonly name: string;
  /** Numbers of the rounds that the other fields belong to, rising. */
  readonly rounds: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  /** Lower end of the confidence band. @default no band */
  readonly low?: ArrayLike<number>;
  /** Upper end of the confidence band. @default no band */
  readonly high?: ArrayLike<number>;
}

/** Options of {@link drawLearningCurves}. */
export interface LearningCurvesOptions extends ChartOptions {
  /** What the curves show. @default "mean reward" */
  readonly yLabel?: string;
  /** What the rounds are. @default "decisions" */
  readonly xLabel?: string;
  /** Let the axis begin at 0. @default false */
  readonly fromZero?: boolean;
}

/** A curve of more points is thinned. */
const MOST_POINTS = 200;

/**
 * Draws curves over rounds with their confidence bands, as an SVG that stands for itself. Curves are told apart by
 * dashes as well as by colours; points that are no numbers are left out.
 *
 * @throws EdgewrightError `invalid-argument` for fields of a curve that differ in length
 *
 * @example
 * const svg = drawLearningCurves(
 *   [{ name: "lin-ucb", rounds: [1, 10, 100], mean: [0.4, 3, 12], low: [0.2, 2, 10], high: [0.6, 4, 14] }],
 *   { title: "Regret", yLabel: "cumulative regret" },
 * );
 * console.log(svg.startsWith("<svg")); // true
 */
export function drawLearningCurves(
  curves: readonly LearningCurve[],
  options: LearningCurvesOptions = {},
): string {
  for (const curve of curves) checkCurve(curve);
  const { yLabel = "mean reward", xLabel = "decisions", fromZero = false } = options;
  const drawn = curves.map(thinCurve);
  const values = drawn.flatMap(({ points }) => points.flatMap(([, ...rest]) => rest));
  const rounds = drawn.flatMap(({ points }) => points.map(([round]) => round));
  const [low, high] = extent(fromZero ? [0, ...values] : values);
  const [first, last] = extent(rounds);
  const y = createLinearScale(low, high);
  const x = createLinearScale(first, last, {
    exact: true,
    whole: true,
    most: (options.width ?? 560) < 400 ? 4 : 7,
  });
  const { title = `${yLabel} over ${xLabel}` } = options;
  return drawFrame({
    options,
    x,
    y,
    xLabel,
    yLabel,
    title,
    description: options.description ?? describe(curves, yLabel, xLabel),
    // What a single curve is, the title says.
    legend: (curves.length > 1 ? curves : []).map(({ name }, i) => ({
      name,
      sample: `<line class="line" x2="22" stroke="${colourOf(i)}"${dashOf(i)}/>`,
    })),
    draw: (area) =>
      [
        ...drawn.map(({ points }, i) => drawBand(points, i, area)),
        ...drawn.map(({ points }, i) => drawLine(points, i, area)),
      ].join("\n"),
  });
}

/** Round, mean, low, high. */
type Point = readonly [number, number, number, number];

function checkCurve({ name, rounds, mean, low = mean, high = mean }: LearningCurve): void {
  const lengths = [rounds, mean, low, high].map(({ length }) => length);
  if (new Set(lengths).size === 1) return;
  throw new EdgewrightError(
    "invalid-argument",
    `drawLearningCurves: fields of the same length were expected, got ${lengths.join(", ")} in "${name}"`,
  );
}

function thinCurve({ rounds, mean, low = mean, high = mean }: LearningCurve): { points: Point[] } {
  const { length } = rounds;
  const count = Math.min(length, MOST_POINTS);
  const points: Point[] = [];
  for (let k = 0; k < count; k++) {
    const i = count === 1 ? 0 : Math.round((k * (length - 1)) / (count - 1));
    const value = mean[i]!;
    const orValue = (end: number): number => (isDrawable(end) ? end : value);
    if (isDrawable(value) && isDrawable(rounds[i]!)) {
      points.push([rounds[i]!, value, orValue(low[i]!), orValue(high[i]!)]);
    }
  }
  return { points };
}

// Sums of larger ones would have no end.
function isDrawable(value: number): boolean {
  return Math.abs(value) < 1e300;
}

function drawBand(points: readonly Point[], series: number, { x, y }: PlotArea): string {
  if (points.length < 2 || points.every(([, , low, high]) => low === high)) return "";
  const edge = [
    ...points.map(([round, , , high]) => [x(round), y(high)] as const),
    ...points.toReversed().map(([round, , low]) => [x(round), y(low)] as const),
  ];
  return `<path class="band" fill="${colourOf(series)}" d="${pathThrough(edge)}Z"/>`;
}

function drawLine(points: readonly Point[], series: number, { x, y }: PlotArea): string {
  const colour = colourOf(series);
  if (points.length === 1) {
    const [[round, value, low, high]] = points as [Point];
    return `<path class="whisker" stroke="${colour}" d="${pathThrough([
      [x(round), y(low)],
      [x(round), y(high)],
    ])}"/><circle cx="${x(round).toFixed(1)}" cy="${y(value).toFixed(1)}" r="4" fill="${colour}"/>`;
  }
  const line = points.map(([round, value]) => [x(round), y(value)] as const);
  return `<path class="line" stroke="${colour}"${dashOf(series)} d="${pathThrough(line)}"/>`;
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

function describe(curves: readonly LearningCurve[], yLabel: string, xLabel: string): string {
  const said = curves.map(({ name, rounds, mean }) => {
    const last = rounds.length - 1;
    if (last < 0) return `${name}: nothing`;
    return `${name}: from ${formatNumber(mean[0])} to ${formatNumber(mean[last])} at ${formatCount(rounds[last]!)} ${xLabel}`;
  });
  return `${yLabel}. ${said.join("; ")}.`;
}
