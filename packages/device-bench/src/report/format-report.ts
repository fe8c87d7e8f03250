import type { Report, Row, Target } from "./report.js";

const HEADINGS = ["metric", "value", "vs peer", "target", "", "kind", "note"];
const RIGHT_ALIGNED = new Set([1, 2, 3]);

/** The report as a table for people. */
export function formatReport(report: Report): string {
  const lines = [report.command, describeWhere(report), ""];
  const sections = new Map<string, Row[]>();
  for (const row of report.rows) {
    const name = row.section ?? "";
    const rows = sections.get(name);
    if (rows) rows.push(row);
    else sections.set(name, [row]);
  }
  const cells = report.rows.map(formatRow);
  const shown = HEADINGS.map(
    (heading, column) => heading === "metric" || cells.some((row) => row[column] !== ""),
  );
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]!.length)),
  );
  const layOut = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        RIGHT_ALIGNED.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .filter((_, column) => shown[column])
      .join("  ")
      .trimEnd();
  lines.push(layOut(HEADINGS));
  for (const [name, rows] of sections) {
    if (name !== "") lines.push("", name);
    for (const row of rows) lines.push(layOut(formatRow(row)));
  }
  const judged = report.rows.filter((row) => row.pass !== undefined);
  if (judged.length > 0) {
    const met = judged.filter((row) => row.pass).length;
    lines.push("", `${met} of ${judged.length} targets met`);
  }
  return `${lines.join("\n")}\n`;
}

/** A number with about four digits: `1234`, `12.35`, `0.001235`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "-" : String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return String(value);
  if (size >= 1e9 || (size > 0 && size < 1e-4)) return value.toExponential(3);
  if (size >= 1000) return value.toFixed(0);
  return String(Number(value.toPrecision(4)));
}

function formatRow(row: Row): string[] {
  const peer = row.peer ?? "";
  const ratio = row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`;
  return [
    row.metric,
    `${formatNumber(row.value)} ${row.unit}`.trim(),
    [ratio, peer].filter(Boolean).join(" "),
    row.target === undefined ? "" : formatTarget(row.target),
    row.pass === undefined ? "" : row.pass ? "ok" : "MISSED",
    row.kind,
    row.note ?? "",
  ];
}

function formatTarget(target: Target): string {
  return "atLeast" in target
    ? `>= ${formatNumber(target.atLeast)}`
    : `<= ${formatNumber(target.atMost)}`;
}

function describeWhere(report: Report): string {
  const { cpu, threads, memoryBytes, platform, architecture } = report.machine;
  const memory = memoryBytes === undefined ? "" : `, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const versions = Object.entries(report.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
  return `${cpu}, ${threads} threads${memory}, ${[platform, architecture].filter(Boolean).join(" ")}; ${versions}; ${report.date}`;
}
