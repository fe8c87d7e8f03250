import { EdgewrightError } from "@edgewright/core";
import type { Allocation } from "@edgewright/kernels";
import { planSumOfSquares, sumOfSquaresWorkspaceBytes } from "@edgewright/kernels/training";
import type { Program } from "../engine/program.js";
import { elementsOf } from "../engine/value.js";
import { type OptimizerSpec, trainedElements } from "./optimizer-spec.js";

/** Options of {@link createOptimizer}. */
export interface ClippingOptions {
  /**
   * Scales all gradients by the same factor when the root of the sum of their squares is above it
   * (Pascanu et al. 2012, arXiv:1211.5063). @default no clipping
   */
  readonly clipNorm?: number;
  /** Holds every gradient between its negative and itself, after `clipNorm`. @default no clipping */
  readonly clipValue?: number;
}

/** What an optimiser keeps, to go on from later. */
export interface OptimizerState {
  /** Updates so far. */
  readonly step: number;
  /** By the parameter's name and the state's: "conv1.weight/mean". */
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/** Updates the parameters that a program trains. */
export interface Optimizer {
  readonly spec: OptimizerSpec;
  /** Bytes of state, as `optimizerBytes` predicts them. */
  readonly bytes: number;
  /**
   * Applies the gradients of the program's last run. Gradients are only read.
   *
   * With `clipNorm` their norm before clipping is measured; when it is no finite number, nothing is updated.
   */
  step(options?: { readonly learningRate?: number }): { readonly gradientNorm: number | undefined };
  /** A copy of the state. */
  state(): OptimizerState;
  /**
   * Goes on from a state, bit by bit as if there had been no break.
   *
   * @throws EdgewrightError `invalid-argument` when it belongs to other parameters or another optimiser.
   */
  restore(state: OptimizerState): void;
  /** Gives the memory back. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/**
 * Makes an optimiser for the parameters that a program trains, on the program's kernels.
 *
 * To accumulate gradients over k runs, make the program with `accumulate: true` and `lossScale: 1 / k`, step
 * after every k-th run, and call the program's `clearGradients()` then.
 *
 * @throws EdgewrightError `invalid-argument` for settings out of range, when two trained parameters have the same
 * name, or when the program trains nothing.
 *
 * @example
 * ```ts
 * const optimizer = createOptimizer(program, adam({ learningRate: 0.002 }), { clipNorm: 1 });
 * const schedule = warmUp(cosineSchedule(0.002, { steps: 900 }), { steps: 100 });
 * for (let step = 0; step < 1000; step++) {
 *   program.run(nextBatch());
 *   optimizer.step({ learningRate: schedule(step) });
 * }
 * ```
 */
export function createOptimizer(
  program: Program,
  spec: OptimizerSpec,
  options: ClippingOptions = {},
): Optimizer {
  return new ProgramOptimizer(program, spec, options);
}

interface StateTensor {
  readonly name: string;
  readonly ptr: number;
  readonly length: number;
}

class ProgramOptimizer implements Optimizer {
  readonly spec: OptimizerSpec;
  readonly bytes: number;
  readonly #program: Program;
  readonly #clipNorm: number | undefined;
  readonly #tensors: StateTensor[] = [];
  readonly #memory: Allocation;
  readonly #update: ReturnType<OptimizerSpec["plan"]>;
  readonly #norm: (ReturnType<typeof planSumOfSquares> & { memory: Allocation }) | undefined;
  #step = 0;
  #live = true;

