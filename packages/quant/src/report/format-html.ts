import { formatBytes, percent } from "./format-markdown.js";
import type { MatrixReport, QuantizationReport } from "./report-quantization.js";

const LEFT = 190;
const ROW = 18;
const WIDTH = 560;

/** A report as a page of its own: no script, nothing loaded, a picture of every matrix's error at every width. */
export function formatHtml(report: QuantizationReport): string {
  const { widths, nllBefore } = report;
  const rows = widths.map((width) => [
    width.bits === undefined ? "all" : String(width.bits),
    width.bitsPerWeight.toFixed(2),
    percent(width.relativeError),
    percent(width.weightedError),
    width.nll?.toFixed(4) ?? "-",
  ]);
  const before = nllBefore === undefined ? "" : ` Before: nll ${nllBefore.toFixed(4)}.`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Quantisation report</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { padding: .15rem .8rem; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left }
svg { max-width: 100%; height: auto; font: 11px system-ui, sans-serif }
</style>
<h1>Quantisation report</h1>
<p>${report.weights.toLocaleString("en")} weights: ${formatBytes(report.bytesBefore)} before,
${formatBytes(report.bytes)} in the file (${report.storedBitsPerWeight.toFixed(2)} bits each).${before}</p>
${table(["bits", "bits/weight read", "error", "error, by sensitivity", "nll"], rows)}
<h2>Relative error of every matrix</h2>
${drawErrors(report.matrices)}
<h2>Matrices</h2>
${table(
  ["matrix", "shape", "format", "bits/weight stored", "bytes"],
  report.matrices.map(({ path, shape, format, storedBitsPerWeight, bytes }) => [
    path,
    shape.join(" × "),
    format,
    storedBitsPerWeight.toFixed(2),
    formatBytes(bytes),
  ]),
)}
</html>
`;
}

// A row a matrix, a dot a width, on a logarithmic axis of decades.
function drawErrors(matrices: readonly MatrixReport[]): string {
  const errors = matrices.flatMap(({ widths }) => widths.map((width) => width.relativeError));
  const positive = errors.filter((error) => error > 0);
  if (positive.length === 0) return "<p>No matrix has changed.</p>";
  const low = Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive))));
  const x = (error: number): number =>
    LEFT + ((Math.log10(Math.max(error, 10 ** low)) - low) / (high - low)) * WIDTH;
  const height = ROW * (matrices.length + 2);
  const parts: string[] = [];
  for (let decade = low; decade <= high; decade++) {
    const at = x(10 ** decade).toFixed(1);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${ROW}" y2="${height - ROW}" stroke="#ddd"/>`,
      `<text x="${at}" y="${height - 4}" text-anchor="middle">${percent(10 ** decade)}</text>`,
    );
  }
  matrices.forEach((matrix, place) => {
    const y = ROW * (place + 1.5);
    parts.push(
      `<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${escapeText(matrix.path)}</text>`,
    );
    for (const { bits, relativeError } of matrix.widths) {
      const name = `${matrix.path}${bits === undefined ? "" : ` at ${bits} bits`}: ${percent(relativeError)}`;
      parts.push(
        `<circle cx="${x(relativeError).toFixed(1)}" cy="${y}" r="4" fill="${colour(bits)}"><title>${escapeText(name)}</title></circle>`,
      );
    }
  });
  const all = [...new Set(matrices.flatMap(({ widths }) => widths.map(({ bits }) => bits)))];
  all.sort((a, b) => (a ?? 0) - (b ?? 0));
  const legend = all.map(
    (bits, at) =>
      `<circle cx="${LEFT + 90 * at}" cy="8" r="4" fill="${colour(bits)}"/><text x="${LEFT + 90 * at + 8}" y="12">${bits === undefined ? "one width" : `${bits} bits`}</text>`,
  );
  return `<svg viewBox="0 0 ${LEFT + WIDTH + 40} ${height}" role="img" aria-label="relative error of every matrix at every width">
${[...legend, ...parts].join("\n")}
</svg>`;
}

function colour(bits: number | undefined): string {
  return bits === undefined ? "#555" : `hsl(${(bits - 1) * 40}, 70%, 42%)`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeText(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>${row(head, "th")}${rows.map((cells) => row(cells, "td")).join("\n")}</table>`;
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
