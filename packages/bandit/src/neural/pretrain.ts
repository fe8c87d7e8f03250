import { createRng, createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { NeuralLearner } from "./neural-learner.js";
import { ReplayBuffer } from "./replay-buffer.js";

/** A logged example to begin with, from this device or another one. */
export interface NeuralExample {
  /** Features of the context. @default none */
  readonly context?: ArrayLike<number>;
  /** Features of the arm. @default none */
  readonly armFeatures?: ArrayLike<number>;
  /** Which of the `heads` the example is about: the arm's slot, counted from 0 in the order of the bandit's arms. @default 0 */
  readonly head?: number;
  /** What the arm earned. */
  readonly reward: number;
  /** How often the example counts. @default 1 */
  readonly weight?: number;
}

/** Options of {@link NeuralPolicy.pretrain}. */
export interface PretrainOptions {
  /** How often each example is gone through. @default 20 */
  readonly epochs?: number;
  /** Seed of the order. @default 0 */
  readonly seed?: number;
  /**
   * How many of the examples, the last ones, stay among those that later trainings draw from, so that what was
   * learnt is not forgotten after the first few rewards. @default half of `replayCapacity`, all if there are fewer
   */
  readonly keep?: number;
  /**
   * How much an example narrows the widths, compared with a reward of the policy's own: at 0 only the estimates are
   * transferred and the policy explores as if it were new, at 1 it trusts the examples like its own. NeuralLinear, whose
   * regression is renewed from the examples that are kept, counts those like its own. @default 0.1
   */
  readonly trust?: number;
  /** Ends the training early. */
  readonly signal?: AbortSignal;
  /** Told after every epoch. */
  readonly onProgress?: (progress: { readonly epoch: number; readonly epochs: number }) => void;
}

/** A {@link NeuralExample} that fits, with nothing left out. */
export interface CheckedExample extends Required<NeuralExample> {
  readonly context: Float64Array;
  readonly armFeatures: Float64Array;
}

/**
 * Trains the network of a policy on logged examples.
 *
 * @param takeIn counts an example among those that narrow the widths
 */
export async function pretrainLearner(
  learner: NeuralLearner,
  examples: readonly NeuralExample[],
  options: PretrainOptions,
  takeIn: (example: CheckedExample, trust: number) => void,
): Promise<void> {
  const { shape, batchSize, replayCapacity } = learner.settings;
  const { epochs = 20, seed = 0, keep = Math.floor(replayCapacity / 2), trust = 0.1 } = options;
  const { signal, onProgress } = options;
  for (const [name, value] of Object.entries({ epochs, keep })) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw refusal(`a whole ${name} from 0 was expected, got ${value}`);
  }
  if (!(trust >= 0 && trust <= 1)) throw refusal(`a trust from 0 to 1 was expected, got ${trust}`);
  const checked = examples.map((example, i) => checkExample(learner, example, i));
  throwIfAborted(signal, "pretrain");
  if (checked.length === 0) return;

  const all = new ReplayBuffer(checked.length, shape.inputs);
  for (const { context, armFeatures, head, reward, weight } of checked) {
    all.add(context, armFeatures, head, reward, weight);
  }
  const undo = learner.network.prepare(learner.network.state(), learner.name);
  const rng = createRng(seed);
  const takeTurn = createTurnTaker();
  const steps = Math.ceil(checked.length / batchSize);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      learner.network.train(all, steps, rng);
      onProgress?.({ epoch: epoch + 1, epochs });
      await takeTurn();
      throwIfAborted(signal, "pretrain");
    }
  } catch (error) {
    undo();
    throw error;
  }
  for (const { context, armFeatures, head, reward, weight } of checked.slice(
    checked.length - Math.min(keep, checked.length, replayCapacity),
  )) {
    learner.replay.add(context, armFeatures, head, reward, weight);
  }
  if (trust > 0) for (const example of checked) takeIn(example, trust);
}

function checkExample(learner: NeuralLearner, example: NeuralExample, i: number): CheckedExample {
  const { contextDimension, armDimension, shape } = learner.settings;
  const context = Float64Array.from(example.context ?? []);
  const armFeatures = Float64Array.from(example.armFeatures ?? []);
  const { head = 0, reward, weight = 1 } = example;
  const where = `example ${i}`;
  if (context.length !== contextDimension || armFeatures.length !== armDimension) {
    throw refusal(
      `${contextDimension} features of the context and ${armDimension} of the arm were expected, got ${context.length} and ${armFeatures.length} in ${where}`,
    );
  }
  if (!Number.isInteger(head) || head < 0 || head >= shape.outputs) {
    throw refusal(`a head below ${shape.outputs} was expected, got ${head} in ${where}`);
  }
  if (!(weight > 0 && weight < Infinity)) {
    throw refusal(`a finite weight above 0 was expected, got ${weight} in ${where}`);
  }
  learner.check({ context, armFeatures, reward, weight });
  return { context, armFeatures, head, reward, weight };
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `pretrain: ${message}`);
}
