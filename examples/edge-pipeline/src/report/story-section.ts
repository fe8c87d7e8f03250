import { formatBytes } from "./format.js";
import { type Html, html } from "./html.js";
import type { ReportData } from "./report-data.js";

/** The story, with what each pass of the model gave set apart, and what telling it took. */
export function renderStorySection({ story, setting }: ReportData): Html {
  if (!story) return html``;
  const { model, bytes, prompt, passes, acceptedLength, rows, parallel, plain, memory } = story;
  const figures: [string, string][] = [
    ["tokens a second, prompt decoding", `${Math.round(parallel)}`],
    ["tokens a second, one a pass", `${Math.round(plain)}`],
    ["mean accepted length", acceptedLength.toFixed(2)],
    ["model file", formatBytes(bytes)],
    ["WebAssembly memory", formatBytes(memory)],
  ];
  const verdict =
    parallel > plain
      ? `${(plain / parallel).toFixed(2)} times as fast`
      : `${(plain / parallel).toFixed(2)} times as fast: in a model as small as this one a pass over several rows costs nearly as much as several passes`;
  return html`<section>
  <h2>A story, told on this machine</h2>
  <p class="note">${model}, a language model whose weights are -1, 0 and 1, trained by the project (examples/zoo),
  decoded by @edgewright/llm-decode with parallel prompt decoding, passes of at most ${rows} rows. Shades change
  with every pass: where a pass shows several tokens, its guesses were right. Plain decoding gives the same text,
  ${verdict}. Measured on
  ${setting.machine}, ${setting.software}: one thread, wall clock, medians of interleaved runs.</p>
  <blockquote class="story"><b>${prompt}</b>${passes.map((text, i) => html`<span class="${i % 2 === 0 ? "pass" : "pass other"}">${text}</span>`)}</blockquote>
  <dl class="figures">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</section>`;
}
