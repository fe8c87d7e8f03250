import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { EdgewrightError, throwIfAborted, ValidationError } from "@edgewright/core";
import { streamLog } from "../log/read-log.js";
import { splitLines } from "../log/split-lines.js";
import type { LogSummary } from "../report/log-summary.js";
import { createLogSummarizer } from "../report/summarize-log.js";
import type { CliOptions } from "./arguments.js";
import type { ProgressLine } from "./progress-line.js";

/** Reads a log of any length and sums it up. @throws EdgewrightError that names the file */
export async function summarizeLogFile(
  path: string,
  options: Pick<CliOptions, "damaged" | "pending" | "rows">,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<LogSummary> {
  const name = path === "-" ? "standard input" : basename(path);
  const summarizer = createLogSummarizer({ name, sampleSize: options.rows });
  const reading: { skipped: number; firstProblem?: string } = { skipped: 0 };
  let decisions = 0;
  const total = path === "-" ? undefined : sizeOf(path);
  const source: Readable = path === "-" ? process.stdin : createReadStream(path);
  let read = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      throwIfAborted(signal, "bandit");
      read += (piece as Uint8Array).length;
      const part = total ? `${Math.min(100, (100 * read) / total).toFixed(0)} %` : formatSize(read);
      progress.show(`${name}: ${part} read, ${decisions} decisions`);
      yield piece as Uint8Array;
    }
  }
  try {
    const stream = streamLog(withoutMark(splitLines(pieces())), {
      damaged: options.damaged,
      capacity: options.pending,
      onSkip: ({ message }) => {
        reading.skipped++;
        reading.firstProblem ??= message;
      },
    });
    for await (const decision of stream) {
      decisions++;
      summarizer.add(decision);
    }
  } catch (error) {
    if (EdgewrightError.isInstance(error) && error.code === "invalid-data") {
      throw new ValidationError(`${path}: ${error.message}; ${adviseOn(error.message)}`, {
        cause: error,
        where: path,
      });
    }
    throw error;
  }
  return summarizer.summary(reading);
}

function sizeOf(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.size;
  throw new EdgewrightError("unavailable", `${path} is a folder; give the file of a log in it`);
}

// Some editors begin files with a mark of the byte order, which JSON does not know.
async function* withoutMark(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const line of lines) {
    yield isFirst ? line.replace(/^\uFEFF/, "") : line;
    isFirst = false;
  }
}

function adviseOn(message: string): string {
  const late = message.includes("for the unknown decision")
    ? ", --pending <count> waits longer for rewards that come late"
    : "";
  return `--damaged skip goes on without such lines${late}`;
}

function formatSize(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
