import type { Engine, Tensor } from "@edgewright/core";

/** Something that runs ONNX models, as {@link measureModels} drives it. */
export interface BenchEngine {
  /** How the profile describes it. */
  readonly engine: Engine;
  /** Makes a model ready. Errors are recorded in the profile, not thrown. */
  open(model: Uint8Array): Promise<OpenModel>;
}

/** A model that is ready to run. */
export interface OpenModel {
  /** Runs it once; the outputs are dropped. */
  run(feeds: Readonly<Record<string, Tensor>>): unknown;
  /** Share of the executed layers that something slower than the engine proper had to run. */
  fallbackShare?(feeds: Readonly<Record<string, Tensor>>): number;
  /** Bytes that weights, activations and workspace take, where the engine can tell. */
  memoryBytes?(): number;
  /** Gives its memory back; a returned promise is awaited. */
  dispose(): unknown;
}
