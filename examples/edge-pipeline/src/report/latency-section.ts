import type { EngineComparison, EngineTime } from "../engines/compare-engines.js";
import type { ModelRole } from "../ocr/models.js";
import { formatMs } from "./format.js";
import { type Html, html } from "./html.js";
import type { ReportData } from "./report-data.js";

const WIDTH = 340;
const ROW = 46;
const TITLES: Readonly<Record<ModelRole, string>> = {
  detector: "Detector, the whole page",
  recogniser: "Recogniser, the line of median length",
  classifier: "Orientation classifier, one line",
};

/** A chart for each model: median latency of every engine, with the range from fastest to 95th percentile. */
export function renderLatencySection({ comparison, setting }: ReportData): Html {
  if (!comparison) return html``;
  const roles = [...new Set(comparison.times.map(({ role }) => role))];
  return html`<section>
  <h2>How fast each engine runs the models</h2>
  <p class="note">Measured on ${setting.machine}, ${setting.software}, ${setting.date.slice(0, 10)}; wall clock, in
  interleaved rounds after a warm-up. Bars are medians, thin lines go from the fastest run to the 95th
  percentile. onnxruntime appears where it is installed.</p>
  <div class="charts">${roles.map((role) => renderChart(role, comparison))}</div>
</section>`;
}

function renderChart(role: ModelRole, { times }: EngineComparison): Html {
  const rows = times.filter((time) => time.role === role);
  const longest = Math.max(...rows.map(({ time }) => Math.max(time.median, time.p95)));
  const shape = rows[0]?.shape.join(" × ") ?? "";
  const height = rows.length * ROW + 4;
  return html`<figure>
  <figcaption><b>${TITLES[role]}</b><br>input ${shape}</figcaption>
  <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${TITLES[role]}: ${describe(rows)}">
    ${rows.map((row, i) => renderBar(row, i * ROW, longest))}
  </svg>
</figure>`;
}

function renderBar({ engine, time }: EngineTime, y: number, longest: number): Html {
  const scale = (WIDTH - 4) / longest;
  const bar = (time.median * scale).toFixed(1);
  const middle = y + 32;
  const own = engine.startsWith("Edgewright") ? "own" : "peer";
  return html`<text x="0" y="${y + 16}">${engine}</text>
    <text x="${WIDTH}" y="${y + 16}" text-anchor="end" class="value">${formatMs(time.median)}</text>
    <rect class="${own}" x="0" y="${y + 23}" width="${bar}" height="18" rx="3"/>
    <path class="range" d="M${(time.min * scale).toFixed(1)} ${middle}H${(time.p95 * scale).toFixed(1)}"/>`;
}

function describe(rows: readonly EngineTime[]): string {
  return rows.map(({ engine, time }) => `${engine} ${formatMs(time.median)}`).join(", ");
}
