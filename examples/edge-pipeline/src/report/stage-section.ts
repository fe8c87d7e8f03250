import { describePart, type StageTime } from "../stage-clock.js";
import { formatMs, formatPercent } from "./format.js";
import { type Html, html } from "./html.js";
import { type ReportData, totalMs } from "./report-data.js";

/** Where the time went: a table of the stages and their parts. */
export function renderStageSection({ stages, setting }: ReportData): Html {
  const total = totalMs(stages);
  const longest = Math.max(...stages.map(({ ms }) => ms));
  return html`<section>
  <h2>Where the time went</h2>
  <p class="note">Measured once, wall clock, on ${setting.engine}: first runs, in which every new line length
  makes its plan. Parts marked <i>ocr-common</i> and <i>OpenCV</i> are the libraries' own code.</p>
  <table class="stages">
    <thead><tr><th>Stage</th><th>Part</th><th class="number">Time</th><th class="number share">Share</th><th class="bar"></th></tr></thead>
    <tbody>${stages.map((time, i) => renderRow(time, stages[i - 1], total, longest))}</tbody>
    <tfoot><tr><td>Total</td><td></td><td class="number">${formatMs(total)}</td><td class="number share"></td><td class="bar"></td></tr></tfoot>
  </table>
</section>`;
}

function renderRow(
  time: StageTime,
  previous: StageTime | undefined,
  total: number,
  longest: number,
): Html {
  const { stage, part, ms } = time;
  const isFirst = previous?.stage !== stage;
  const width = ((100 * ms) / longest).toFixed(1);
  const kind = part === "model" ? "model" : "";
  return html`<tr class="${isFirst ? "first" : ""}"><td>${isFirst ? stage : ""}</td><td>${describePart(time)}</td><td class="number">${formatMs(ms)}</td><td class="number share">${formatPercent(ms / total)}</td><td class="bar"><span class="${kind}" style="width:${width}%"></span></td></tr>`;
}
