import type { ModelVariant } from "./model-variant.js";

/**
 * Where a figure comes from: taken on a machine, a simulator's run, a formula, or a paper's or
 * vendor's own table.
 */
export type FigureKind = "measured" | "simulated" | "modelled" | "published";

/** What a distribution is known by; a source gives some of these, and at least one. */
export interface MetricStatistics {
  readonly mean?: number;
  readonly median?: number;
  readonly standardDeviation?: number;
  readonly min?: number;
  readonly max?: number;
  readonly p90?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** Samples behind the figures. */
  readonly count?: number;
}

/** The kind of processor that an engine runs on. */
export type ComputeUnit = "cpu" | "gpu" | "npu" | "dsp" | "fpga" | "accelerator";

/** A device in words and in the few figures that predictors use as features. */
export interface Device {
  readonly name: string;
  /** `phone`, `board`, `laptop`, `server`, `microcontroller`, `browser` ... */
  readonly kind?: string;
  /** Processor model. */
  readonly processor?: string;
  /** Logical processors. */
  readonly threads?: number;
  readonly memoryBytes?: number;
  readonly platform?: string;
  /** Versions of the software under the measurements. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Further numbers, named with their unit: `clockGhz`, `readBandwidthGbps`. */
  readonly features?: Readonly<Record<string, number>>;
}

/** A way to run models on a device: a runtime on a processor, with its settings. */
export interface Engine {
  /** Unique in the profile: what measurements and co-runs refer to. */
  readonly id: string;
  /** `edgewright`, `onnxruntime-web`, `ncnn`, `tflite`, `qnn` ... */
  readonly runtime: string;
  readonly unit: ComputeUnit;
  readonly version?: string;
  /** Threads used. */
  readonly threads?: number;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

/** How one model did on one engine. */
export interface DeviceMeasurement {
  /** With `precision`, the {@link ModelVariant} that ran. */
  readonly model: string;
  readonly precision: string;
  /** Id of the engine. */
  readonly engine: string;
  /** The part that ran, where a model comes in several (encoder, decoder). */
  readonly component?: string;
  readonly kind: FigureKind;
  readonly batch?: number;
  /** Time for one inference of `batch` samples, in milliseconds. */
  readonly latencyMs?: MetricStatistics;
  /** Processor time of one inference over all threads, in milliseconds: steadier under load. */
  readonly cpuMs?: MetricStatistics;
  /** Time to make the model ready, in milliseconds. */
  readonly loadMs?: MetricStatistics;
  readonly energyMj?: MetricStatistics;
  /** Peak memory in bytes. */
  readonly memoryBytes?: MetricStatistics;
  /** Size of the model as stored, in bytes. */
  readonly modelBytes?: number;
  /** Share of nodes, 0 to 1, that the engine could not take and something else ran, or 1 if it failed. */
  readonly fallbackShare?: number;
  /** Layers by the processor that ran them. */
  readonly layersByUnit?: Readonly<Record<string, number>>;
  /** Relative spread of the samples (scaled median absolute deviation over the median). */
  readonly noise?: number;
  /** Why there is no latency, and anything else worth knowing. */
  readonly note?: string;
}

/** What several models cost each other when they run at the same time. */
export interface CoRun {
  readonly members: readonly {
    readonly model: string;
    readonly precision: string;
    /** Id of the engine. */
    readonly engine: string;
  }[];
  /** Latency of each member, in milliseconds, in the order of `members`. */
  readonly latencyMs: readonly MetricStatistics[];
  readonly kind: FigureKind;
}

/** What a device can do, measured or taken from a published table: JSON-able. */
export interface DeviceProfile {
  readonly version: 1;
  readonly device: Device;
  readonly engines: readonly Engine[];
  /** The variants that measurements speak of, as far as known. */
  readonly variants?: readonly ModelVariant[];
  readonly measurements: readonly DeviceMeasurement[];
  readonly coRuns: readonly CoRun[];
  /** Where the figures come from: a command, a table, a paper. */
  readonly source?: string;
  /** When they were taken, ISO 8601. */
  readonly date?: string;
}
