import { EdgewrightError, ShapeError, type Tensor } from "@edgewright/core";
import type { Allocation, Kernels } from "@edgewright/kernels";
import { type LoweredProgram, lowerProgram, type ProgramRequest } from "./lower-program.js";
import { accountOf, type MemoryAccount, stepName } from "./memory-account.js";
import { type MemoryPlan, planMemory } from "./memory-plan.js";
import { type BoundStep, type RunProgramOptions, runObserved, runStep } from "./observed-run.js";
import type { Parameter } from "./parameter.js";
import type { Storage } from "./step-recorder.js";
import type { Variable } from "./tape.js";
import { elementsOf, ownerOf, type Value } from "./value.js";

/** Numbers for the inputs of a program, by name. */
export type ProgramFeeds = Readonly<Record<string, Float32Array | Int32Array | Tensor>>;

/** A forward pass, and a backward pass where there is a loss, with its memory on some kernels. */
export interface Program {
  readonly kernels: Kernels;
  /** Predicted from shapes. */
  readonly memory: MemoryAccount;
  /** Bytes in the arena that belong to this program: block, constants, arguments; parameters are shared. */
  readonly bytes: number;
  /**
   * Runs every step.
   *
   * @throws ShapeError when a feed has the wrong number of elements, EdgewrightError `invalid-argument` when
   * one is missing, unknown or of another type, and `disposed` after {@link Program.dispose}.
   */
  run(feeds: ProgramFeeds, options?: RunProgramOptions): void;
  /** The loss of the last run. */
  readonly loss: number;
  /** A copy of an output (or the loss) of the last run. */
  read(variable: Variable): Tensor;
  /** A copy of the gradient for a parameter or one of `gradientsOf`, after the last run. */
  gradient(of: Parameter | Variable): Tensor;
  /** Where the gradient for a trained parameter lies, for optimisers. */
  gradientAddress(of: Parameter): number;
  /** Where the values of a parameter lie. */
  parameterAddress(of: Parameter): number;
  /** The trained channels of a parameter's last axis, when not all are trained. */
  channelsOf(of: Parameter): readonly number[] | undefined;
  /** The trained parameters. */
  readonly trainable: readonly Parameter[];
  /** Sets accumulated gradients to zero (with `accumulate`; otherwise every run replaces them). */
  clearGradients(): void;
  /** Gives the memory back; parameters return to the host when no other program uses them. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/**
 * Makes a tape runnable: differentiates it, plans its memory, and plans a kernel for every step. Runs of the
 * result allocate nothing.
 *
 * @throws ShapeError when the loss is no scalar, and EdgewrightError `invalid-argument` for a request that
 * does not fit the tape, `unsupported` for kernels loaded without the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const program = createProgram(kernels, { tape, loss });
 * program.run({ x: batch, labels });
 * console.log(program.loss, program.gradient(weight).data);
 * program.dispose();
 * ```
 */
export function createProgram(kernels: Kernels, request: ProgramRequest): Program {
  const lowered = lowerProgram(request);
  return new BoundProgram(kernels, lowered, planMemory(lowered));
}

class BoundProgram implements Program {
  readonly kernels: Kernels;
  readonly memory: MemoryAccount;
  readonly bytes: number;
  readonly trainable: readonly Parameter[];
  readonly #lowered: LoweredProgram;
  readonly #plan: MemoryPlan;
  readonly #steps: BoundStep[] = [];
  readonly #addresses = new Map<Value, number>();
  readonly #allocations: Allocation[] = [];
  readonly #acquired: Parameter[] = [];
  readonly #feeds = new Map<string, Value>();
  /** Inputs on the tape; what the request does not depend on may be fed, and is left alone. */
  readonly #inputs: ReadonlySet<string>;
  #live = true;
  #running = false;

