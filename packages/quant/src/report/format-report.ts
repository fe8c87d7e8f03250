import { formatHtml } from "./format-html.js";
import { formatMarkdown } from "./format-markdown.js";
import type { QuantizationReport } from "./report-quantization.js";

/** Writes a report down: as a page with a picture of every matrix's error, as Markdown tables, or as JSON. */
export function formatReport(
  report: QuantizationReport,
  style: "html" | "markdown" | "json",
): string {
  switch (style) {
    case "html":
      return formatHtml(report);
    case "markdown":
      return formatMarkdown(report);
    case "json":
      return `${JSON.stringify(report, undefined, 2)}\n`;
  }
}
