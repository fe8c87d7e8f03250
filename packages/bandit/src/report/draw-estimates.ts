import type { Interval } from "@edgewright/core";
import { createLinearScale } from "./axis-scale.js";
import { type ChartOptions, checkSize, drawChart } from "./chart-frame.js";
import { colourOf } from "./chart-style.js";
import { formatInterval, formatNumber } from "./format-figures.js";
import { coordinate, escapeMarkup, estimateTextWidth, shorten } from "./markup.js";

/** One estimate of a mean reward. */
export interface DrawnEstimate {
  /** What was estimated: the name of a policy or an arm. */
  readonly name: string;
  readonly value: number;
  /** Confidence interval. @default none is drawn */
  readonly interval?: Interval | undefined;
}

/** Options of {@link drawEstimates}. */
export interface DrawEstimatesOptions extends Omit<ChartOptions, "height"> {
  /** What is estimated. @default "mean reward" */
  readonly xLabel?: string;
  /** A value to compare with, such as what the log itself earned. @default none */
  readonly reference?: { readonly name: string; readonly value: number };
}

const ROW = 40;
const AXIS = 44;

/**
 * Draws estimates as points with their confidence intervals, one below the other, as an SVG that stands for itself.
 * Estimates that are no numbers have a row without a point.
 *
 * @example
 * const svg = drawEstimates(
 *   [{ name: "always a", value: 0.4, interval: { low: 0.3, high: 0.5 } }],
 *   { reference: { name: "the log", value: 0.45 } },
 * );
 * console.log(svg.includes("always a")); // true
 */
export function drawEstimates(
  estimates: readonly DrawnEstimate[],
  options: DrawEstimatesOptions = {},
): string {
  const { width = 560, xLabel = "mean reward", reference, title = "Estimates" } = options;
  checkSize(width, 240, "width");
  const ends = estimates
    .flatMap(({ value, interval }) => [value, interval?.low ?? value, interval?.high ?? value])
    .concat(reference ? [reference.value] : [])
    .filter((end) => Math.abs(end) < 1e300);
  const scale =
    ends.length === 0
      ? createLinearScale(0, 1)
      : createLinearScale(
          ends.reduce((a, b) => Math.min(a, b)),
          ends.reduce((a, b) => Math.max(a, b)),
          { most: width < 400 ? 4 : 7 },
        );
  const [left, right] = [10, width - 12];
  const x = (value: number): number => left + scale.place(value) * (right - left);
  const top = reference ? 24 : 6;
  const bottom = top + estimates.length * ROW;
  const parts = [
    ...scale.ticks.map(
      ({ at, label }) =>
        `<line class="rule" x1="${coordinate(x(at))}" x2="${coordinate(x(at))}" y1="${top}" y2="${bottom}"/>` +
        `<text class="soft" x="${coordinate(within(x(at), label, width))}" y="${bottom + 16}" text-anchor="middle">${escapeMarkup(label)}</text>`,
    ),
    `<text class="soft" x="${right}" y="${bottom + 36}" text-anchor="end">${escapeMarkup(xLabel)}</text>`,
    drawReference(reference, x, top, bottom, width),
    ...estimates.map((estimate, i) => drawRow(estimate, top + i * ROW, x, width)),
  ];
  const said = estimates.map(
    ({ name, value, interval }) =>
      `${name}: ${formatNumber(value)}${interval ? ` (${formatInterval(interval)})` : ""}`,
  );
  const known = reference ? ` ${reference.name}: ${formatNumber(reference.value)}.` : "";
  const description =
    options.description ??
    (said.length === 0 ? "No estimates." : `${xLabel}. ${said.join("; ")}.${known}`);
  return drawChart({ width, height: bottom + AXIS, title, description }, parts);
}

function drawReference(
  reference: DrawEstimatesOptions["reference"],
  x: (value: number) => number,
  top: number,
  bottom: number,
  width: number,
): string {
  if (!reference || !(Math.abs(reference.value) < 1e300)) return "";
  const at = coordinate(x(reference.value));
  const label = `${shorten(reference.name, 28)} ${formatNumber(reference.value)}`;
  return (
    `<line class="mark" x1="${at}" x2="${at}" y1="${top - 6}" y2="${bottom}"/>` +
    `<text class="soft" x="${coordinate(within(x(reference.value), label, width))}" y="13" text-anchor="middle">${escapeMarkup(label)}</text>`
  );
}

function drawRow(
  { name, value, interval }: DrawnEstimate,
  top: number,
  x: (value: number) => number,
  width: number,
): string {
  const middle = top + 29;
  const figures = `${formatNumber(value)}${interval ? `  (${formatInterval(interval)})` : ""}`;
  const room = Math.max(6, Math.floor((width - 30 - estimateTextWidth(figures)) / 7.5));
  const label =
    `<text class="over" x="4" y="${top + 15}">${escapeMarkup(shorten(name, room))}</text>` +
    `<text class="over" x="${width - 12}" y="${top + 15}" text-anchor="end">${escapeMarkup(figures)}</text>`;
  if (!(Math.abs(value) < 1e300)) return label;
  const colour = colourOf(0);
  const isBounded = interval && Math.abs(interval.low) < 1e300 && Math.abs(interval.high) < 1e300;
  const whisker = isBounded
    ? `<path class="whisker" stroke="${colour}" d="M${coordinate(x(interval.low))} ${middle}H${coordinate(x(interval.high))}M${coordinate(x(interval.low))} ${middle - 5}v10M${coordinate(x(interval.high))} ${middle - 5}v10"/>`
    : "";
  return `${label}${whisker}<circle cx="${coordinate(x(value))}" cy="${middle}" r="4.5" fill="${colour}"/>`;
}

// Where the middle of a text must be so that all of it is in the picture.
function within(middle: number, label: string, width: number): number {
  const half = estimateTextWidth(label) / 2;
  return Math.min(Math.max(middle, half), width - half);
}
