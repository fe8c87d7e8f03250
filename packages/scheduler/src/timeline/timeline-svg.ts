import { EdgewrightError } from "@edgewright/core";
import type { CompletedTask } from "../tasks/completed-task.js";
import { coordinate, escapeMarkup } from "./markup.js";
import { createTimeAxis } from "./time-axis.js";
import { resolveWindow, type TimeWindow } from "./time-window.js";

/** Options of {@link drawTimeline}. */
export interface DrawTimelineOptions {
  /** Begin of the window, in seconds. @default the first arrival */
  readonly from?: number;
  /** End of the window, in seconds. @default the last end of a request */
  readonly to?: number;
  /** Width in pixels, from 300; the picture scales. @default 960 */
  readonly width?: number;
  /** Most rows of requests; of more the first in the window are drawn, and the rest counted. @default 40 */
  readonly maxRows?: number;
  /** For people who cannot see the picture. @default "timeline" */
  readonly title?: string;
}

/** Told apart also by people who see few colours (Okabe and Ito, 2008). */
const COLOURS = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#999933",
  "#882255",
];

const LANE = 26;
const ROW = 14;
const LEFT = 118;
const RIGHT = 12;
const LEGEND = 26;
const AXIS = 22;
/** Narrower bars would be hard to see. */
const LEAST_BAR = 0.4;

/**
 * Draws a run as an SVG Gantt chart: a lane for every accelerator with the layers that ran on it, and below a row for
 * every request: a thin line from its arrival to its end, thick where it ran, a tick at its deadline, red where it
 * was missed.
 *
 * Layers are drawn for tasks whose segments were kept.
 *
 * @example
 * ```ts
 * declare const tasks: CompletedTask[];
 * await writeFile("timeline.svg", drawTimeline(tasks, { to: 2 }));
 * ```
 *
 * @throws EdgewrightError `invalid-argument` when there are no tasks, the window is empty, or an option is out of range
 */
