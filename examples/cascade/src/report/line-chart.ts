/** A line of a {@link lineChart}. */
export interface ChartLine {
  readonly name: string;
  /** Class that colours it: `a`, `b` or `c`. */
  readonly colour: "a" | "b" | "c";
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A band around it, lowest and highest at each x. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
  /** Points only. */
  readonly dots?: boolean;
}

/** What a {@link lineChart} shows. */
export interface LineChart {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  /** Ends of the axes. */
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly yTicks: readonly number[];
  readonly unit: string;
  /** A dashed level with its name. */
  readonly level?: { readonly at: number; readonly name: string };
  /** A vertical mark with its name. */
  readonly mark?: { readonly at: number; readonly name: string } | undefined;
}

const WIDE = 720;
const NARROW = 380;
const HEIGHT = 240;
const LEFT = 44;
const RIGHT = 12;
const TOP = 22;
const BOTTOM = 26;

/** A chart over time as a figure, drawn once for wide and once for narrow pages. */
export function lineChart(chart: LineChart): string {
  const { title, lines, level } = chart;
  const names = lines.map(({ name, colour }) => `<span class="${colour}">${name}</span>`);
  if (level) names.push(`<span class="dashed">${level.name}</span>`);
  return (
    `<figure><figcaption><b>${title}</b> <span class="legend">${names.join(" ")}</span></figcaption>` +
    `${drawChart(chart, WIDE, "wide")}${drawChart(chart, NARROW, "narrow")}</figure>`
  );
}

function drawChart(chart: LineChart, width: number, name: string): string {
  const { title, lines, unit, level, mark } = chart;
  const [x0, x1] = chart.x;
  const [y0, y1] = chart.y;
  const x = (value: number) =>
    (LEFT + ((value - x0) / (x1 - x0)) * (width - LEFT - RIGHT)).toFixed(1);
  const y = (value: number) => {
    const inside = Math.min(y1, Math.max(y0, value));
    return (HEIGHT - BOTTOM - ((inside - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  };
  const right = width - RIGHT;
  const parts = [
    ...chart.yTicks.map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"/>` +
        `<text class="tick" x="${LEFT - 6}" y="${y(tick)}" dy="4" text-anchor="end">${tick}</text>`,
    ),
    ...secondsBetween(x0, x1, width / 80).map(
      (tick) =>
        `<text class="tick" x="${x(tick)}" y="${HEIGHT - 8}" text-anchor="middle">${tick} s</text>`,
    ),
    `<text class="tick" x="${LEFT - 6}" y="12" text-anchor="end">${unit}</text>`,
  ];
  for (const { band, colour } of lines) {
    if (!band || band.length === 0) continue;
    const upper = band.map(([at, , high]) => `${x(at)},${y(high)}`);
    const lower = band.map(([at, low]) => `${x(at)},${y(low)}`).reverse();
    parts.push(`<polygon class="band ${colour}" points="${[...upper, ...lower].join(" ")}"/>`);
  }
  if (level) {
    const at = y(level.at);
    parts.push(`<line class="level" x1="${LEFT}" x2="${right}" y1="${at}" y2="${at}"/>`);
  }
  for (const { points, colour, dots } of lines) {
    if (dots) {
      const marks = points.map(([px, py]) => `<circle cx="${x(px)}" cy="${y(py)}" r="1.6"/>`);
      parts.push(`<g class="dots ${colour}">${marks.join("")}</g>`);
    } else {
      const path = points.map(([px, py]) => `${x(px)},${y(py)}`).join(" ");
      parts.push(`<polyline class="line ${colour}" points="${path}"/>`);
    }
  }
  if (mark) {
    const late = mark.at > (x0 + x1) / 2;
    parts.push(
      `<line class="mark" x1="${x(mark.at)}" x2="${x(mark.at)}" y1="${TOP - 6}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text class="note mark-name" x="${x(mark.at)}" y="${TOP - 10}" dx="${late ? -5 : 5}" ` +
        `text-anchor="${late ? "end" : "start"}">${mark.name}</text>`,
    );
  }
  return `<svg class="${name}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">${parts.join("")}</svg>`;
}

function secondsBetween(from: number, to: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 30, 60, 300, 600];
  const step = steps.find((one) => (to - from) / one <= most) ?? 1200;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}
