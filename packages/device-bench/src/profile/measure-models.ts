import {
  createRng,
  type DeviceMeasurement,
  type DeviceProfile,
  type MetricStatistics,
  type ModelVariant,
  mean,
  median,
  standardDeviation,
  throwIfAborted,
} from "@edgewright/core";
import { parseModel } from "@edgewright/graph";
import { describeMachine, describeRuntime } from "../device/machine.js";
import type { BenchEngine, OpenModel } from "../engines/bench-engine.js";
import { createFeeds, type FeedOptions } from "../engines/create-feeds.js";
import {
  type Measurement,
  type MeasureOptions,
  measureInterleaved,
} from "../measure/measure-interleaved.js";
import { summaryOf, timingOf } from "../measure/ratio.js";
import type { TimeSummary } from "../measure/summary.js";
import { describeModel } from "./describe-model.js";

/** A model to measure and what to feed it. */
export interface ModelToMeasure extends FeedOptions {
  /** As the profile will call it. */
  readonly name: string;
  /** An ONNX file. */
  readonly bytes: Uint8Array;
  /** @default "unknown" */
  readonly task?: string;
  /** @default the element type of most weights */
  readonly precision?: string;
}

/** How far {@link measureModels} has come. */
export interface ProfileProgress {
  readonly stage: "load" | "measure" | "memory";
  readonly model: string;
  /** Id of the engine. */
  readonly engine: string;
  /** Models that are finished. */
  readonly done: number;
  readonly models: number;
  /** Rounds of the present model that are complete; `stage` "measure" only. */
  readonly round?: number;
}

/** Options of {@link measureModels}. */
export interface MeasureModelsOptions extends Omit<MeasureOptions, "onProgress"> {
  /** Name of the device in the profile. @default processor and platform */
  deviceName?: string;
  /** Seed of the random inputs. @default 0 */
  seed?: number;
  /** Times that each engine makes each model ready, for `loadMs`. @default 3 */
  loads?: number;
  /**
   * Measures the peak memory of a model on an engine, in bytes, by other means than asking it: the
   * command line does so in a process of its own. @default none
   */
  peakMemory?: (
    model: ModelToMeasure,
    engine: BenchEngine,
    signal: AbortSignal | undefined,
  ) => Promise<number | undefined>;
  /** Further numbers on the device, for example of {@link measureKernels}. */
  features?: Readonly<Record<string, number>>;
  /** Called when a stage begins and before every sample. @default none */
  onProgress?: (progress: ProfileProgress) => void;
}

/**
 * Measures models on engines and writes down what this device can do.
 *
 * The engines take turns on one model in one process (see {@link measureInterleaved} for the stopping
 * rule); latencies are wall time. An engine that cannot take a model is recorded with its error and a
 * `fallbackShare` of 1.
 *
 * @throws ValidationError when a file is no ONNX model.
 * @throws EdgewrightError `invalid-argument` when an input's shape is open and not given.
 * @throws AbortError when `signal` fires.
 */
export async function measureModels(
  models: readonly ModelToMeasure[],
  engines: readonly BenchEngine[],
  options: MeasureModelsOptions = {},
): Promise<DeviceProfile> {
  const { deviceName, features, seed = 0 } = options;
  const rng = createRng(seed);
  const variants: ModelVariant[] = [];
  const measurements: DeviceMeasurement[] = [];
  for (const [done, model] of models.entries()) {
    throwIfAborted(options.signal, "measureModels");
    const parsed = parseModel(model.bytes);
    const feeds = createFeeds(parsed.graph.inputs, rng.split(), model);
    const variant = describeModel(parsed, model.bytes.byteLength, feeds, model);
    variants.push(variant);
    const trials = await openAll(model, engines, feeds, options, done, models.length);
    try {
      measurements.push(
        ...(await measureOpen(model, variant, trials, feeds, options, done, models.length)),
      );
    } finally {
      for (const { open } of trials) await open?.dispose();
    }
  }
  const { cpu, threads, memoryBytes, platform } = describeMachine();
  return {
    version: 1,
    device: {
      name: deviceName ?? `${cpu}, ${platform}`,
      processor: cpu,
      threads,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      platform,
      versions: describeRuntime(),
      ...(features === undefined ? {} : { features }),
    },
    engines: engines.map(({ engine }) => engine),
    variants,
    measurements,
    coRuns: [],
    source: "measured by @edgewright/device-bench",
    date: new Date().toISOString(),
  };
}

