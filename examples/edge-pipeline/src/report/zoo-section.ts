import type { ZooModel } from "../zoo-front.js";
import { formatBytes, formatMs, formatPercent } from "./format.js";
import { type Html, html } from "./html.js";
import type { ReportData } from "./report-data.js";

const WIDTH = 720;
const HEIGHT = 340;
const MARGIN = { left: 64, right: 24, top: 16, bottom: 46 };
/** Least distance between the baselines of two labels that might touch. */
const LABEL_STEP = 17;

/** Accuracy over latency of the zoo's models as a picture, and as a table. */
export function renderZooSection({ zoo, setting }: ReportData): Html {
  if (!zoo) return html``;
  const { models, pictures, dataset } = zoo;
  return html`<section>
  <h2>Which model is worth its time here</h2>
  <p class="note">Small classifiers trained from scratch by @edgewright/autograd (examples/zoo), on ${pictures}
  pictures of ${dataset} that no model saw in training. Measured on ${setting.machine}, ${setting.software},
  ${setting.date.slice(0, 10)}: processor time of one thread, one picture a run,
  medians of interleaved rounds. Thin lines are 95 %
  confidence intervals of the accuracy. The line joins the front: no other model is as fast and as often
  right.</p>
  <figure class="front">${renderFront(models)}</figure>
  <table class="zoo">
    <thead><tr><th>Model</th><th class="number">One picture</th><th class="number">Right</th><th class="number wide">95 % interval</th><th class="number wide">MACs</th><th class="number wide">File</th></tr></thead>
    <tbody>${models.map(renderRow)}</tbody>
  </table>
</section>`;
}

function renderRow({ name, time, accuracy, macs, bytes, isOnFront }: ZooModel): Html {
  const { low, high } = accuracy.interval;
  return html`<tr class="${isOnFront ? "chosen" : ""}"><td>${name}</td><td class="number">${formatMs(time.median)}</td><td class="number">${formatPercent(accuracy.accuracy)}</td><td class="number wide">${formatPercent(low)} to ${formatPercent(high)}</td><td class="number wide">${(macs / 1e6).toFixed(2)} M</td><td class="number wide">${formatBytes(bytes)}</td></tr>`;
}

function renderFront(models: readonly ZooModel[]): Html {
  const times = logAxis(models.map(({ time }) => time.median));
  const parts = linearAxis(
    models.flatMap(({ accuracy: { interval } }) => [interval.low, interval.high]),
  );
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = (ms: number) => MARGIN.left + times.place(ms) * (right - MARGIN.left);
  const y = (part: number) => bottom - parts.place(part) * (bottom - MARGIN.top);
  const points = models.map((model) => ({
    model,
    x: x(model.time.median),
    y: y(model.accuracy.accuracy),
  }));
  const front = points.filter(({ model }) => model.isOnFront);
  const labels = placeLabels(points);
  const said = models.map(
    ({ name, time, accuracy }) =>
      `${name} ${formatMs(time.median)}, ${formatPercent(accuracy.accuracy)}`,
  );
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Accuracy over latency: ${said.join("; ")}">
    ${parts.ticks.map((tick) => html`<path class="grid" d="M${MARGIN.left} ${round(y(tick))}H${right}"/><text class="tick" x="${MARGIN.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${(100 * tick).toFixed(0)} %</text>`)}
    ${times.ticks.map((tick) => html`<path class="grid" d="M${round(x(tick))} ${MARGIN.top}V${bottom}"/><text class="tick" x="${round(x(tick))}" y="${bottom + 18}" text-anchor="middle">${tick} ms</text>`)}
    <text class="tick" x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">time for one picture</text>
    <path class="line" d="${front.map((point, i) => `${i === 0 ? "M" : "L"}${round(point.x)} ${round(point.y)}`).join("")}"/>
    ${points.map(({ model, ...at }) => html`<path class="range" d="M${round(at.x)} ${round(y(model.accuracy.interval.low))}V${round(y(model.accuracy.interval.high))}"/>`)}
    ${points.map(({ model, ...at }) => html`<circle class="${model.isOnFront ? "own" : "peer"}" cx="${round(at.x)}" cy="${round(at.y)}" r="6"/>`)}
    ${labels.map(({ name, ...at }) => html`<text class="name" x="${round(at.x)}" y="${round(at.y)}" text-anchor="${at.anchor}">${name}</text>`)}
  </svg>`;
}

interface Axis {
  readonly ticks: readonly number[];
  /** Where a value lies between the two ends, 0 to 1. */
  place(value: number): number;
}

/** From the lowest to the highest whole percent, a tick at each or every second, fifth ... */
function linearAxis(values: readonly number[]): Axis {
  const low = Math.floor(100 * Math.min(...values));
  const high = Math.max(low + 1, Math.ceil(100 * Math.max(...values)));
  const step = [1, 2, 5, 10, 20].find((candidate) => (high - low) / candidate <= 8) ?? 50;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick / 100);
  return { ticks, place: (value) => (100 * value - low) / (high - low) };
}

/** A logarithmic axis with a little room at both ends, and ticks at 1, 2 and 5 of each decade. */
function logAxis(values: readonly number[]): Axis {
  const low = Math.log10(Math.min(...values)) - 0.12;
  const high = Math.log10(Math.max(...values)) + 0.12;
  const ticks: number[] = [];
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number(`${digit}e${decade}`);
      if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
    }
  }
  return { ticks, place: (value) => (Math.log10(value) - low) / (high - low) };
}

interface Label {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

/**
 * Names below and right of their points, or above and left near the right edge, where the rising front
 * does not run; moved apart where they would touch.
 */
function placeLabels(
  points: readonly { readonly model: ZooModel; readonly x: number; readonly y: number }[],
): Label[] {
  const labels: Label[] = [];
  for (const { model, x, y } of [...points].sort((a, b) => a.y - b.y)) {
    const anchor = x > 0.75 * WIDTH ? "end" : "start";
    const left = anchor === "end" ? x - 9 : x + 9;
    let baseline = anchor === "end" ? y - 8 : y + 18;
    for (const other of labels) {
      const isNear = Math.abs(other.x - left) < 100 && Math.abs(other.y - baseline) < LABEL_STEP;
      if (isNear) baseline = other.y + LABEL_STEP;
    }
    labels.push({ name: model.name, x: left, y: baseline, anchor });
  }
  return labels;
}

function round(value: number): string {
  return value.toFixed(1);
}
