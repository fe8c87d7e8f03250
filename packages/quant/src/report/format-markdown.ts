import type { MatrixReport, QuantizationReport, WidthReport } from "./report-quantization.js";

/** A report as Markdown tables. */
export function formatMarkdown(report: QuantizationReport): string {
  return `${formatSummary(report)}\n\n${formatMatrices(report.matrices)}\n`;
}

/** The model at each width: what a command line prints. */
export function formatSummary(report: QuantizationReport): string {
  const { widths, nllBefore } = report;
  const hasNll = widths.some(({ nll }) => nll !== undefined);
  const hasWeighted = widths.some(({ weightedError }) => weightedError !== undefined);
  const rows = widths.map((width) => [
    width.bits === undefined ? "all" : String(width.bits),
    width.bitsPerWeight.toFixed(2),
    percent(width.relativeError),
    ...(hasWeighted ? [percent(width.weightedError)] : []),
    ...(hasNll ? [width.nll?.toFixed(4) ?? "-"] : []),
  ]);
  const head = [
    "bits",
    "bits/weight read",
    "error",
    ...(hasWeighted ? ["error, by sensitivity"] : []),
    ...(hasNll ? ["nll"] : []),
  ];
  const size =
    `${report.weights.toLocaleString("en")} weights: ${formatBytes(report.bytesBefore)} before, ` +
    `${formatBytes(report.bytes)} in the file (${report.storedBitsPerWeight.toFixed(2)} bits each)`;
  const before = nllBefore === undefined ? "" : `, nll before ${nllBefore.toFixed(4)}`;
  return `${size}${before}\n\n${formatTable(head, rows)}`;
}

function formatMatrices(matrices: readonly MatrixReport[]): string {
  const rows = matrices.map((matrix) => [
    matrix.path,
    matrix.shape.join(" x "),
    matrix.format,
    matrix.storedBitsPerWeight.toFixed(2),
    matrix.widths.map(describeWidth).join(", "),
  ]);
  return formatTable(["matrix", "shape", "format", "bits/weight stored", "error"], rows);
}

function describeWidth({ bits, relativeError }: WidthReport): string {
  return bits === undefined ? percent(relativeError) : `${percent(relativeError)} @${bits}`;
}

/** 0.0123 as "1.23%". */
export function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${(100 * share).toPrecision(3)}%`;
}

/** 1234567 as "1.23 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toPrecision(3)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toPrecision(3)} MB`;
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, at) =>
    Math.max(text.length, ...rows.map((row) => row[at]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
