import { LANGUAGE_BASELINE_WASM } from "../generated/language-baseline.js";
import { LANGUAGE_RELAXED_WASM } from "../generated/language-relaxed.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import { loadPieces } from "../runtime/run-pieces.test-support.js";
import type { GuardedKernels } from "../training/run-guarded.test-support.js";
import { loadLanguageKernels } from "./load-language-kernels.js";

/** Both builds of the language kernels, where the machine has both, for `runGuarded`. */
export async function loadGuardedLanguageKernels(): Promise<GuardedKernels[]> {
  const variants = supportsRelaxedSimd()
    ? (["baseline", "relaxed"] as const)
    : (["baseline"] as const);
  return Promise.all(
    variants.map(async (variant) => {
      const kernels = await loadLanguageKernels({ variant });
      const ofInference = await loadPieces(kernels);
      const base64 = variant === "relaxed" ? LANGUAGE_RELAXED_WASM : LANGUAGE_BASELINE_WASM;
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const module = await WebAssembly.compile(bytes);
      const { memory } = kernels.arena;
      const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
      const functions = exports as Record<string, (...words: number[]) => void>;
      const runPiece: GuardedKernels["runPiece"] = (job, begin, end) => {
        const kernel = functions[job.kernel];
        if (kernel === undefined) ofInference(job, begin, end);
        else kernel(job.params, begin, end);
      };
      return { kernels, runPiece };
    }),
  );
}
