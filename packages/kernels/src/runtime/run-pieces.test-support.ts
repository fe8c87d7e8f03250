import { BASELINE_WASM } from "../generated/baseline.js";
import { RELAXED_WASM } from "../generated/relaxed.js";
import type { Job } from "./job.js";
import type { Kernels } from "./load.js";
import { withSharedMemory } from "./shared-memory.js";

/** Runs any piece [begin, end) of a job over the memory of `kernels`, as a thread would. */
export async function loadPieces(
  kernels: Kernels,
): Promise<(job: Job, begin: number, end: number) => void> {
  const { memory } = kernels.arena;
  const base64 = kernels.variant === "relaxed" ? RELAXED_WASM : BASELINE_WASM;
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const shared = !(memory.buffer instanceof ArrayBuffer);
  const module = await WebAssembly.compile(withSharedMemory(bytes, shared));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const functions = exports as Record<string, (params: number, begin: number, end: number) => void>;
  return (job, begin, end) => functions[job.kernel]!(job.params, begin, end);
}
