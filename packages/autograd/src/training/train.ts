import {
  AbortError,
  createRng,
  EdgewrightError,
  type Rng,
  restoreRng,
  throwIfAborted,
} from "@edgewright/core";
import type { Schedule } from "../optimizers/schedules.js";
import type { Checkpoint } from "./checkpoint.js";
import { DivergenceError } from "./divergence-error.js";
import type { Trainer } from "./trainer.js";
import type { TrainingData } from "./training-data.js";

/** How {@link train} goes over the data. */
export interface TrainOptions {
  /** What to learn from; at least one update's examples, batch size times `accumulate`. */
  readonly data: TrainingData;
  /** Times that every example is seen. */
  readonly epochs: number;
  /** Of the orders and of augmentation. @default 0 */
  readonly seed?: number;
  /** Learning rate of each update, from 0. @default the optimiser's own */
  readonly schedule?: Schedule;
  /** Ends after the present update, with a checkpoint for `onCheckpoint` to go on from. @default none */
  readonly signal?: AbortSignal;
  /** Where an earlier run ended; the result is the same, bit by bit, as without the break. @default none */
  readonly resume?: Checkpoint;
  /** Told after an update, at most every `progressInterval`. @default none */
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Milliseconds between two calls of `onProgress`. @default 250 */
  readonly progressInterval?: number;
  /** Told after each epoch, and waited for: the place to evaluate. @default none */
  readonly onEpoch?: (epoch: TrainedEpoch) => void | Promise<void>;
  /** Given a checkpoint after each epoch, every `checkpointEvery` updates, and on abort. @default none */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
  /** Updates between checkpoints inside an epoch. @default only after each epoch */
  readonly checkpointEvery?: number;
  /** A clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Where a training is. */
export interface TrainingProgress {
  /** From 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Updates done of this epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Mean of this epoch so far. */
  readonly loss: number;
  readonly learningRate: number | undefined;
  readonly examplesPerSecond: number;
  /** Seconds until the last epoch ends, at the pace so far. */
  readonly secondsLeft: number;
}

/** An epoch that is complete. */
export interface TrainedEpoch {
  /** From 0. */
  readonly epoch: number;
  /** Mean over the epoch. */
  readonly loss: number;
  readonly checkpoint: Checkpoint;
}

/** What {@link train} returns. */
export interface TrainingResult {
  /** Mean loss of each epoch trained here. */
  readonly losses: readonly number[];
  readonly checkpoint: Checkpoint;
}

/** The page and its signals get a turn this often, in milliseconds. */
const TURN = 100;

/**
 * Trains for some epochs: shuffles by a seed, reads batches, updates, reports. The examples that do not fill
 * the last batch of an epoch are left out of it.
 *
 * @throws DivergenceError when a loss, gradient norm or trained parameter is no finite number, with the last checkpoint, to which
 * the parameters are set back; AbortError when the signal fires, after `onCheckpoint`; EdgewrightError
 * `invalid-argument` for options out of range or a checkpoint of another network.
 *
 * @example
 * ```ts
 * await train(trainer, {
 *   data: arrayData(60_000, { x: images, labels }),
 *   epochs: 5,
 *   schedule: cosineSchedule(0.1, { steps: 5 * 1875 }),
 *   onProgress: ({ epoch, loss, secondsLeft }) => console.log(epoch, loss, secondsLeft),
 * });
 * ```
 */
export async function train(trainer: Trainer, options: TrainOptions): Promise<TrainingResult> {
  const { data, epochs, seed = 0, schedule, signal, resume, checkpointEvery } = options;
  const { onProgress, onEpoch, onCheckpoint, progressInterval = 250 } = options;
  const now = options.now ?? (() => performance.now());
  const { batchSize, accumulate = 1 } = trainer.options;
  const perStep = batchSize * accumulate;
  const stepsPerEpoch = Math.floor(data.size / perStep);
  checkOptions(options, stepsPerEpoch, perStep);
  throwIfAborted(signal, "train");

  const order = resume === undefined ? createRng(seed) : restoreRng(resume.order);
  trainer.reset();
  if (resume !== undefined) restore(trainer, resume);
  let step = resume?.step ?? 0;
  let good: Checkpoint | undefined;
  const losses: number[] = [];
  const started = now();
  const firstStep = step;
  let lastTurn = started;
  let lastProgress = started;
  const indices = new Int32Array(batchSize);

  for (let epoch = resume?.epoch ?? 0; epoch < epochs; epoch++) {
    const orderBefore = order.state();
    const permutation = permute(data.size, order.split());
    let augmentation = order.split();
    const resumed = good === undefined && resume !== undefined && resume.stepInEpoch > 0;
    if (resumed) augmentation = restoreRng(resume.augmentation);
    let lossSum = resumed ? resume.lossSum : 0;
    const capture = (stepInEpoch: number): Checkpoint => ({
      ...{ epoch, stepInEpoch, step, lossSum, order: orderBefore },
      augmentation: augmentation.state(),
      ...captureState(trainer),
    });
    good ??= capture(resumed ? resume.stepInEpoch : 0);
    for (let i = resumed ? resume.stepInEpoch : 0; i < stepsPerEpoch; i++) {
      const learningRate = schedule?.(step);
      let loss = 0;
      let gradientNorm: number | undefined;
      for (let pass = 0; pass < accumulate; pass++) {
        const from = i * perStep + pass * batchSize;
        indices.set(permutation.subarray(from, from + batchSize));
        const reading = data.read(indices, trainer.batch, augmentation);
        if (reading !== undefined) await reading;
        const rate = learningRate === undefined ? {} : { learningRate };
        ({ loss, gradientNorm } = trainer.step(trainer.batch, rate));
        if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm ?? 0)) {
          restore(trainer, good);
          const what = Number.isFinite(loss)
            ? `gradient norm is ${gradientNorm}`
            : `loss is ${loss}`;
          throw diverged(`the ${what} at step ${i} of epoch ${epoch}`, good);
        }
      }
      step++;
      lossSum += loss;
      if (checkpointEvery !== undefined && step % checkpointEvery === 0 && i + 1 < stepsPerEpoch) {
        good = requireFinite(trainer, capture(i + 1), good);
        await onCheckpoint?.(good);
      }
      const time = now();
      if (onProgress !== undefined && time - lastProgress >= progressInterval) {
        lastProgress = time;
        const pace = (time - started) / 1000 / (step - firstStep);
        onProgress({
          ...{ epoch, epochs, step: i + 1, stepsPerEpoch, learningRate },
          loss: lossSum / (i + 1),
          examplesPerSecond: perStep / pace,
          secondsLeft: pace * ((epochs - epoch) * stepsPerEpoch - i - 1),
        });
      }
      if (time - lastTurn >= TURN) {
        await new Promise((resolve) => setTimeout(resolve));
        lastTurn = now();
      }
      if (signal?.aborted && !(i + 1 === stepsPerEpoch && epoch + 1 === epochs)) {
        await onCheckpoint?.(requireFinite(trainer, capture(i + 1), good));
        throw new AbortError("train", signal.reason);
      }
    }
    losses.push(lossSum / stepsPerEpoch);
    const complete: Checkpoint = {
      ...{ epoch: epoch + 1, stepInEpoch: 0, step, lossSum: 0, order: order.state() },
      augmentation: augmentation.state(),
      ...captureState(trainer),
    };
    good = requireFinite(trainer, complete, good);
    await onEpoch?.({ epoch, loss: lossSum / stepsPerEpoch, checkpoint: good });
    await onCheckpoint?.(good);
  }
  return { losses, checkpoint: good ?? resume! };
}

