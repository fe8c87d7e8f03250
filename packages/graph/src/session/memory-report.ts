import type { Kernels } from "@edgewright/kernels";
import type { Graph } from "../model/model.js";
import type { KeptMemory } from "../planning/kept-memory.js";
import type { Program } from "../planning/program.js";

/** Bytes that a session holds. */
export interface MemoryReport {
  /** Weights as the model's file has them, in JavaScript memory. */
  readonly modelBytes: number;
  /** Weights packed for kernels, in WebAssembly memory. */
  readonly weightBytes: number;
  /** Activations alive at the same time, of the largest plan made so far. */
  readonly peakActivationBytes: number;
  /** What that plan's activations would take if none shared memory with another. */
  readonly unsharedActivationBytes: number;
  /** Plans kept, one for each combination of input shapes. */
  readonly plans: number;
  /** The whole WebAssembly memory, everything else that runs on these kernels included. */
  readonly wasmBytes: number;
}

/** Adds up what a session holds. */
export function reportMemory(
  graph: Graph,
  weights: KeptMemory,
  programs: readonly Program[],
  kernels: Kernels,
): MemoryReport {
  let modelBytes = 0;
  for (const tensor of graph.initializers.values()) modelBytes += tensor.data.byteLength;
  let largest: Program | undefined;
  for (const program of programs) {
    if (largest === undefined || program.activationBytes > largest.activationBytes) {
      largest = program;
    }
  }
  return {
    modelBytes,
    weightBytes: weights.bytes,
    peakActivationBytes: largest?.activationBytes ?? 0,
    unsharedActivationBytes: largest?.unsharedBytes ?? 0,
    plans: programs.length,
    wasmBytes: kernels.arena.capacity,
  };
}
