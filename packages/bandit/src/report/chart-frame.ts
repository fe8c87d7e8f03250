import { EdgewrightError } from "@edgewright/core";
import type { AxisScale } from "./axis-scale.js";
import { chartStyle } from "./chart-style.js";
import { coordinate, escapeMarkup, estimateTextWidth, shorten } from "./markup.js";

/** Options that all charts share. */
export interface ChartOptions {
  /** What the picture shows, for people who cannot see it. */
  readonly title?: string;
  /** What there is to see in it, in a sentence or two. @default figures of the picture */
  readonly description?: string;
  /** Width in pixels, from 240 to 4000; the picture scales. @default 560 */
  readonly width?: number;
  /** Height in pixels, from 120 to 4000. @default 300 */
  readonly height?: number;
}

/** An entry of a legend. */
interface LegendEntry {
  readonly name: string;
  /** Draws the sample, 22 pixels wide, whose middle lies at the height 0. */
  readonly sample: string;
}

/** What a chart is drawn on. */
export interface FrameContent {
  readonly options: ChartOptions;
  readonly x: AxisScale;
  readonly y: AxisScale;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly legend: readonly LegendEntry[];
  readonly title: string;
  readonly description: string;
  /** Draws what the frame is for. */
  draw(place: PlotArea): string;
}

/** Where values lie in a picture. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  x(value: number): number;
  y(value: number): number;
}

const LEGEND_ROW = 19;
const LEGEND_SAMPLE = 28;

/** Draws axes, marks, legend, and what they are for. @throws EdgewrightError `invalid-argument` for sizes out of range */
export function drawFrame(content: FrameContent): string {
  const { options, x, y, xLabel, yLabel } = content;
  const { width = 560, height = 300 } = options;
  checkSize(width, 240, "width");
  checkSize(height, 120, "height");
  const legend = layOutLegend(content.legend, width);
  const labels = y.ticks.map(({ label }) => estimateTextWidth(label));
  const left = Math.max(24, ...labels.map((size) => size + 10));
  const top = legend.height + 28;
  const right = width - 14;
  const bottom = height - 40;
  const area: PlotArea = {
    left,
    right,
    top,
    bottom,
    x: (value) => left + x.place(value) * (right - left),
    y: (value) => bottom - y.place(value) * (bottom - top),
  };
  const rules = y.ticks.map(({ at, label }) => {
    const row = coordinate(area.y(at));
    return (
      `<line class="rule" x1="${coordinate(left)}" x2="${right}" y1="${row}" y2="${row}"/>` +
      `<text class="soft" x="${coordinate(left - 6)}" y="${coordinate(area.y(at) + 4)}" text-anchor="end">${escapeMarkup(label)}</text>`
    );
  });
  return drawChart({ width, height, title: content.title, description: content.description }, [
    legend.markup,
    ...rules,
    drawBottomAxis(x, area),
    `<text class="soft" x="0" y="${top - 14}">${escapeMarkup(yLabel)}</text>`,
    `<text class="soft" x="${right}" y="${height - 6}" text-anchor="end">${escapeMarkup(xLabel)}</text>`,
    content.draw(area),
  ]);
}

/** Puts the parts of a picture into an SVG that stands for itself. */
export function drawChart(
  about: {
    readonly width: number;
    readonly height: number;
    readonly title: string;
    readonly description: string;
  },
  parts: readonly string[],
): string {
  const { width, height, title, description } = about;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${coordinate(height)}" width="${width}" height="${coordinate(height)}" role="img" class="bandit-chart" style="max-width:100%;height:auto">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<desc>${escapeMarkup(description)}</desc>`,
    `<style>${chartStyle()}</style>`,
    ...parts.filter((part) => part !== ""),
    "</svg>",
  ].join("\n");
}

/** Refuses sizes that no picture has. @throws EdgewrightError `invalid-argument` */
export function checkSize(value: number, least: number, name: string): void {
  if (value >= least && value <= 4000) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${name}: ${least} to 4000 pixels were expected, got ${value}`,
  );
}

/** A path through points. */
export function pathThrough(points: readonly (readonly [number, number])[]): string {
  return points
    .map(([x, y], i) => `${i === 0 ? "M" : "L"}${coordinate(x)} ${coordinate(y)}`)
    .join("");
}

function drawBottomAxis(x: AxisScale, { left, right, bottom, x: place }: PlotArea): string {
  let reach = Number.NEGATIVE_INFINITY;
  return x.ticks
    .map(({ at, label }) => {
      const half = estimateTextWidth(label) / 2;
      const middle = place(at);
      const shown = Math.min(Math.max(middle, left + half - 8), right + 12 - half);
      const tick = `<line class="rule" x1="${coordinate(middle)}" x2="${coordinate(middle)}" y1="${bottom}" y2="${bottom + 4}"/>`;
      if (shown - half < reach + 6) return tick;
      reach = shown + half;
      return `${tick}<text class="soft" x="${coordinate(shown)}" y="${bottom + 17}" text-anchor="middle">${escapeMarkup(label)}</text>`;
    })
    .join("");
}

function layOutLegend(
  entries: readonly LegendEntry[],
  width: number,
): { readonly markup: string; readonly height: number } {
  let [left, row] = [0, 0];
  const parts = entries.map(({ name, sample }) => {
    const short = shorten(name, Math.min(40, Math.max(8, Math.floor((width - 60) / 8))));
    const size = LEGEND_SAMPLE + estimateTextWidth(short) + 16;
    if (left > 0 && left + size > width) {
      left = 0;
      row++;
    }
    const at = left;
    left += size;
    return (
      `<g transform="translate(${coordinate(at)} ${row * LEGEND_ROW + 9})">${sample}` +
      `<text x="${LEGEND_SAMPLE}" y="4">${escapeMarkup(short)}</text></g>`
    );
  });
  return { markup: parts.join("\n"), height: entries.length === 0 ? 0 : (row + 1) * LEGEND_ROW };
}
