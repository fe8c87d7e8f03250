import { constants } from "node:os";
import { EdgewrightError } from "@edgewright/core";
import { type CommandLine, parseCommandLine, USAGE } from "./command-line.js";
import { type PipelineContext, runStages, type Stage } from "./pipeline.js";
import {
  formatChosen,
  formatComparison,
  formatReading,
  formatServed,
  formatStory,
  formatZoo,
} from "./print-results.js";
import { Progress } from "./progress.js";
import { StageClock } from "./stage-clock.js";
import { chooseVariant } from "./stages/choose-variant.js";
import { classifyZoo } from "./stages/classify-zoo.js";
import { collectResults } from "./stages/collect-results.js";
import { decodePage } from "./stages/decode-page.js";
import { loadModels } from "./stages/load-models.js";
import { measureEngines } from "./stages/measure-engines.js";
import { readText } from "./stages/read-text.js";
import { scheduleModels } from "./stages/schedule-models.js";
import { tellStory } from "./stages/tell-story.js";
import { writeReport } from "./stages/write-report.js";

/** The pipeline, in the order of its work. */
const STAGES: readonly Stage[] = [
  { name: "decode image", run: decodePage },
  { name: "load models", run: loadModels },
  { name: "read text", run: readText },
  { name: "show text", silent: true, run: showText },
  { name: "measure engines", run: measureEngines },
  { name: "classify pictures", run: classifyZoo },
  { name: "schedule models", run: scheduleModels },
  { name: "tell a story", run: tellStory },
  { name: "choose a variant", run: chooseVariant },
  { name: "write report", run: writeReport },
  { name: "show results", silent: true, run: showResults },
];

async function showText(context: PipelineContext): Promise<void> {
  if (context.options.json) return;
  context.progress.end();
  process.stdout.write(`${formatReading(collectResults(context))}\n`);
}

async function showResults(context: PipelineContext): Promise<void> {
  const { options, progress } = context;
  progress.end();
  const results = collectResults(context);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...results, report: options.report }, null, 2)}\n`);
    return;
  }
  if (results.comparison) process.stdout.write(`${formatComparison(results)}\n`);
  if (results.zoo) process.stdout.write(`${formatZoo(results.zoo)}\n`);
  if (results.served) process.stdout.write(`${formatServed(results.served)}\n`);
  if (results.story) process.stdout.write(`${formatStory(results.story)}\n`);
  if (results.chosen) process.stdout.write(`${formatChosen(results.chosen)}\n`);
  process.stdout.write(`Report: ${options.report}\n`);
}

async function run(options: CommandLine, signal: AbortSignal): Promise<void> {
  const progress = new Progress();
  const context: PipelineContext = { options, clock: new StageClock(), progress, signal };
  try {
    const skipped: Stage["run"][] = [];
    if (!options.compare) skipped.push(measureEngines);
    if (options.zoo === undefined) skipped.push(classifyZoo);
    if (!options.schedule) skipped.push(scheduleModels);
    if (!options.choose) skipped.push(chooseVariant);
    if (options.story === undefined) skipped.push(tellStory);
    await runStages(
      STAGES.filter((stage) => !skipped.includes(stage.run)),
      context,
    );
  } finally {
    progress.end();
    await context.reader?.release();
    context.engine?.dispose?.();
  }
}

// Ctrl-C asks for an end once; the second time Node ends at once.
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());
try {
  // npm and pnpm change the directory; INIT_CWD is where the user stands.
  const options = parseCommandLine(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else await run(options, controller.signal);
} catch (error) {
  if (controller.signal.aborted) {
    process.stderr.write("stopped\n");
    process.exitCode = 128 + constants.signals.SIGINT;
  } else {
    const known = EdgewrightError.isInstance(error);
    process.stderr.write(`${known ? error.message : describeFault(error)}\n`);
    process.exitCode = 1;
  }
}

function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
