import { formatBytes } from "./format.js";
import { type Html, html } from "./html.js";
import type { ModelMemory, ReportData } from "./report-data.js";

/** What the models take in memory. */
export function renderMemorySection({ memory, peakProcessBytes }: ReportData): Html {
  if (memory.length === 0) return html``;
  return html`<section>
  <h2>Memory</h2>
  <table class="memory">
    <thead><tr><th>Model</th><th class="number">Packed weights</th><th class="number">Activations, peak</th></tr></thead>
    <tbody>${memory.map(renderRow)}</tbody>
  </table>
  <p class="note">All three share one WebAssembly memory of <b>${formatBytes(totalWasmBytes(memory))}</b>. The
  whole process, with Node, OpenCV and the decoded picture, had peaked at ${formatBytes(peakProcessBytes)} when
  the text was read.</p>
</section>`;
}

/** The WebAssembly memory of the sessions, which share one. */
export function totalWasmBytes(memory: readonly ModelMemory[]): number {
  return Math.max(...memory.map(({ wasmBytes }) => wasmBytes));
}

function renderRow({ role, weightBytes, peakActivationBytes }: ModelMemory): Html {
  return html`<tr><td>${role}</td><td class="number">${formatBytes(weightBytes)}</td><td class="number">${formatBytes(peakActivationBytes)}</td></tr>`;
}
