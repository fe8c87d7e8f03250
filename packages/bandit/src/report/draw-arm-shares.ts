import { EdgewrightError } from "@edgewright/core";
import { createLinearScale } from "./axis-scale.js";
import { type ChartOptions, drawFrame, type PlotArea, pathThrough } from "./chart-frame.js";
import { colourOf, SERIES_COLOURS } from "./chart-style.js";
import { formatPercent } from "./format-figures.js";
import { coordinate } from "./markup.js";

/** How often each arm was chosen over time. */
export interface ArmShares {
  /** Names of the arms. */
  readonly arms: readonly string[];
  /** Stretches of decisions one after another. */
  readonly windows: readonly {
    /** Number of the first decision. */
    readonly from: number;
    /** Number of the first decision after it. */
    readonly to: number;
    /** How often each arm was chosen in it. */
    readonly chosen: readonly number[];
  }[];
}

/**
 * Draws the parts of the decisions that each arm got, one upon the other over time, as an SVG that stands for itself.
 * The seven arms that were chosen most have a colour and a number each; the others are one.
 *
 * @throws EdgewrightError `invalid-argument` for a window whose counts are not one for each arm
 *
 * @example
 * const svg = drawArmShares({
 *   arms: ["small", "large"],
 *   windows: [{ from: 0, to: 10, chosen: [5, 5] }, { from: 10, to: 20, chosen: [1, 9] }],
 * });
 * console.log(svg.includes("large")); // true
 */
export function drawArmShares(shares: ArmShares, options: ChartOptions = {}): string {
  const { windows } = shares;
  for (const { chosen } of windows) {
    if (chosen.length !== shares.arms.length) {
      throw new EdgewrightError(
        "invalid-argument",
        `drawArmShares: a count for each of ${shares.arms.length} arms was expected, got ${chosen.length}`,
      );
    }
  }
  const layers = rankArms(shares);
  const [first, last] = [windows[0]?.from ?? 0, windows.at(-1)?.to ?? 1];
  return drawFrame({
    options,
    x: createLinearScale(first, last, {
      exact: true,
      whole: true,
      most: (options.width ?? 560) < 400 ? 4 : 7,
    }),
    y: {
      ticks: [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: `${100 * at} %` })),
      place: (value) => value,
    },
    xLabel: "decisions",
    yLabel: "share of decisions",
    title: options.title ?? "Which arms were chosen over time",
    description: options.description ?? describe(layers, windows),
    legend: layers.map(({ name }, i) => ({
      name,
      sample: `<rect y="-8" width="22" height="16" rx="3" fill="${colourOf(i)}"/>${drawKey(11, 4, i)}`,
    })),
    draw: (area) => drawLayers(layers, windows, area),
  });
}

interface Layer {
  readonly name: string;
  /** Part of each window's decisions. */
  readonly parts: readonly number[];
  /** Part of all decisions. */
  readonly whole: number;
}

function rankArms({ arms, windows }: ArmShares): Layer[] {
  const sizes = windows.map(({ chosen }) => chosen.reduce((sum, count) => sum + count, 0));
  const all = sizes.reduce((sum, size) => sum + size, 0) || 1;
  const partsOf = (places: readonly number[]): number[] =>
    windows.map(
      ({ chosen }, i) =>
        places.reduce((sum, arm) => sum + chosen[arm]!, 0) / Math.max(1, sizes[i]!),
    );
  const totals = arms.map((_, arm) => windows.reduce((sum, { chosen }) => sum + chosen[arm]!, 0));
  const ranked = arms
    .map((_, arm) => arm)
    .filter((arm) => totals[arm]! > 0)
    .sort((a, b) => totals[b]! - totals[a]! || a - b);
  const own = ranked.length > SERIES_COLOURS ? SERIES_COLOURS - 1 : ranked.length;
  const layers = ranked.slice(0, own).map((arm) => ({
    name: arms[arm]!,
    parts: partsOf([arm]),
    whole: totals[arm]! / all,
  }));
  const rest = ranked.slice(own);
  if (rest.length > 0) {
    const whole = rest.reduce((sum, arm) => sum + totals[arm]!, 0) / all;
    layers.push({ name: `${rest.length} other arms`, parts: partsOf(rest), whole });
  }
  return layers;
}

function drawLayers(
  layers: readonly Layer[],
  windows: ArmShares["windows"],
  { x, y, left, right }: PlotArea,
): string {
  if (windows.length === 0) return "";
  // The first and the last window reach to the edges.
  const places = [left, ...windows.map(({ from, to }) => x((from + to) / 2)), right];
  const atPlaces = (values: readonly number[]): number[] => [values[0]!, ...values, values.at(-1)!];
  let below = new Array<number>(places.length).fill(0);
  const areas: string[] = [];
  const keys: string[] = [];
  layers.forEach(({ parts }, i) => {
    const above = atPlaces(parts).map((part, k) => below[k]! + part);
    const edge = [
      ...places.map((place, k) => [place, y(above[k]!)] as const),
      ...places.map((place, k) => [place, y(below[k]!)] as const).toReversed(),
    ];
    areas.push(`<path class="area" fill="${colourOf(i)}" d="${pathThrough(edge)}Z"/>`);
    keys.push(placeKey(places, below, above, i, y, left, right));
    below = above;
  });
  return [...areas, ...keys.filter((key) => key !== "")].join("\n");
}

// The number of an arm where its layer is thickest, if it fits there.
function placeKey(
  places: readonly number[],
  below: readonly number[],
  above: readonly number[],
  layer: number,
  y: (value: number) => number,
  left: number,
  right: number,
): string {
  let best = -1;
  let thickest = 15;
  places.forEach((place, k) => {
    const thickness = y(below[k]!) - y(above[k]!);
    if (place >= left + 10 && place <= right - 10 && thickness > thickest) {
      thickest = thickness;
      best = k;
    }
  });
  if (best < 0) return "";
  return drawKey(places[best]!, (y(below[best]!) + y(above[best]!)) / 2 + 4, layer);
}

function drawKey(x: number, baseline: number, layer: number): string {
  return (
    `<circle class="plate" cx="${coordinate(x)}" cy="${coordinate(baseline - 4)}" r="7"/>` +
    `<text class="key" x="${coordinate(x)}" y="${coordinate(baseline)}" text-anchor="middle">${layer + 1}</text>`
  );
}

function describe(layers: readonly Layer[], windows: ArmShares["windows"]): string {
  if (layers.length === 0) return "No decisions.";
  const said = layers.map(({ name, parts, whole }, i) => {
    const ends =
      windows.length < 2
        ? ""
        : `, first ${formatPercent(parts[0]!)}, last ${formatPercent(parts.at(-1)!)}`;
    return `${i + 1} ${name}: ${formatPercent(whole)} of all decisions${ends}`;
  });
  return `Shares of decisions, from the bottom up. ${said.join("; ")}.`;
}
