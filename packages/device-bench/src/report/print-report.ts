import { formatReport } from "./format-report.js";
import { missedTargets, type Report } from "./report.js";

/** Options of {@link printReport}. */
export interface PrintReportOptions {
  /** One JSON object instead of the table. @default whether the command line says `--json` */
  json?: boolean;
  /** Where the text goes. @default standard output, or the console in a browser */
  write?: (text: string) => void;
}

interface ProcessLike {
  argv?: readonly string[];
  exitCode?: number | string | null | undefined;
  stdout?: { write(text: string): unknown };
}

/**
 * Prints a report, as a table or, with `json`, as one JSON object and nothing else.
 *
 * A missed target sets the exit code of the process to 1.
 *
 * @returns whether every target was met
 */
export function printReport(report: Report, options: PrintReportOptions = {}): boolean {
  const process = (globalThis as { process?: ProcessLike }).process;
  const { json = process?.argv?.includes("--json") ?? false, write = defaultWrite } = options;
  write(json ? `${JSON.stringify(report)}\n` : formatReport(report));
  const met = missedTargets(report).length === 0;
  if (!met && process) process.exitCode = 1;
  return met;
}

function defaultWrite(text: string): void {
  const stdout = (globalThis as { process?: ProcessLike }).process?.stdout;
  if (stdout) stdout.write(text);
  else console.log(text.trimEnd());
}
