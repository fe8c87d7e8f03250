import { type DType, type Tensor, UnsupportedError } from "@edgewright/core";
import type { BenchEngine } from "./bench-engine.js";

// Their own types are overloads over packages that need not be installed here.
// biome-ignore lint/suspicious/noExplicitAny: assignable from both packages, whatever their version
type Loose = any;

/** The part of `onnxruntime-web` and `onnxruntime-node` that is used; both modules have it. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: {
    /** Makes a model ready. */
    create(model: Uint8Array, options: Record<string, unknown>): Promise<OnnxRuntimeSession>;
  };
  readonly Tensor: new (type: Loose, data: Loose, dims: Loose) => unknown;
  readonly env: { readonly wasm: { numThreads?: number } };
}

/** A session of {@link OnnxRuntimeModule}. */
export interface OnnxRuntimeSession {
  /** Runs the model once. */
  run(feeds: Loose): Promise<unknown>;
  /** Gives its memory back. */
  release?(): Promise<void>;
}

/** Options of {@link createOnnxRuntimeEngine}. */
export interface OnnxRuntimeEngineOptions {
  readonly runtime: "onnxruntime-web" | "onnxruntime-node";
  readonly version?: string;
  /** onnxruntime-web keeps the count of the first session in a process. @default 1 */
  readonly threads?: number;
}

/**
 * A copy of onnxruntime as an engine to measure: pass the module, so that bundlers and installs stay
 * free of it where nobody measures it.
 *
 * Where both are measured in one process, import onnxruntime-node first: they share a registry that
 * keeps the first "cpu" backend, and the native runtime would run on WebAssembly.
 *
 * @example
 * const engine = createOnnxRuntimeEngine(await import("onnxruntime-node"), {
 *   runtime: "onnxruntime-node",
 * });
 */
export function createOnnxRuntimeEngine(
  ort: OnnxRuntimeModule,
  options: OnnxRuntimeEngineOptions,
): BenchEngine {
  const { runtime, version, threads = 1 } = options;
  return {
    engine: {
      id: `${runtime}-${threads}t`,
      runtime,
      unit: "cpu",
      threads,
      ...(version === undefined ? {} : { version }),
    },
    async open(model) {
      if (runtime === "onnxruntime-web") ort.env.wasm.numThreads = threads;
      const session = await ort.InferenceSession.create(model, {
        executionProviders: [runtime === "onnxruntime-web" ? "wasm" : "cpu"],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      });
      // Feeds become onnxruntime's tensors once, not in every timed run.
      const converted = new WeakMap<object, Record<string, unknown>>();
      return {
        run(feeds) {
          let own = converted.get(feeds);
          if (!own) {
            own = convertFeeds(ort, feeds);
            converted.set(feeds, own);
          }
          return session.run(own);
        },
        dispose: () => session.release?.(),
      };
    },
  };
}

function convertFeeds(
  ort: OnnxRuntimeModule,
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, unknown> {
  const entries = Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
    return [name, new ort.Tensor(ortType(dtype, name), data, [...shape])] as const;
  });
  return Object.fromEntries(entries);
}

function ortType(dtype: DType, name: string): string {
  const types: Partial<Record<DType, string>> = {
    f32: "float32",
    f64: "float64",
    f16: "float16",
    i8: "int8",
    u8: "uint8",
    i16: "int16",
    u16: "uint16",
    i32: "int32",
    u32: "uint32",
    i64: "int64",
    u64: "uint64",
    bool: "bool",
  };
  const type = types[dtype];
  if (type) return type;
  throw new UnsupportedError(
    `createOnnxRuntimeEngine: onnxruntime takes no ${dtype} for "${name}"`,
  );
}
