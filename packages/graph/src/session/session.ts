import { EdgewrightError, type Tensor, throwIfAborted } from "@edgewright/core";
import { type Kernels, loadKernels } from "@edgewright/kernels";
import type { Graph, Model, ValueInfo } from "../model/model.js";
import { parseModel } from "../onnx/parse-model.js";
import { optimizeModel } from "../optimize/optimize-graph.js";
import { KeptMemory } from "../planning/kept-memory.js";
import { findControlInputs } from "./control-inputs.js";
import { checkFeeds, checkOutputNames, type Feeds } from "./feeds.js";
import { GraphRunner } from "./graph-runner.js";
import { type MemoryReport, reportMemory } from "./memory-report.js";
import { type ProfileOptions, type ProfileRow, profileSession } from "./profile.js";
import { SessionRun } from "./session-run.js";
import type { Outputs, UnnumberedStep } from "./step.js";

/** Options of {@link createSession}. */
export interface SessionOptions {
  /** Kernels to run on; several sessions may share one. @default the session loads its own */
  kernels?: Kernels;
  /** Threads of the kernels that the session loads itself. @default 1 */
  threads?: number | "auto";
  /** Rewrite the graph into fewer and faster operations. @default true */
  optimize?: boolean;
  /** Combinations of input shapes whose plans are kept; the least recently used goes. @default 8 */
  maxShapes?: number;
  /** Most bytes that one tensor may take. @default 2 GiB */
  maxTensorBytes?: number;
  /** Most iterations of all loops of a run together. @default 2 ** 20 */
  maxIterations?: number;
  /** Stops the creation. @default none */
  signal?: AbortSignal;
}

/** Options of {@link Session.run} and {@link Session.steps}. */
export interface RunOptions {
  /** Checked before every layer. @default none */
  signal?: AbortSignal;
  /** Names of the outputs to return. @default all */
  outputs?: readonly string[];
}

/** Time after which a run that may be aborted lets other tasks of the event loop have a turn. */
const TURN_MS = 20;

/**
 * A model made ready to run; made by {@link createSession}.
 *
 * The first run with inputs of new shapes plans them: memory for every value, a kernel for every layer.
 * Later runs with the same shapes only compute.
 */
export class Session {
  /** What {@link Session.run} must be fed. */
  readonly inputs: readonly ValueInfo[];
  /** What {@link Session.run} returns. */
  readonly outputs: readonly ValueInfo[];
  readonly #kernels: Kernels;
  readonly #ownsKernels: boolean;
  readonly #weights = new KeptMemory();
  readonly #runner: GraphRunner;
  readonly #model: Model;
  #disposed = false;
  #running = false;

  /** @internal */
  constructor(model: Model, kernels: Kernels, ownsKernels: boolean, options: SessionOptions) {
    const { optimize = true, maxShapes = 8, maxTensorBytes, maxIterations } = options;
    this.#model = optimize ? optimizeModel(model) : model;
    this.#kernels = kernels;
    this.#ownsKernels = ownsKernels;
    this.inputs = model.graph.inputs;
    this.outputs = model.graph.outputs;
    const constants = new Set<Tensor>();
    collectConstants(this.#model.graph, constants);
    this.#runner = new GraphRunner(
      this.#model.graph,
      {
        opsets: this.#model.opsets,
        kernels,
        weights: this.#weights,
        isWeight: (constant) => constants.has(constant),
        optimize,
        maxShapes,
        maxTensorBytes,
        maxIterations,
      },
      findControlInputs(this.#model.graph),
    );
  }

  /**
   * Runs the model.
   *
   * With a signal the run lets other tasks have a turn now and then, so that it can fire.
   *
   * @returns the model's outputs by name, in memory of their own.
   * @throws EdgewrightError `invalid-argument` or `shape-mismatch` for feeds that do not fit,
   * `aborted` when the signal fires, `disposed` after {@link Session.dispose}.
   */
  async run(feeds: Feeds, options: RunOptions = {}): Promise<Outputs> {
    if (options.signal === undefined) return this.runSync(feeds, options);
    const run = this.steps(feeds, options);
    let turn = performance.now();
    while (!run.next().done) {
      if (performance.now() - turn < TURN_MS) continue;
      await new Promise((resolve) => setTimeout(resolve, 0));
      turn = performance.now();
    }
    return run.outputs;
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
    const wanted = checkOutputNames(this.outputs, options.outputs);
    this.#running = true;
    return new SessionRun(this.#execute(checked, wanted, signal), signal, () => {
      this.#running = false;
    });
  }

  /**
   * Runs the model some times and says where the time goes.
   *
   * @returns one row a layer, in order.
   */
  profile(feeds: Feeds, options: ProfileOptions = {}): ProfileRow[] {
    return profileSession(this, feeds, options);
  }

  /** Bytes that the session holds. */
  memory(): MemoryReport {
    return reportMemory(this.#model.graph, this.#weights, this.#runner.programs, this.#kernels);
  }

  /** Gives memory back; later calls throw `disposed`. Kernels that the caller passed live on. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#runner.dispose();
    this.#weights.dispose();
    if (this.#ownsKernels) this.#kernels.dispose();
  }

  /** {@link Session.dispose}, for `using` declarations. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  *#execute(
    feeds: ReadonlyMap<string, Tensor>,
    wanted: readonly string[],
    signal: AbortSignal | undefined,
  ): Generator<UnnumberedStep, Outputs> {
    return Object.fromEntries(yield* this.#runner.run(feeds, wanted, signal));
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
  const { threads = 1 } = options;
  const kernels = options.kernels ?? (await loadKernels({ threads }));
  return new Session(parsed, kernels, options.kernels === undefined, options);
}

function isBytes(model: Model | Uint8Array | ArrayBuffer): model is Uint8Array | ArrayBuffer {
  return model instanceof ArrayBuffer || ArrayBuffer.isView(model);
}

function collectConstants(graph: Graph, into: Set<Tensor>): void {
  for (const tensor of graph.initializers.values()) into.add(tensor);
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      if (attribute.type === "graph") collectConstants(attribute.value, into);
      else if (attribute.type === "tensor") into.add(attribute.value);
    }
  }
}
