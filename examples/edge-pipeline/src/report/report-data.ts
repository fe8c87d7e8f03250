import type { EngineComparison } from "../engines/compare-engines.js";
import type { SessionMemory } from "../engines/inference-engine.js";
import type { ModelRole } from "../ocr/models.js";
import type { TextLine } from "../ocr/text-reader.js";
import type { ServedRequests } from "../schedule/served-requests.js";
import type { StageTime } from "../stage-clock.js";
import type { ToldStory } from "../story.js";
import type { ChosenVariants } from "../variants/chosen-variants.js";
import type { ZooFront } from "../zoo-front.js";

/** The machine and software that the figures come from. */
export interface Setting {
  /** Processor, threads and memory, in words. */
  readonly machine: string;
  /** Node and V8. */
  readonly software: string;
  /** ISO 8601. */
  readonly date: string;
  /** As {@link describeEngine} says it. */
  readonly engine: string;
}

/** Memory that one model takes. */
export interface ModelMemory extends SessionMemory {
  readonly role: ModelRole;
}

/** Everything that the pipeline found, as data. */
export interface ReportData {
  readonly image: {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly originalWidth: number;
    readonly originalHeight: number;
    readonly decoder: string;
  };
  readonly lines: readonly TextLine[];
  /** Part of the characters that are right, where the truth is known. */
  readonly characterAccuracy: number | undefined;
  readonly stages: readonly StageTime[];
  readonly memory: readonly ModelMemory[];
  /** Most memory that the whole process held until the text was read. */
  readonly peakProcessBytes: number;
  readonly comparison: EngineComparison | undefined;
  /** How the models of the zoo classified its pictures. */
  readonly zoo: ZooFront | undefined;
  /** How requests for two tasks at once were planned and served. */
  readonly served: ServedRequests | undefined;
  /** What a small language model told. */
  readonly story: ToldStory | undefined;
  /** Which of the zoo's models a bandit chose for whom. */
  readonly chosen: ChosenVariants | undefined;
  readonly setting: Setting;
}

/** Time of all stages together, in milliseconds. */
export function totalMs(stages: readonly StageTime[]): number {
  return stages.reduce((sum, { ms }) => sum + ms, 0);
}

/** Mean confidence of the lines, each weighing as much as it has characters. */
export function meanConfidence(lines: readonly TextLine[]): number {
  const characters = lines.reduce((sum, { text }) => sum + text.length, 0);
  if (characters === 0) return 0;
  return (
    lines.reduce((sum, { text, confidence }) => sum + text.length * confidence, 0) / characters
  );
}
