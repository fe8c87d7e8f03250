import {
  describeMachine,
  describeRuntime,
  type Machine,
  measureInterleaved,
  type TimeSummary,
} from "@edgewright/device-bench";
import type { Tensor } from "onnxruntime-common";
import type { ModelRole } from "../ocr/models.js";
import { describeEngine, type InferenceEngine, type ModelSession } from "./inference-engine.js";

/** A model and an input that it got while the page was read. */
export interface ComparisonModel {
  readonly role: ModelRole;
  readonly model: Uint8Array;
  readonly input: Tensor;
}

/** Times of one engine on one model, wall clock. */
export interface EngineTime {
  readonly role: ModelRole;
  readonly shape: readonly number[];
  /** As {@link describeEngine} says it. */
  readonly engine: string;
  readonly time: Omit<TimeSummary, "samples">;
}

/** What {@link compareEngines} measured. */
export interface EngineComparison {
  readonly machine: Machine;
  readonly runtime: Readonly<Record<string, string>>;
  readonly times: readonly EngineTime[];
}

/** Options of {@link compareEngines}. */
export interface CompareEnginesOptions {
  /** Time for each model, warm-up not counted. @default 2.5 */
  secondsPerModel?: number;
  signal?: AbortSignal;
  onProgress?: (engine: string, role: ModelRole) => void;
}

/** Measures the engines against each other on the same inputs: one sample of each, then the next round. */
export async function compareEngines(
  engines: readonly InferenceEngine[],
  models: readonly ComparisonModel[],
  options: CompareEnginesOptions = {},
): Promise<EngineComparison> {
  const { secondsPerModel = 2.5, signal, onProgress } = options;
  const times: EngineTime[] = [];
  for (const { role, model, input } of models) {
    const sessions: { engine: string; session: ModelSession }[] = [];
    try {
      for (const engine of engines) {
        const name = describeEngine(engine);
        onProgress?.(name, role);
        sessions.push({ engine: name, session: await engine.createSession(model) });
      }
      const candidates = sessions.map(({ engine, session }) => ({
        name: engine,
        run: () => session.run({ [session.inputNames[0]!]: input }),
      }));
      const measurement = await measureInterleaved(candidates, {
        clock: "wall",
        warmupMs: 0,
        sampleMs: 1,
        minRounds: 5,
        maxRounds: 40,
        maxSeconds: secondsPerModel,
        onProgress: ({ candidate }) => onProgress?.(candidate, role),
        ...(signal === undefined ? {} : { signal }),
      });
      for (const { name, wall } of measurement.timings) {
        const { samples: _, ...time } = wall;
        times.push({ role, shape: input.dims, engine: name, time });
      }
    } finally {
      for (const { session } of sessions) await session.release();
    }
  }
  return { machine: describeMachine(), runtime: describeRuntime(), times };
}
