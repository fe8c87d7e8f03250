import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { InferenceEngine, ModelSession } from "./inference-engine.js";

/** The part of `onnxruntime-web` and `onnxruntime-node` that is used here. */
interface Onnxruntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof Tensor;
  readonly env: { logLevel?: string; wasm?: { numThreads?: number } };
}

/**
 * Packages to compare with, when they are there; this example installs neither. The native one comes
 * first: they share a registry that keeps the first "cpu" backend, and after the web runtime the native
 * one would silently run on WebAssembly.
 */
const PEERS = ["onnxruntime-node", "onnxruntime-web"] as const;

/**
 * The onnxruntime packages that are installed beside this example, or in the workspace `bench/peers` of
 * the benchmarks. One thread each: their pools spin while idle, which would slow whoever runs next.
 */
export async function findOnnxruntimeEngines(): Promise<InferenceEngine[]> {
  const engines: InferenceEngine[] = [];
  for (const name of PEERS) {
    const path = findPackage(name);
    if (!path) continue;
    try {
      engines.push(await createOnnxruntimeEngine(name, path));
    } catch (error) {
      process.emitWarning(`${name} is installed, but does not load: ${error}`);
    }
  }
  return engines;
}

/** An engine made of onnxruntime's package at `path`. */
async function createOnnxruntimeEngine(name: string, path: string): Promise<InferenceEngine> {
  const loaded = (await import(pathToFileURL(path).href)) as Onnxruntime & {
    default?: Onnxruntime;
  };
  const onnxruntime = loaded.InferenceSession ? loaded : loaded.default!;
  onnxruntime.env.logLevel = "error";
  if (onnxruntime.env.wasm) onnxruntime.env.wasm.numThreads = 1;
  return {
    name,
    threads: 1,
    async createSession(model): Promise<ModelSession> {
      const session = await onnxruntime.InferenceSession.create(model, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        ...(name === "onnxruntime-web" ? { executionProviders: ["wasm"] } : {}),
      });
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        async run(feeds) {
          // Its own Tensor class: the copy that ocr-common uses may be of another version.
          const own = Object.entries(feeds).map(([key, { type, data, dims }]) => [
            key,
            new onnxruntime.Tensor(type as "float32", data as Float32Array, dims),
          ]);
          return (await session.run(Object.fromEntries(own))) as Record<string, Tensor>;
        },
        release: () => session.release(),
      };
    },
  };
}

function findPackage(name: string): string | undefined {
  const places = [
    import.meta.url,
    new URL("../../../../bench/peers/package.json", import.meta.url),
  ];
  for (const place of places) {
    try {
      return createRequire(place).resolve(name);
    } catch {
      // Not there: the chart does without.
    }
  }
  return undefined;
}
