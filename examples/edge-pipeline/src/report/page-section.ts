import type { TextLine } from "../ocr/text-reader.js";
import { formatPercent } from "./format.js";
import { type Html, html } from "./html.js";
import type { ReportData } from "./report-data.js";

/** The picture with its lines boxed, beside the text; pointing at one shows the other. */
export function renderPageSection({ image, lines }: ReportData, imageUri: string): Html {
  const reduced =
    image.width === image.originalWidth
      ? ""
      : `, read at ${image.width} × ${image.height}; the file has ${image.originalWidth} × ${image.originalHeight}`;
  return html`<section class="page">
  <figure>
    <svg viewBox="0 0 ${image.width} ${image.height}" role="img" aria-label="The picture, its lines boxed">
      <image href="${imageUri}" width="${image.width}" height="${image.height}"/>
      ${lines.map(renderBox)}
    </svg>
    <figcaption>${image.name}, decoded by ${image.decoder}${reduced}. Point at a box or a line to see which is which.</figcaption>
  </figure>
  <div>
    <h2>What it says</h2>
    ${lines.length === 0 ? html`<p>No text was found.</p>` : html`<ol class="lines">${lines.map(renderLine)}</ol>`}
  </div>
</section>`;
}

function renderBox({ box, text, turned }: TextLine, index: number): Html {
  const points = box.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
  return html`<polygon data-line="${index}" class="${turned ? "turned" : ""}" points="${points}"><title>${text}</title></polygon>`;
}

function renderLine({ text, confidence, turned }: TextLine, index: number): Html {
  const mark = turned
    ? html` <span class="mark" title="it stood upside down and was turned">↻ turned</span>`
    : html``;
  const level = confidence >= 0.9 ? "high" : confidence >= 0.75 ? "middle" : "low";
  return html`<li data-line="${index}" tabindex="0"><span class="text">${text}${mark}</span><span class="confidence ${level}">${formatPercent(confidence)}</span></li>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
