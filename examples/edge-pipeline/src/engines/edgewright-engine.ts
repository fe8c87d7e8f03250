import { InferenceSession } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import type { Tensor } from "onnxruntime-common";
import type { InferenceEngine, ModelSession } from "./inference-engine.js";

/**
 * Our own engine, through the face that libraries written for onnxruntime expect.
 *
 * All its sessions share one set of kernels: one WebAssembly memory, and one pool of threads.
 *
 * @param threads the calling one included; `"auto"` takes one a core, where shared memory allows any
 */
export async function createEdgewrightEngine(threads: number | "auto"): Promise<InferenceEngine> {
  const kernels = await loadKernels({ threads });
  return {
    name: "Edgewright",
    threads: kernels.threads,
    async createSession(model): Promise<ModelSession> {
      const session = await InferenceSession.create(model, { kernels });
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        run: (feeds) => session.run(feeds) as unknown as Promise<Record<string, Tensor>>,
        memory: () => session.session.memory(),
        release: () => session.release(),
      };
    },
    dispose: () => kernels.dispose(),
  };
}
