import { EdgewrightError } from "@edgewright/core";
import { estimateLogTargets, type LogEstimates } from "../report/estimate-log-targets.js";
import type { LogSummary } from "../report/log-summary.js";
import { renderBanditReport } from "../report/render-bandit-report.js";
import { type CliOptions, readArguments, USAGE, UsageError } from "./arguments.js";
import { formatEstimates } from "./format-estimates.js";
import { checkOutput, writeWhole } from "./output-file.js";
import { readPackageVersion } from "./package-version.js";
import { printable } from "./printable-text.js";
import { createProgressLine, type ProgressLine } from "./progress-line.js";
import { summarizeLogFile } from "./read-log-file.js";

/** Runs the command line. @returns the exit code: 0, 1 for what went wrong, 2 for a mistake in the arguments, 130 for Ctrl-C */
export async function main(args: readonly string[]): Promise<number> {
  let progress: ProgressLine | undefined;
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt);
  try {
    const options = readArguments(args);
    if (options.command === "help") process.stdout.write(USAGE);
    else if (options.command === "version") process.stdout.write(`${readPackageVersion()}\n`);
    else {
      progress = createProgressLine(options.quiet);
      await run(options, progress, abort.signal);
    }
    return 0;
  } catch (error) {
    progress?.clear();
    if (abort.signal.aborted) {
      process.stderr.write("bandit: interrupted\n");
      return 130;
    }
    if (error instanceof UsageError) {
      process.stderr.write(`bandit: ${error.message} (--help lists commands and options)\n`);
      return 2;
    }
    if (EdgewrightError.isInstance(error) || (error as NodeJS.ErrnoException).code !== undefined) {
      // Messages quote what a log holds.
      process.stderr.write(`bandit: ${printable((error as Error).message, 2000)}\n`);
      return 1;
    }
    throw error;
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}

async function run(
  options: CliOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const { command, logs, out, title, quiet } = options;
  if (command === "report") checkOutput(out, logs);
  const summaries: LogSummary[] = [];
  for (const log of logs) {
    const summary = await summarizeLogFile(log, options, progress, signal);
    if (command === "evaluate") {
      await evaluate(summary, options, progress, signal);
      return;
    }
    const estimates = options.estimates
      ? await estimate(summary, options, progress, signal)
      : undefined;
    summaries.push({ ...summary, estimates });
  }
  const page = renderBanditReport(summaries, title === undefined ? {} : { title });
  progress.clear();
  if (out === "-") {
    process.stdout.write(page);
    return;
  }
  writeWhole(out, page);
  if (!quiet) process.stderr.write(`wrote ${out}\n`);
}

async function estimate(
  summary: LogSummary,
  { seed }: CliOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<LogEstimates | undefined> {
  return estimateLogTargets(summary, {
    seed,
    signal,
    onProgress: ({ phase, done, total }) =>
      progress.show(`${summary.name}: estimates, ${phase} ${done} of ${total}`),
  });
}

async function evaluate(
  summary: LogSummary,
  { seed, targets, json }: CliOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const estimates = await estimateLogTargets(summary, {
    seed,
    signal,
    ...(targets && { targets }),
    estimators: ["ips", "clipped-ips", "snips", "dm", "dr", "sndr", "switch-dr", "dros", "replay"],
    onProgress: ({ phase, done, total }) => progress.show(`${phase} ${done} of ${total}`),
  });
  progress.clear();
  if (!estimates) {
    throw new EdgewrightError(
      "invalid-argument",
      `${summary.name}: no decision has a reward, so there is nothing to estimate from`,
    );
  }
  process.stdout.write(
    json ? `${JSON.stringify(estimates, undefined, 2)}\n` : formatEstimates(summary, estimates),
  );
}