  constructor(kernels: Kernels, lowered: LoweredProgram, plan: MemoryPlan) {
    this.kernels = kernels;
    this.#lowered = lowered;
    this.#plan = plan;
    this.memory = accountOf(lowered, plan);
    const { nodes } = lowered.request.tape;
    this.#inputs = new Set(nodes.flatMap((node) => (node.kind === "input" ? [node.name] : [])));
    this.trainable = [...lowered.gradientOf.keys()].filter((of) => !("tape" in of)) as Parameter[];
    const before = kernels.arena.used;
    let parameterBytes = 0;
    try {
      const block = this.#own(kernels.arena.allocate(plan.buffers.bytes));
      for (const [owner, storage] of lowered.storage) {
        const used = kernels.arena.used;
        this.#addresses.set(owner, this.#place(owner, storage, block.ptr));
        if (storage.kind === "parameter") parameterBytes += kernels.arena.used - used;
      }
      const at = (value: Value): number => this.#address(value);
      lowered.steps.forEach(({ spec, phase, node }, i) => {
        const workspace = block.ptr + plan.buffers.offsets[plan.lifetimes.length + i]!;
        const made = spec.plan(kernels, at, workspace);
        this.#steps.push({ plan: made, name: stepName(spec.name, node), phase });
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.bytes = kernels.arena.used - before - parameterBytes;
    this.clearGradients();
  }

  run(feeds: ProgramFeeds, options: RunProgramOptions = {}): void {
    this.#requireLive("run");
    this.#requireIdle("run");
    this.#write(feeds);
    this.#running = true;
    try {
      if (options.onStep !== undefined || options.scrub) {
        const parts = { program: this.#lowered, memory: this.#plan, steps: this.#steps };
        runObserved(
          { ...parts, kernels: this.kernels, at: (value) => this.#address(value) },
          options,
        );
        return;
      }
      for (const { plan } of this.#steps) runStep(this.kernels, plan);
    } finally {
      this.#running = false;
    }
  }

  get loss(): number {
    this.#requireLive("loss");
    const { loss } = this.#lowered.request;
    if (loss === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        "Program.loss: the program was made without a loss",
      );
    }
    return this.#view(this.#lowered.valueFor.get(loss)!)[0]!;
  }

  read(variable: Variable): Tensor {
    const { loss, outputs = [] } = this.#lowered.request;
    if (variable !== loss && !outputs.includes(variable)) {
      throw new EdgewrightError(
        "invalid-argument",
        "Program.read: its memory is reused after the last step that needs it; name it in `outputs`",
      );
    }
    return this.#copy(this.#lowered.valueFor.get(variable)!, variable.shape);
  }

  gradient(of: Parameter | Variable): Tensor {
    const value = this.#lowered.gradientOf.get(of);
    if (value === undefined) {
      const what = "tape" in of ? "this variable" : `parameter ${of.name}`;
      throw new EdgewrightError(
        "invalid-argument",
        `Program.gradient: there is none for ${what}; name it in \`trainable\` or \`gradientsOf\``,
      );
    }
    const channels = "tape" in of ? undefined : this.channelsOf(of);
    const shape = channels ? [...of.shape.slice(0, -1), channels.length] : of.shape;
    return this.#copy(value, shape);
  }

  gradientAddress(of: Parameter): number {
    this.#requireLive("gradientAddress");
    const value = this.#lowered.gradientOf.get(of);
    if (value === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        `Program.gradientAddress: parameter ${of.name} is not trained by this program`,
      );
    }
    return this.#address(value);
  }

  parameterAddress(of: Parameter): number {
    this.#requireLive("parameterAddress");
    for (const [owner, storage] of this.#lowered.storage) {
      if (storage.kind === "parameter" && storage.parameter === of) return this.#address(owner);
    }
    throw new EdgewrightError(
      "invalid-argument",
      `Program.parameterAddress: parameter ${of.name} is not on the program's tape`,
    );
  }

  channelsOf(of: Parameter): readonly number[] | undefined {
    return this.#lowered.channelsOf.get(of);
  }

  clearGradients(): void {
    this.#requireLive("clearGradients");
    for (const [owner, storage] of this.#lowered.storage) {
      if (storage.kind === "gradient") this.#view(owner).fill(0);
    }
  }

  dispose(): void {
    if (!this.#live) return;
    this.#requireIdle("dispose");
    this.#live = false;
    for (const { plan } of this.#steps) plan.dispose();
    for (const allocation of this.#allocations) allocation.dispose();
    for (const parameter of this.#acquired) parameter.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #own(allocation: Allocation): Allocation {
    this.#allocations.push(allocation);
    return allocation;
  }

  #place(owner: Value, storage: Storage, block: number): number {
    const { arena } = this.kernels;
    if (storage.kind === "constant") return this.#own(arena.upload(storage.data)).ptr;
    if (storage.kind === "gradient") return this.#own(arena.allocate(owner.bytes)).ptr;
    if (storage.kind === "parameter") {
      const address = storage.parameter.acquire(this.kernels);
      this.#acquired.push(storage.parameter);
      return address;
    }
    if (storage.kind === "feed") this.#feeds.set(storage.name, owner);
    const home = this.#plan.home.get(owner);
    return home === undefined ? block : block + this.#plan.buffers.offsets[home]!;
  }

  #address(value: Value): number {
    return this.#addresses.get(ownerOf(value))!;
  }

  #view(value: Value): Float32Array | Int32Array | Uint8Array {
    const { arena } = this.kernels;
    const count = elementsOf(value.shape);
    const address = this.#address(value);
    if (value.type === "f32") return arena.f32(address, count);
    return value.type === "i32" ? arena.i32(address, count) : arena.u8(address, count);
  }

  #copy(value: Value, shape: readonly number[]): Tensor {
    this.#requireLive("read");
    return { dtype: value.type, shape: [...shape], data: this.#view(value).slice() } as Tensor;
  }

  #write(feeds: ProgramFeeds): void {
    for (const name of Object.keys(feeds)) {
      if (!this.#inputs.has(name)) throw unknownFeed(name, [...this.#inputs]);
    }
    for (const [name, value] of this.#feeds) {
      const given = feeds[name];
      if (given === undefined) throw missingFeed(name, value);
      const data: unknown = ArrayBuffer.isView(given) ? given : given?.data;
      const Wanted = value.type === "i32" ? Int32Array : Float32Array;
      if (!(data instanceof Wanted)) throw wrongFeed(name, value, data ?? given);
      if (data.length !== elementsOf(value.shape)) {
        throw new ShapeError(
          `Program.run: input ${name} expects ${elementsOf(value.shape)} values for [${value.shape}], ` +
            `got ${data.length}`,
        );
      }
      this.#view(value).set(data);
    }
  }

  /** The steps of a run must not lose their memory, or find other numbers in it. */
  #requireIdle(method: string): void {
    if (!this.#running) return;
    throw new EdgewrightError(
      "invalid-argument",
      `Program.${method}: called by a step of the program's own run; wait until the run has ended`,
    );
  }

  #requireLive(method: string): void {
    if (this.#live) return;
    throw new EdgewrightError("disposed", `Program.${method}: the program was disposed of`);
  }
}

function unknownFeed(name: string, known: readonly string[]): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `Program.run: there is no input ${name}; the program has ${known.join(", ") || "none"}`,
  );
}

function wrongFeed(name: string, value: Value, data: unknown): EdgewrightError {
  const wanted = value.type === "i32" ? "an Int32Array" : "a Float32Array";
  return new EdgewrightError(
    "invalid-argument",
    `Program.run: input ${name} of type ${value.type} [${value.shape}] expects ${wanted}, got ` +
      `${(data as object | null)?.constructor.name ?? data}`,
  );
}

function missingFeed(name: string, value: Value): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `Program.run: input ${name} of shape [${value.shape}] is missing`,
  );
}
