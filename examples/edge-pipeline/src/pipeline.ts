import { throwIfAborted } from "@edgewright/core";
import type { CommandLine } from "./command-line.js";
import type { EngineComparison } from "./engines/compare-engines.js";
import type { InferenceEngine } from "./engines/inference-engine.js";
import type { RgbaImage } from "./image/rgba-image.js";
import type { TextLine, TextReader } from "./ocr/text-reader.js";
import type { Progress } from "./progress.js";
import type { ServedRequests } from "./schedule/served-requests.js";
import type { StageClock } from "./stage-clock.js";
import type { ToldStory } from "./story.js";
import type { ChosenVariants } from "./variants/chosen-variants.js";
import type { ZooFront } from "./zoo-front.js";

/** One step of the pipeline: takes what earlier stages left in the context, and adds to it. */
export interface Stage {
  readonly name: string;
  /** Whether to go without a word: the stage speaks for itself. @default false */
  readonly silent?: boolean;
  run(context: PipelineContext): Promise<void>;
}

/** The picture that is read. */
interface Page {
  /** File name, for people. */
  readonly name: string;
  readonly image: RgbaImage;
  /** Size of the file's picture, which may have been larger than what is read. */
  readonly originalWidth: number;
  readonly originalHeight: number;
  readonly decoder: string;
  /** The true text, known for the page that ships with the example. */
  readonly truth: string | undefined;
}

/** What the stages share. */
export interface PipelineContext {
  readonly options: CommandLine;
  readonly clock: StageClock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  page?: Page;
  engine?: InferenceEngine;
  reader?: TextReader;
  lines?: readonly TextLine[];
  /** Most memory that the process held until the text was read, in bytes. */
  peakProcessBytes?: number;
  comparison?: EngineComparison;
  zoo?: ZooFront;
  served?: ServedRequests;
  story?: ToldStory;
  chosen?: ChosenVariants;
}

/** Runs the stages one after another. @throws AbortError between two of them when the signal fires. */
export async function runStages(stages: readonly Stage[], context: PipelineContext): Promise<void> {
  for (const stage of stages) {
    throwIfAborted(context.signal, stage.name);
    if (!stage.silent) context.progress.begin(stage.name);
    await stage.run(context);
    context.clock.leave();
  }
  context.progress.end();
}

/** What an earlier stage must have left. @throws Error when the stages stand in the wrong order */
export function need<Key extends keyof PipelineContext>(
  context: PipelineContext,
  key: Key,
): NonNullable<PipelineContext[Key]> {
  const value = context[key];
  if (value === undefined) throw new Error(`no earlier stage of the pipeline made "${key}"`);
  return value as NonNullable<PipelineContext[Key]>;
}
