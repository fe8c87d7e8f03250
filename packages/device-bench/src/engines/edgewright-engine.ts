import { createSession } from "@edgewright/graph";
import { type KernelVariant, loadKernels } from "@edgewright/kernels";
import type { BenchEngine } from "./bench-engine.js";

/** Options of {@link createEdgewrightEngine}. */
export interface EdgewrightEngineOptions {
  /** @default 1 */
  threads?: number;
  /** @default "auto" */
  variant?: KernelVariant | "auto";
}

/** `@edgewright/graph` on `@edgewright/kernels`, as an engine to measure. */
export function createEdgewrightEngine(options: EdgewrightEngineOptions = {}): BenchEngine {
  const { threads = 1, variant = "auto" } = options;
  return {
    engine: {
      id: `edgewright-${threads}t`,
      runtime: "edgewright",
      unit: "cpu",
      threads,
      options: { variant },
    },
    async open(model) {
      const kernels = await loadKernels({ threads, variant });
      const session = await createSession(model, { kernels });
      return {
        run: (feeds) => session.runSync(feeds),
        fallbackShare(feeds) {
          let layers = 0;
          let onHost = 0;
          for (const step of session.steps(feeds)) {
            layers++;
            if (step.engine === "host") onHost++;
          }
          return layers === 0 ? 0 : onHost / layers;
        },
        memoryBytes() {
          const { modelBytes, wasmBytes } = session.memory();
          return modelBytes + wasmBytes;
        },
        dispose() {
          session.dispose();
          kernels.dispose();
        },
      };
    },
  };
}
