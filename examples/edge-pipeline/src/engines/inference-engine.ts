import type { Tensor } from "onnxruntime-common";

/** A model that is ready to run, with the face of onnxruntime's `InferenceSession`. */
export interface ModelSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  /** What the session keeps in memory, where the engine tells. */
  memory?(): SessionMemory;
  release(): Promise<void>;
}

/** Bytes that a session keeps. */
export interface SessionMemory {
  readonly weightBytes: number;
  /** Most bytes of intermediate values at one time, over the input shapes seen so far. */
  readonly peakActivationBytes: number;
  /** All of the WebAssembly memory that the session runs in; never given back to the system. */
  readonly wasmBytes: number;
}

/** Something that runs ONNX models. */
export interface InferenceEngine {
  /** As charts and tables call it, e.g. `Edgewright`. */
  readonly name: string;
  readonly threads: number;
  createSession(model: Uint8Array): Promise<ModelSession>;
  /** Ends threads and lets memory go, after the sessions were released. */
  dispose?(): void;
}

/** `Edgewright, 2 threads`. */
export function describeEngine({
  name,
  threads,
}: Pick<InferenceEngine, "name" | "threads">): string {
  return `${name}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
