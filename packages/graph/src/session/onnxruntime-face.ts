import { type Tensor as CoreTensor, EdgewrightError } from "@edgewright/core";
import {
  dtypeOf,
  type OnnxTensorLike,
  Tensor,
  toTypedArray,
  typeNameOf,
} from "./onnxruntime-tensor.js";
import { createSession, type Session, type SessionOptions } from "./session.js";

/** Options of {@link InferenceSession.create}: ours, and those of onnxruntime that mean something here. */
export interface InferenceSessionOptions extends SessionOptions {
  /** onnxruntime's name for {@link SessionOptions.threads}. */
  intraOpNumThreads?: number;
  /** Ignored: there is one provider. */
  executionProviders?: readonly unknown[];
  /** `"disabled"` turns optimisation off. @default "all" */
  graphOptimizationLevel?: "disabled" | "basic" | "extended" | "layout" | "all";
}

/**
 * A session with the names and types that onnxruntime has, for libraries that were written for it.
 *
 * @example
 * const session = await InferenceSession.create(bytes);
 * const { y } = await session.run({ x: new Tensor("float32", new Float32Array(6), [2, 3]) });
 * console.log(y.dims, y.data);
 */
export class InferenceSession {
  /** The session underneath, with everything that onnxruntime has no name for. */
  readonly session: Session;

  private constructor(session: Session) {
    this.session = session;
  }

  /**
   * Makes a session from the bytes of a model, or from a path (Node) or URL (browsers, Node) of one.
   *
   * @throws EdgewrightError `unavailable` when the file cannot be read, and as `createSession`.
   */
  static async create(
    model: string | ArrayBufferLike | Uint8Array,
    options?: InferenceSessionOptions,
  ): Promise<InferenceSession>;
  static async create(
    buffer: ArrayBufferLike,
    byteOffset: number,
    byteLength?: number,
    options?: InferenceSessionOptions,
  ): Promise<InferenceSession>;
  static async create(
    model: string | ArrayBufferLike | Uint8Array,
    second?: InferenceSessionOptions | number,
    byteLength?: number,
    fourth?: InferenceSessionOptions,
  ): Promise<InferenceSession> {
    const options = (typeof second === "number" ? fourth : second) ?? {};
    let bytes: Uint8Array;
    if (typeof model === "string") bytes = await readFileOrUrl(model);
    else if (ArrayBuffer.isView(model)) bytes = model;
    else if (typeof second === "number") bytes = new Uint8Array(model, second, byteLength);
    else bytes = new Uint8Array(model);
    const { intraOpNumThreads, executionProviders: _, graphOptimizationLevel, ...own } = options;
    return new InferenceSession(
      await createSession(bytes, {
        ...(intraOpNumThreads ? { threads: intraOpNumThreads } : {}),
        ...(graphOptimizationLevel === "disabled" ? { optimize: false } : {}),
        ...own,
      }),
    );
  }

  get inputNames(): readonly string[] {
    return this.session.inputs.map(({ name }) => name);
  }

  get outputNames(): readonly string[] {
    return this.session.outputs.map(({ name }) => name);
  }

  /**
   * Runs the model.
   *
   * @param fetches names of the wanted outputs, or an object with them as keys; all without it
   * @throws EdgewrightError as `Session.run`.
   */
  async run(
    feeds: Readonly<Record<string, OnnxTensorLike>>,
    fetches?: readonly string[] | Readonly<Record<string, unknown>>,
  ): Promise<Record<string, Tensor>> {
    const own: Record<string, CoreTensor> = {};
    for (const [name, feed] of Object.entries(feeds)) own[name] = fromOnnxTensor(name, feed);
    const outputs = await this.session.run(own, { outputs: this.#wanted(fetches) });
    const results: Record<string, Tensor> = {};
    for (const [name, { dtype, shape, data }] of Object.entries(outputs)) {
      results[name] = new Tensor(typeNameOf(dtype), data, shape);
    }
    return results;
  }

  /** Gives the session's memory back. */
  async release(): Promise<void> {
    this.session.dispose();
  }

  /** Part of onnxruntime's interface; does nothing. */
  startProfiling(): void {}

  /** Part of onnxruntime's interface; does nothing. */
  endProfiling(): void {}

  #wanted(
    fetches: readonly string[] | Readonly<Record<string, unknown>> | undefined,
  ): readonly string[] {
    if (Array.isArray(fetches)) return fetches as readonly string[];
    const names = Object.keys(fetches ?? {});
    const known = this.outputNames;
    // In onnxruntime the second argument may also be run options, whose keys are no outputs.
    return names.some((name) => known.includes(name)) ? names : known;
  }
}

function fromOnnxTensor(name: string, feed: OnnxTensorLike): CoreTensor {
  const source = feed?.data as ArrayLike<number> | undefined;
  if (feed === null || typeof feed !== "object" || !Array.isArray(feed.dims) || !source) {
    throw new EdgewrightError(
      "invalid-argument",
      `InferenceSession.run: input "${name}" must be a tensor { type, dims, data }`,
      { where: name },
    );
  }
  const dtype = dtypeOf(feed.type);
  const data = toTypedArray(dtype, source);
  return { dtype, shape: feed.dims.slice(0), data: data as never } satisfies CoreTensor & {
    shape: number[];
  };
}

async function readFileOrUrl(location: string): Promise<Uint8Array> {
  const fs = nodeFileSystem();
  const isUrl = /^[a-z][a-z0-9+.-]+:/i.test(location) && !/^[a-z]:[\\/]/i.test(location);
  if (fs !== undefined && (!isUrl || location.startsWith("file:"))) {
    try {
      return await fs.readFile(location.startsWith("file:") ? new URL(location) : location);
    } catch (cause) {
      throw new EdgewrightError("unavailable", `InferenceSession.create: cannot read ${location}`, {
        cause,
        where: location,
      });
    }
  }
  const response = await fetch(location).catch((cause: unknown) => {
    throw new EdgewrightError("unavailable", `InferenceSession.create: cannot fetch ${location}`, {
      cause,
      where: location,
    });
  });
  if (!response.ok) {
    throw new EdgewrightError(
      "unavailable",
      `InferenceSession.create: ${location} answered ${response.status} ${response.statusText}`,
      { where: location },
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

interface FileSystem {
  readFile(path: string | URL): Promise<Uint8Array>;
}

// Asked for at run time, so that bundles for browsers need no stand-in for Node's module.
function nodeFileSystem(): FileSystem | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.("node:fs/promises") as FileSystem | undefined;
}
