import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import { type Kernels, loadKernels } from "@edgewright/kernels";
import type { Model, ValueInfo } from "../model/model.js";
import { parseModel } from "../onnx/parse-model.js";
import { checkFeeds, type Feeds } from "./feeds.js";
import { interpretSteps } from "./interpret-steps.js";
import { SessionRun } from "./session-run.js";
import type { Outputs } from "./step.js";

/** Options of {@link createSession}. */
export interface SessionOptions {
  /** Kernels to run on; several sessions may share one. @default the session loads its own */
  kernels?: Kernels;
  /** Rewrite the graph into fewer and faster operations. @default true */
  optimize?: boolean;
  /** Most bytes that one tensor may take. @default 2 GiB */
  maxTensorBytes?: number;
  /** Most iterations of one `Loop`. @default 2 ** 31 */
  maxIterations?: number;
  /** Stops the creation. @default none */
  signal?: AbortSignal;
}

/** Options of {@link Session.run} and {@link Session.steps}. */
export interface RunOptions {
  /** Checked before every layer. @default none */
  signal?: AbortSignal;
}

/** A model made ready to run; made by {@link createSession}. */
export class Session {
  /** What {@link Session.run} must be fed. */
  readonly inputs: readonly ValueInfo[];
  /** What {@link Session.run} returns. */
  readonly outputs: readonly ValueInfo[];
  readonly #model: Model;
  readonly #kernels: Kernels;
  readonly #ownsKernels: boolean;
  readonly #options: SessionOptions;
  #disposed = false;
  #running = false;

  /** @internal */
  constructor(model: Model, kernels: Kernels, ownsKernels: boolean, options: SessionOptions) {
    this.#model = model;
    this.#kernels = kernels;
    this.#ownsKernels = ownsKernels;
    this.#options = options;
    this.inputs = model.graph.inputs;
    this.outputs = model.graph.outputs;
  }

  /**
   * Runs the model.
   *
   * @returns the model's outputs by name, in memory of their own.
   * @throws EdgewrightError `invalid-argument` or `shape-mismatch` for feeds that do not fit,
   * `aborted` when the signal fires, `disposed` after {@link Session.dispose}.
   */
  async run(feeds: Feeds, options: RunOptions = {}): Promise<Outputs> {
    return this.runSync(feeds, options);
  }

  /** {@link Session.run} without a promise. */
  runSync(feeds: Feeds, options: RunOptions = {}): Outputs {
    const run = this.steps(feeds, options);
    while (!run.next().done) {
      // The steps are only of interest to callers of `steps`.
    }
    return run.outputs;
  }

  /**
   * Runs the model one layer at a time.
   *
   * @example
   * const run = session.steps({ x });
   * for (const step of run) console.log(step.name, step.opType, step.ms);
   * const { y } = run.outputs;
   *
   * @throws EdgewrightError as {@link Session.run}, and `unavailable` while another run is under way.
   */
  steps(feeds: Feeds, options: RunOptions = {}): SessionRun {
    if (this.#disposed) {
      throw new EdgewrightError("disposed", "Session.run: the session was disposed of");
    }
    if (this.#running) {
      throw new EdgewrightError(
        "unavailable",
        "Session.run: another run of this session is under way; iterate it to its end, or call its return()",
      );
    }
    const checked = checkFeeds(this.inputs, feeds);
    const { signal } = options;
    throwIfAborted(signal, "Session.run");
    this.#running = true;
    const steps = interpretSteps(this.#model.graph, this.#model.opsets, checked, {
      signal,
      maxOutputBytes: this.#options.maxTensorBytes,
      maxIterations: this.#options.maxIterations,
    });
    return new SessionRun(steps, signal, () => {
      this.#running = false;
    });
  }

  /** Gives memory back; later calls throw `disposed`. Kernels that the caller passed live on. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#ownsKernels) this.#kernels.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Makes a model ready to run.
 *
 * @param model a {@link Model}, or the bytes of an ONNX file
 * @throws ValidationError when the bytes are no valid model, UnsupportedError when it needs an operator
 * that is missing here; both name the node.
 */
export async function createSession(
  model: Model | Uint8Array | ArrayBuffer,
  options: SessionOptions = {},
): Promise<Session> {
  throwIfAborted(options.signal, "createSession");
  const parsed = isBytes(model)
    ? parseModel(model instanceof ArrayBuffer ? new Uint8Array(model) : model)
    : model;
  const kernels = options.kernels ?? (await loadKernels());
  return new Session(parsed, kernels, options.kernels === undefined, options);
}

function isBytes(model: Model | Uint8Array | ArrayBuffer): model is Uint8Array | ArrayBuffer {
  return model instanceof ArrayBuffer || ArrayBuffer.isView(model);
}