/** The parameters and the optimiser's state as they are now. */
function captureState(
  trainer: Trainer,
): Pick<Checkpoint, "parameters" | "optimizer" | "optimizerStep"> {
  const parameters: Record<string, Float32Array> = {};
  for (const [name, parameter] of trainer.parameters) parameters[name] = parameter.read();
  const { step, tensors } = trainer.optimizer.state();
  return { parameters, optimizerStep: step, optimizer: tensors };
}

function restore(trainer: Trainer, checkpoint: Checkpoint): void {
  const expected = [...trainer.parameters.keys()].sort().join(", ");
  const got = Object.keys(checkpoint.parameters).sort().join(", ");
  if (expected !== got) {
    throw new EdgewrightError(
      "invalid-argument",
      `train: the checkpoint has the parameters ${got}; the network has ${expected}`,
    );
  }
  for (const [name, parameter] of trainer.parameters) {
    const data = checkpoint.parameters[name]!;
    if (data.length * 4 !== parameter.bytes) {
      throw new EdgewrightError(
        "invalid-argument",
        `train: the checkpoint has ${data.length} values for ${name} of [${parameter.shape}]`,
      );
    }
  }
  const { optimizerStep, optimizer } = checkpoint;
  trainer.optimizer.restore({ step: optimizerStep, tensors: optimizer });
  for (const [name, parameter] of trainer.parameters) {
    parameter.write(checkpoint.parameters[name]!);
  }
}

function permute(size: number, rng: Rng): Int32Array {
  return rng.shuffle(Int32Array.from({ length: size }, (_, i) => i));
}

function checkOptions(options: TrainOptions, stepsPerEpoch: number, perStep: number): void {
  const { epochs, data, checkpointEvery = 1, resume } = options;
  const fail = (expected: string): never => {
    throw new EdgewrightError("invalid-argument", `train: ${expected}`);
  };
  if (!Number.isInteger(epochs) || epochs < 1)
    fail(`expected a whole number of epochs, got ${epochs}`);
  if (!Number.isInteger(checkpointEvery) || checkpointEvery < 1) {
    fail(`expected checkpointEvery to be a whole number from 1, got ${checkpointEvery}`);
  }
  if (!(stepsPerEpoch >= 1)) {
    fail(`an update takes ${perStep} examples, the data has ${data.size}; make the batch smaller`);
  }
  if (resume !== undefined && resume.stepInEpoch > stepsPerEpoch) {
    fail(`the checkpoint is at step ${resume.stepInEpoch} of an epoch of ${stepsPerEpoch}`);
  }
}

/**
 * The checkpoint, when every trained parameter is finite in it: an update may overflow after a finite loss, and
 * then the last good checkpoint is still the one before.
 */
function requireFinite(trainer: Trainer, checkpoint: Checkpoint, good: Checkpoint): Checkpoint {
  const allFinite = ({ parameters }: Checkpoint, name: string): boolean =>
    parameters[name]!.every((value) => Number.isFinite(value));
  for (const { name } of trainer.program.trainable) {
    // Channels that are not trained may hold infinities from the start.
    if (allFinite(checkpoint, name) || !allFinite(good, name)) continue;
    restore(trainer, good);
    throw diverged(`parameter ${name} is no longer finite after ${checkpoint.step} updates`, good);
  }
  return checkpoint;
}

function diverged(what: string, good: Checkpoint): DivergenceError {
  return new DivergenceError(
    `train: ${what}; the parameters are back where they were at step ` +
      `${good.stepInEpoch} of epoch ${good.epoch}. Lower the learning rate, clip gradients, or look at the data`,
    good,
  );
}