export function drawTimeline(
  tasks: readonly CompletedTask[],
  options: DrawTimelineOptions = {},
): string {
  const { width = 960, maxRows = 40, title = "timeline" } = options;
  checkOptions(width, maxRows);
  const window = resolveWindow(tasks, options, "drawTimeline");
  const { from, to } = window;
  const shown = tasks
    .filter(({ arrival, finish }) => finish >= from && arrival <= to)
    .sort((a, b) => a.arrival - b.arrival || a.id - b.id);
  const rows = shown.slice(0, maxRows);
  const models = [...new Set(tasks.map(({ model }) => model))].sort();
  const colours = new Map(models.map((model, i) => [model, COLOURS[i % COLOURS.length]!]));
  const colourOf = (model: string): string => colours.get(model)!;
  const lanes = listLanes(shown);
  const x = (time: number): number =>
    LEFT + ((Math.min(Math.max(time, from), to) - from) / (to - from)) * (width - LEFT - RIGHT);

  const parts: string[] = [];
  let top = LEGEND;
  for (const lane of lanes) {
    const name = lanes.length === 1 ? "accelerator" : `accelerator ${lane}`;
    parts.push(label(top + LANE / 2, name));
    parts.push(drawLane(shown, lane, top + 3, window, x, colourOf));
    top += LANE;
  }
  const begin = top;
  for (const task of rows) {
    parts.push(drawRequest(task, top, x, colourOf(task.model), from, to));
    top += ROW;
  }
  const hidden = shown.length - rows.length;
  if (hidden > 0) {
    parts.push(`<text class="soft" x="${LEFT}" y="${top + 11}">and ${hidden} more requests</text>`);
    top += ROW;
  }
  const height = top + AXIS;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" class="timeline">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<style>${STYLE}</style>`,
    drawLegend(models, colourOf, width),
    drawAxis(from, to, x, LEGEND, top, width),
    `<line class="rule" x1="0" x2="${width}" y1="${begin}" y2="${begin}"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

function checkOptions(width: number, maxRows: number): void {
  if (!(width >= 300 && width <= 100_000)) {
    throw new EdgewrightError(
      "invalid-argument",
      `drawTimeline: a width of 300 to 100000 pixels was expected, got ${width}`,
    );
  }
  if (!(maxRows >= 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `drawTimeline: maxRows from 0 was expected, got ${maxRows}`,
    );
  }
}

const STYLE = `
.timeline { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; --ink: #1e2226; --soft: #626b74; --rule: #dfe2e5; --late: #c1121f; }
@media (prefers-color-scheme: dark) { .timeline { --ink: #e8eaec; --soft: #9aa4ae; --rule: #2d3338; --late: #ff6b6b; } }
.timeline text { fill: var(--ink); } .timeline text.soft { fill: var(--soft); font-size: 11px; }
.timeline .rule { stroke: var(--rule); } .timeline .wait { stroke: var(--soft); stroke-width: 1; }
.timeline .due { stroke: var(--soft); stroke-width: 1.5; } .timeline .late { stroke: var(--late); stroke-width: 2; }
.timeline .gone { fill: none; stroke: var(--late); stroke-width: 1.5; }
`;

// All up to the last that ran something; of numbers that are no places in a row, those that did.
function listLanes(tasks: readonly CompletedTask[]): number[] {
  const lanes = new Set<number>();
  for (const { segments = [] } of tasks) {
    for (const { accelerator } of segments) lanes.add(accelerator);
  }
  const most = Math.max(-1, ...lanes);
  if (most < 64) return Array.from({ length: most + 1 }, (_, lane) => lane);
  return [...lanes].sort((a, b) => a - b);
}

// Bars of one accelerator, in order of time; those that lie all but behind the one before are not seen.
function drawLane(
  tasks: readonly CompletedTask[],
  lane: number,
  top: number,
  { from, to }: TimeWindow,
  x: (time: number) => number,
  colourOf: (model: string) => string,
): string {
  const bars = tasks.flatMap(({ model, segments = [] }) =>
    segments
      .filter(({ accelerator, start, end }) => accelerator === lane && end >= from && start <= to)
      .map(({ start, end }) => ({ left: x(start), right: x(end), colour: colourOf(model) })),
  );
  bars.sort((a, b) => a.left - b.left);
  const parts: string[] = [];
  let reach = Number.NEGATIVE_INFINITY;
  for (const { left, right, colour } of bars) {
    if (Math.max(right, left + LEAST_BAR) < reach + LEAST_BAR / 2) continue;
    reach = Math.max(right, left + LEAST_BAR);
    parts.push(bar(left, right, top, LANE - 6, colour));
  }
  return parts.join("");
}

function drawRequest(
  task: CompletedTask,
  top: number,
  x: (time: number) => number,
  colour: string,
  from: number,
  to: number,
): string {
  const { id, model, arrival, finish, deadline, segments = [], outcome } = task;
  const middle = top + ROW / 2;
  const isLate = finish > deadline;
  const parts = [
    label(middle, `${id} ${model}`),
    `<line class="wait" x1="${coordinate(x(arrival))}" x2="${coordinate(x(finish))}" y1="${middle}" y2="${middle}"/>`,
  ];
  for (const { start, end } of segments) {
    if (end >= from && start <= to) parts.push(bar(x(start), x(end), top + 3, ROW - 6, colour));
  }
  if (deadline >= from && deadline <= to) {
    const at = coordinate(x(deadline));
    parts.push(
      `<line class="${isLate ? "late" : "due"}" x1="${at}" x2="${at}" y1="${top + 1}" y2="${top + ROW - 1}"/>`,
    );
  }
  if (outcome !== "finished" && finish <= to) {
    parts.push(`<circle class="gone" cx="${coordinate(x(finish))}" cy="${middle}" r="3.5"/>`);
  }
  const words = `${id}: ${model}, ${outcome}${isLate ? ", late" : ""}`;
  return `<g><title>${escapeMarkup(words)}</title>${parts.join("")}</g>`;
}

function bar(left: number, right: number, top: number, height: number, colour: string): string {
  const width = Math.max(right - left, LEAST_BAR);
  return `<rect x="${coordinate(left)}" y="${top}" width="${coordinate(width)}" height="${height}" fill="${colour}"/>`;
}

function label(middle: number, text: string): string {
  const short = text.length > 18 ? `${text.slice(0, 17)}…` : text;
  return `<text class="soft" x="${LEFT - 8}" y="${middle + 4}" text-anchor="end">${escapeMarkup(short)}</text>`;
}

function drawLegend(
  models: readonly string[],
  colourOf: (model: string) => string,
  width: number,
): string {
  const room = (width - LEFT) / models.length;
  return models
    .map((model, i) => {
      const left = coordinate(LEFT + i * room);
      const most = Math.max(4, Math.floor((room - 20) / 7));
      const name = model.length > most ? `${model.slice(0, most - 1)}…` : model;
      return (
        `<rect x="${left}" y="5" width="11" height="11" rx="2" fill="${colourOf(model)}"/>` +
        `<text x="${coordinate(LEFT + i * room + 16)}" y="15">${escapeMarkup(name)}</text>`
      );
    })
    .join("");
}

function drawAxis(
  from: number,
  to: number,
  x: (time: number) => number,
  top: number,
  bottom: number,
  width: number,
): string {
  return createTimeAxis(from, to, Math.max(2, Math.floor(width / 110)))
    .ticks.map(({ at, label: text }) => {
      const left = coordinate(x(at));
      return (
        `<line class="rule" x1="${left}" x2="${left}" y1="${top}" y2="${bottom}"/>` +
        `<text class="soft" x="${left}" y="${bottom + 15}" text-anchor="middle">${text}</text>`
      );
    })
    .join("");
}
