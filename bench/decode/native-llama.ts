import { loadNodeLlamaCpp } from "../peers.js";
import { type DecodeRunner, readClock, startClock } from "./decode-runner.js";

/** Name of the peer in reports. */
export const NATIVE = "node-llama-cpp";

/** Options of the peers that run llama.cpp. */
export interface LlamaOptions {
  /** Tokens that the cache holds. */
  readonly contextLength: number;
}

// One backend a process: it sets up ggml's threads.
let backend: Promise<{ version: string; llama: Loose }> | undefined;
// biome-ignore lint/suspicious/noExplicitAny: typed by a package that is absent until needed
type Loose = any;

/** llama.cpp as native code, by the evaluation loop of `node-llama-cpp`, its fastest interface. */
export async function createNativeLlama(
  file: string,
  { contextLength }: LlamaOptions,
): Promise<DecodeRunner & { readonly version: string }> {
  backend ??= startBackend();
  const { version, llama } = await backend;
  const model = await llama.loadModel({ modelPath: file, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: contextLength,
    batchSize: contextLength,
    sequences: 1,
    threads: { ideal: 1, min: 1 },
  });
  const sequence = context.getSequence();
  const options = { temperature: 0, yieldEogToken: true };
  return {
    name: NATIVE,
    version,
    async decode(prompt, tokens) {
      await sequence.clearHistory();
      const ids: number[] = [];
      let clock = startClock();
      for await (const token of sequence.evaluate(prompt.ids, options)) {
        ids.push(token);
        if (ids.length === 1) clock = startClock();
        if (ids.length > tokens) break;
      }
      const time = readClock(clock);
      if (ids.length <= tokens) throw new Error(`${NATIVE} ended after ${ids.length} tokens`);
      return { ...time, ids };
    },
    async prefill(prompt) {
      await sequence.clearHistory();
      const clock = startClock();
      for await (const _ of sequence.evaluate(prompt.ids, options)) break;
      return readClock(clock);
    },
    async dispose() {
      await context.dispose();
      await model.dispose();
    },
  };
}

async function startBackend(): Promise<{ version: string; llama: Loose }> {
  const { version, nodeLlamaCpp } = await loadNodeLlamaCpp();
  // "never": the build for this platform comes with the package; nothing is compiled or fetched.
  const llama = await nodeLlamaCpp.getLlama({
    gpu: false,
    build: "never",
    maxThreads: 1,
    logLevel: "error",
  });
  return { version, llama };
}