interface Trial {
  readonly engine: BenchEngine;
  readonly open?: OpenModel;
  readonly loadMs: readonly number[];
  readonly fallbackShare: number;
  readonly error?: string;
}

// Opens the model on each engine and runs it once, so that whatever fails, fails before the timing.
async function openAll(
  model: ModelToMeasure,
  engines: readonly BenchEngine[],
  feeds: Parameters<OpenModel["run"]>[0],
  options: MeasureModelsOptions,
  done: number,
  total: number,
): Promise<Trial[]> {
  const { loads = 3, onProgress, signal } = options;
  const trials: Trial[] = [];
  for (const engine of engines) {
    const loadMs: number[] = [];
    let open: OpenModel | undefined;
    try {
      for (let load = 0; load < Math.max(1, loads); load++) {
        throwIfAborted(signal, "measureModels");
        const at = { model: model.name, engine: engine.engine.id, done, models: total };
        onProgress?.({ stage: "load", ...at });
        await open?.dispose();
        const before = performance.now();
        open = await engine.open(model.bytes);
        loadMs.push(performance.now() - before);
      }
      await open!.run(feeds);
      const fallbackShare = open!.fallbackShare?.(feeds) ?? 0;
      trials.push({ engine, open: open!, loadMs, fallbackShare });
    } catch (error) {
      throwIfAborted(signal, "measureModels");
      await open?.dispose();
      const message = error instanceof Error ? error.message : String(error);
      trials.push({ engine, loadMs, fallbackShare: 1, error: message });
    }
  }
  return trials;
}

async function measureOpen(
  model: ModelToMeasure,
  variant: ModelVariant,
  trials: readonly Trial[],
  feeds: Parameters<OpenModel["run"]>[0],
  options: MeasureModelsOptions,
  done: number,
  total: number,
): Promise<DeviceMeasurement[]> {
  const { onProgress, signal, peakMemory } = options;
  const position = { model: model.name, done, models: total };
  const running = trials.filter((trial) => trial.open !== undefined);
  const measurement =
    running.length === 0
      ? undefined
      : await measureInterleaved(
          running.map(({ engine, open }) => ({
            name: engine.engine.id,
            run: () => open!.run(feeds),
          })),
          {
            clock: "wall",
            ...options,
            onProgress: ({ candidate, round }) =>
              onProgress?.({ stage: "measure", ...position, engine: candidate, round }),
          },
        );
  const rows: DeviceMeasurement[] = [];
  for (const trial of trials) {
    const { engine, open, fallbackShare, error } = trial;
    const common = {
      model: variant.model,
      precision: variant.precision,
      engine: engine.engine.id,
      kind: "measured",
      modelBytes: model.bytes.byteLength,
      fallbackShare,
    } as const;
    if (!open || !measurement) {
      rows.push({ ...common, note: `cannot run: ${error}` });
      continue;
    }
    throwIfAborted(signal, "measureModels");
    onProgress?.({ stage: "memory", ...position, engine: engine.engine.id });
    const peak = (await peakMemory?.(model, engine, signal)) ?? open.memoryBytes?.();
    const { cpu } = timingOf(measurement, engine.engine.id);
    rows.push({
      ...common,
      ...(cpu === undefined ? {} : { cpuMs: statisticsOf(cpu) }),
      latencyMs: statisticsOf(summaryOf(measurement, engine.engine.id, "wall")),
      loadMs: loadStatistics(trial.loadMs),
      ...(peak === undefined ? {} : { memoryBytes: { max: peak } }),
      noise: summaryOf(measurement, engine.engine.id, "wall").noise,
      note: describeRule(measurement, engine.engine.id),
    });
  }
  return rows;
}

function statisticsOf(summary: TimeSummary): MetricStatistics {
  const { samples, median, mean, p95, min, max } = summary;
  const standard = standardDeviation(samples);
  return { median, mean, standardDeviation: standard, p95, min, max, count: samples.length };
}

function loadStatistics(times: readonly number[]): MetricStatistics {
  return {
    median: median(times),
    mean: mean(times),
    min: Math.min(...times),
    max: Math.max(...times),
    count: times.length,
  };
}

function describeRule(measurement: Measurement, engine: string): string {
  const { rounds, precision, stoppedBy } = measurement;
  const { iterations } = timingOf(measurement, engine);
  const width = Number.isFinite(precision) ? `±${(precision * 100).toFixed(1)} %` : "unknown";
  return `${rounds} rounds of ${iterations} runs, stopped by ${stoppedBy}, worst median known to ${width}`;
}