  constructor(program: Program, spec: OptimizerSpec, options: ClippingOptions) {
    checkRequest(program, spec, options);
    const { arena } = program.kernels;
    this.spec = spec;
    this.#program = program;
    this.#clipNorm = options.clipNorm;
    const gradients = program.trainable.map((of) => ({
      of,
      x: program.gradientAddress(of),
      count: trainedElements(of.shape, program.channelsOf(of)),
    }));
    const floats = gradients.reduce((sum, { count }) => sum + count, 0) * spec.states.length;
    this.bytes = 4 * floats;
    this.#memory = arena.allocate(this.bytes);
    arena.f32(this.#memory.ptr, floats).fill(0);
    let ptr = this.#memory.ptr;
    const parameters = gradients.map(({ of, x, count }) => {
      const states = spec.states.map((state) => {
        const at = ptr;
        this.#tensors.push({ name: `${of.name}/${state}`, ptr: at, length: count });
        ptr += 4 * count;
        return at;
      });
      const indices = program.channelsOf(of);
      return {
        ...{ parameter: program.parameterAddress(of), gradient: x, count: elementsOf(of.shape) },
        ...(indices && { columns: { indices, cols: of.shape.at(-1)! } }),
        ...spec.settingsOf(of),
        states,
      };
    });
    try {
      this.#update = spec.plan(program.kernels, parameters, options.clipValue);
    } catch (error) {
      this.#memory.dispose();
      throw error;
    }
    if (options.clipNorm !== undefined) {
      const counts = gradients.map(({ count }) => count);
      const memory = arena.allocate(sumOfSquaresWorkspaceBytes(counts));
      const request = { runs: gradients, workspace: memory.ptr };
      this.#norm = { ...planSumOfSquares(program.kernels, request), memory };
    }
  }

  step(options: { readonly learningRate?: number } = {}): { gradientNorm: number | undefined } {
    this.#requireLive("step");
    const { learningRate = this.spec.learningRate } = options;
    if (!(learningRate >= 0 && Number.isFinite(learningRate))) {
      throw new EdgewrightError(
        "invalid-argument",
        `Optimizer.step: expected a finite learning rate of 0 or more, got ${learningRate}`,
      );
    }
    const { kernels, trainable } = this.#program;
    // Throws when the program was disposed of: its memory may hold something else by now.
    this.#program.gradientAddress(trainable[0]!);
    let gradientNorm: number | undefined;
    let gradientScale = 1;
    if (this.#norm !== undefined) {
      kernels.run(this.#norm);
      gradientNorm = Math.sqrt(this.#norm.read());
      if (!Number.isFinite(gradientNorm)) return { gradientNorm };
      // PyTorch's clip_grad_norm_ adds the 1e-6 as well.
      gradientScale = Math.min(1, this.#clipNorm! / (gradientNorm + 1e-6));
    }
    this.#step++;
    this.#update.set({ learningRate, gradientScale, step: this.#step });
    if (this.#update.run) this.#update.run();
    else kernels.run(this.#update);
    return { gradientNorm };
  }

  state(): OptimizerState {
    this.#requireLive("state");
    const { arena } = this.#program.kernels;
    const copies = this.#tensors.map(({ name, ptr, length }) => [
      name,
      arena.f32(ptr, length).slice(),
    ]);
    return { step: this.#step, tensors: Object.fromEntries(copies) };
  }

  restore({ step, tensors }: OptimizerState): void {
    this.#requireLive("restore");
    const fail = (message: string): never => {
      throw new EdgewrightError("invalid-argument", `Optimizer.restore: ${message}`);
    };
    if (!Number.isInteger(step) || step < 0) fail(`expected a whole step from 0, got ${step}`);
    const expected = this.#tensors.map(({ name }) => name).sort();
    const given = Object.keys(tensors).sort();
    if (expected.length !== given.length || expected.some((name, i) => name !== given[i])) {
      fail(
        `the state has ${given.join(", ") || "nothing"}, ${this.spec.name} for these parameters needs ` +
          `${expected.join(", ") || "nothing"}`,
      );
    }
    for (const { name, length } of this.#tensors) {
      const got = tensors[name]!.length;
      if (got !== length) fail(`expected ${length} values for ${name}, got ${got}`);
    }
    const { arena } = this.#program.kernels;
    for (const { name, ptr, length } of this.#tensors) arena.f32(ptr, length).set(tensors[name]!);
    this.#step = step;
  }

  dispose(): void {
    if (!this.#live) return;
    this.#live = false;
    this.#update.dispose();
    this.#norm?.dispose();
    this.#norm?.memory.dispose();
    this.#memory.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #requireLive(method: string): void {
    if (this.#live) return;
    throw new EdgewrightError("disposed", `Optimizer.${method}: the optimiser was disposed of`);
  }
}

function checkRequest(program: Program, spec: OptimizerSpec, options: ClippingOptions): void {
  const fail = (message: string): never => {
    throw new EdgewrightError("invalid-argument", `createOptimizer: ${message}`);
  };
  if (program.trainable.length === 0) {
    fail("the program trains no parameter; give it a loss and trainable parameters");
  }
  const names = new Set<string>();
  for (const { name } of program.trainable) {
    if (names.has(name))
      fail(`two trained parameters are called ${name}; states need unlike names`);
    names.add(name);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !(value > 0)) fail(`expected ${name} above 0, got ${value}`);
  }
  if (!(spec.learningRate >= 0)) {
    fail(`expected a learning rate of 0 or more, got ${spec.learningRate}`);
  }
}
