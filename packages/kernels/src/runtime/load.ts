import { EdgewrightError } from "@edgewright/core";
import { BASELINE_WASM } from "../generated/baseline.js";
import { RELAXED_WASM } from "../generated/relaxed.js";
import { Arena } from "./arena.js";
import type { Plan } from "./job.js";
import { supportsRelaxedSimd } from "./relaxed-probe.js";
import { withSharedMemory } from "./shared-memory.js";

/** Which build of the kernels is running. */
export type KernelVariant = "baseline" | "relaxed";

/** Options of {@link loadKernels}. */
export interface LoadKernelsOptions {
  /** @default "auto": relaxed SIMD where the engine has it and computes it right */
  variant?: KernelVariant | "auto";
  /** A compiled module instead of the embedded one, where run-time compilation is forbidden. */
  module?: WebAssembly.Module;
  /** Memory to begin with, in bytes. @default 1 MiB */
  initialBytes?: number;
  /** Memory never grows beyond this, in bytes. @default 4 GiB */
  maximumBytes?: number;
}

/** The kernels, instantiated over one memory. */
export interface Kernels {
  readonly variant: KernelVariant;
  /** Threads that {@link Kernels.run} uses, the calling one included. */
  readonly threads: number;
  readonly arena: Arena;
  /** Runs every job of a plan, in order, to its end. */
  run(plan: Plan): void;
  /** Ends the threads and lets go of the memory; later calls throw `disposed`. */
  dispose(): void;
}

type KernelFunction = (params: number, begin: number, end: number) => void;

const PAGE = 65536;

/**
 * Instantiates the kernels.
 *
 * @throws EdgewrightError `unavailable` where WebAssembly SIMD is missing.
 */
export async function loadKernels(options: LoadKernelsOptions = {}): Promise<Kernels> {
  const { variant = "auto", initialBytes = 2 ** 20, maximumBytes = 2 ** 32 } = options;
  const chosen = variant === "auto" ? (supportsRelaxedSimd() ? "relaxed" : "baseline") : variant;
  const memory = new WebAssembly.Memory({
    initial: Math.max(1, Math.ceil(initialBytes / PAGE)),
    maximum: Math.min(65536, Math.ceil(maximumBytes / PAGE)),
  });
  const module = options.module ?? (await compile(chosen));
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const functions = instance.exports as Record<string, KernelFunction>;
  const base = 65536; // static data of the module lies in the first page
  const arena = new Arena(memory, base);
  let live = true;
  return {
    variant: chosen,
    threads: 1,
    arena,
    run(plan) {
      if (!live) throw new EdgewrightError("disposed", "Kernels.run: the kernels were disposed of");
      for (const job of plan.jobs) functions[job.kernel]!(job.params, 0, job.units);
    },
    dispose() {
      live = false;
    },
  };
}

async function compile(variant: KernelVariant): Promise<WebAssembly.Module> {
  const base64 = variant === "relaxed" ? RELAXED_WASM : BASELINE_WASM;
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  try {
    return await WebAssembly.compile(withSharedMemory(bytes, false));
  } catch (cause) {
    throw new EdgewrightError(
      "unavailable",
      `loadKernels: this engine cannot compile the ${variant} kernels; WebAssembly SIMD is needed` +
        " (Node >= 16.4, Chrome 91, Firefox 89, Safari 16.4)",
      { cause },
    );
  }
}
