import { EdgewrightError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import {
  lowerProgram,
  type PartialParameter,
  type ProgramRequest,
} from "../engine/lower-program.js";
import { type MemoryAccount, predictMemory } from "../engine/memory-account.js";
import type { Parameter } from "../engine/parameter.js";
import { createProgram, type Program, type ProgramFeeds } from "../engine/program.js";
import { createTape, type Tape, type Variable } from "../engine/tape.js";
import { createOptimizer, type Optimizer } from "../optimizers/optimizer.js";
import { type OptimizerSpec, optimizerBytes } from "../optimizers/optimizer-spec.js";
import type { BatchArrays } from "./training-data.js";

/** A network on a tape, with the loss it is trained by. */
export interface RecordedNetwork {
  readonly loss: Variable;
  /** What evaluation reads, by name: `{ logits }`. */
  readonly outputs?: Readonly<Record<string, Variable>>;
}

/**
 * Records a network for a batch of so many examples. Called once for training and once for each other
 * batch size or mode that evaluation needs, always with the same parameters.
 */
export type RecordNetwork = (tape: Tape, batch: number, mode: NetworkMode) => RecordedNetwork;

/** `train` normalises by the batch and updates running statistics; `frozen` uses them. */
export type NetworkMode = "train" | "frozen";

/** What {@link createTrainer} is to train, and how. */
export interface TrainerOptions {
  /** Records the network and its loss; must use the same parameters at every call. */
  readonly record: RecordNetwork;
  /** Examples of a forward and backward pass. */
  readonly batchSize: number;
  /** `sgd({ learningRate: 0.1 })`, `adam(...)`, `adamW(...)`. */
  readonly optimizer: OptimizerSpec;
  /** @default every trainable parameter on the tape */
  readonly trainable?: readonly (Parameter | PartialParameter)[];
  /** Passes whose gradients are averaged before an update. @default 1 */
  readonly accumulate?: number;
  /** Scales gradients down to this norm over all parameters. @default no clipping */
  readonly clipNorm?: number;
  /** Limits each gradient's magnitude. @default no clipping */
  readonly clipValue?: number;
}

/** Memory of a training, the optimiser's included. */
export interface TrainingMemory extends MemoryAccount {
  /** State of the optimiser: momenta. */
  readonly optimizerBytes: number;
  /** Parameters, constants, optimiser state, accumulated gradients, and the block that holds everything else. */
  readonly totalBytes: number;
}

/** What an update tells. */
export interface TrainerStep {
  /** Mean over the accumulated batches. */
  readonly loss: number;
  /** Norm of all gradients before clipping; measured when `clipNorm` is set. */
  readonly gradientNorm: number | undefined;
}

/** A network with its optimiser on some kernels: one call, one update. */
export interface Trainer {
  readonly kernels: Kernels;
  readonly options: TrainerOptions;
  readonly program: Program;
  readonly optimizer: Optimizer;
  readonly memory: TrainingMemory;
  /** Every parameter on the tape by name, running statistics included. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Arrays to write a batch into before {@link Trainer.step}. */
  readonly batch: BatchArrays;
  /**
   * Forward, backward, update. With `accumulate` n, every n-th call updates.
   *
   * A loss that is no finite number, or with `clipNorm` such a norm, leaves the parameters as they were.
   *
   * @param feeds numbers for the inputs of the tape; `batch` when left out
   * @throws what {@link Program.run} throws for feeds that do not fit.
   */
  step(feeds?: ProgramFeeds, options?: { learningRate?: number }): TrainerStep;
  /** Forgets the passes since the last update, of which an error or a break may have left some. */
  reset(): void;
  /** Gives the memory back; trained values stay in the parameters. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/**
 * The memory that a training would take, in bytes, from shapes alone: no WebAssembly is loaded.
 *
 * @throws what {@link createTrainer} throws for the same options.
 *
 * @example
 * ```ts
 * const { totalBytes } = predictTrainingMemory({ record, batchSize: 32, optimizer: adam() });
 * ```
 */
export function predictTrainingMemory(options: TrainerOptions): TrainingMemory {
  const { request } = recordTraining(options);
  const account = predictMemory(request);
  const { gradientOf, channelsOf } = lowerProgram(request);
  const trained = [...gradientOf.keys()].flatMap((parameter) => {
    if ("tape" in parameter) return [];
    const channels = channelsOf.get(parameter);
    return [channels === undefined ? parameter : { parameter, channels }];
  });
  return withOptimizer(account, optimizerBytes(options.optimizer, trained), request);
}

/**
 * Makes a network trainable on kernels from `loadTrainingKernels`.
 *
 * @throws EdgewrightError `invalid-argument` for sizes out of range or two parameters of one name, and what
 * {@link createProgram} throws.
 *
 * @example
 * ```ts
 * const trainer = createTrainer(kernels, { record, batchSize: 32, optimizer: sgd({ learningRate: 0.1 }) });
 * const { loss } = trainer.step({ x, labels });
 * ```
 */
export function createTrainer(kernels: Kernels, options: TrainerOptions): Trainer {
  const { accumulate = 1, clipNorm, clipValue } = options;
  const { request, parameters } = recordTraining(options);
  const program = createProgram(kernels, request);
  let optimizer: Optimizer;
  try {
    optimizer = createOptimizer(program, options.optimizer, {
      ...(clipNorm !== undefined && { clipNorm }),
      ...(clipValue !== undefined && { clipValue }),
    });
  } catch (error) {
    program.dispose();
    throw error;
  }
  const batch = batchArrays(request.tape);
  let passes = 0;
  let losses = 0;
  const reset = (): void => {
    passes = 0;
    losses = 0;
    program.clearGradients();
  };
  const dispose = (): void => {
    optimizer.dispose();
    program.dispose();
  };
  return {
    kernels,
    options,
    program,
    optimizer,
    memory: withOptimizer(program.memory, optimizer.bytes, request),
    parameters,
    batch,
    step(feeds = batch, { learningRate } = {}) {
      try {
        program.run(feeds);
      } catch (error) {
        // Half a pass may have been added to the gradients; the next step begins anew.
        if (!(error instanceof EdgewrightError && error.code === "disposed")) reset();
        throw error;
      }
      losses += program.loss;
      passes++;
      const loss = losses / passes;
      if (passes < accumulate && Number.isFinite(loss)) return { loss, gradientNorm: undefined };
      try {
        const rate = learningRate === undefined ? {} : { learningRate };
        const { gradientNorm } = Number.isFinite(loss)
          ? optimizer.step(rate)
          : { gradientNorm: undefined };
        return { loss, gradientNorm };
      } finally {
        reset();
      }
    },
    reset,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Arrays for the inputs of a tape, by name. */
export function batchArrays(tape: Tape): BatchArrays {
  const arrays: Record<string, Float32Array | Int32Array> = {};
  for (const node of tape.nodes) {
    if (node.kind !== "input") continue;
    const size = node.variable.shape.reduce((product, length) => product * length, 1);
    arrays[node.name] =
      node.variable.type === "i32" ? new Int32Array(size) : new Float32Array(size);
  }
  return arrays;
}

function recordTraining(options: TrainerOptions): {
  request: ProgramRequest;
  parameters: Map<string, Parameter>;
} {
  const { record, batchSize, accumulate = 1, trainable } = options;
  for (const [name, count] of Object.entries({ batchSize, accumulate })) {
    if (!Number.isInteger(count) || count < 1) {
      throw new EdgewrightError(
        "invalid-argument",
        `createTrainer: expected a whole ${name} from 1, got ${count}`,
      );
    }
  }
  const tape = createTape();
  const { loss } = record(tape, batchSize, "train");
  const parameters = new Map<string, Parameter>();
  for (const parameter of tape.parameters) {
    if (parameters.has(parameter.name)) {
      throw new EdgewrightError(
        "invalid-argument",
        `createTrainer: two parameters are called ${parameter.name}; checkpoints need unlike names`,
      );
    }
    parameters.set(parameter.name, parameter);
  }
  const request: ProgramRequest = {
    tape,
    loss,
    ...(trainable !== undefined && { trainable }),
    ...(accumulate > 1 && { accumulate: true, lossScale: 1 / accumulate }),
  };
  return { request, parameters };
}

function withOptimizer(
  account: MemoryAccount,
  optimizerBytes: number,
  { accumulate = false }: ProgramRequest,
): TrainingMemory {
  const { parameterBytes, constantBytes, blockBytes, gradientBytes } = account;
  // Accumulated gradients outlive a run, and lie beside the block.
  const kept = optimizerBytes + (accumulate ? gradientBytes : 0);
  return {
    ...account,
    optimizerBytes,
    totalBytes: parameterBytes + constantBytes + blockBytes + kept,
  };
}
