import {
  adamW,
  add,
  cosineSchedule,
  createParameter,
  createProgram,
  createTape,
  createTrainer,
  crossEntropy,
  layerNorm,
  linear,
  matmul,
  mean,
  multiply,
  type Parameter,
  relu,
  reshape,
  softmax,
  type Tape,
  transpose,
  type Variable,
} from "@edgewright/autograd";
import {
  createRng,
  createTurnTaker,
  EdgewrightError,
  type Rng,
  throwIfAborted,
} from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import {
  classifierShapes,
  type KvClassifier,
  type KvFeatures,
  NORM_EPSILON,
  SWITCH_CLASSES,
} from "../precision/kv-classifier.js";
import type { PrecisionExample } from "./precision-labels.js";

/** Options of {@link trainKvClassifier}. */
export interface TrainKvClassifierOptions {
  /** Labelled prompts: {@link labelPrecision}. */
  readonly examples: readonly PrecisionExample[];
  /** Heads of the cache. */
  readonly heads: number;
  /** @default 30 */
  readonly epochs?: number;
  /** @default 32 */
  readonly batchSize?: number;
  /** Falls to 0 as a cosine. @default 0.0045 */
  readonly learningRate?: number;
  /** @default 0.08 */
  readonly weightDecay?: number;
  /** Share of attention weights set to 0 in training. @default 0.1 */
  readonly dropout?: number;
  /** Share of the examples that are held out to evaluate. @default 0.1 */
  readonly heldOut?: number;
  /** @default 42 */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called after every epoch, with its mean loss. @default none */
  readonly onProgress?: (progress: { epoch: number; epochs: number; loss: number }) => void;
}

/** What {@link trainKvClassifier} gives. */
export interface TrainedKvClassifier {
  readonly classifier: KvClassifier;
  /** Mean loss of every epoch. */
  readonly losses: readonly number[];
  /** Share of held-out examples whose class is right; NaN without any. */
  readonly accuracy: number;
  /** Share of them that the most frequent class of the training examples would get right. */
  readonly baseline: number;
}

/**
 * Trains the learned scheduler's classifier (PMPD, arXiv:2410.13461, section 3.4): a tenth held out, rarer classes
 * drawn as often as the most frequent, Adam with decoupled weight decay, plain cross-entropy. (The published code
 * takes the cross-entropy of what is a softmax already, which flattens the gradient; this does not.)
 *
 * @param kernels loaded with the training extension.
 * @throws EdgewrightError for fewer than two examples or features that do not fit; AbortError when the signal fires.
 */
export async function trainKvClassifier(
  kernels: Kernels,
  options: TrainKvClassifierOptions,
): Promise<TrainedKvClassifier> {
  const where = "trainKvClassifier";
  const { examples, heads, epochs = 30, batchSize = 32, seed = 42, signal } = options;
  const { learningRate = 0.0045, weightDecay = 0.08, dropout = 0.1, heldOut = 0.1 } = options;
  const headDim = examples[0]?.features.headDim ?? 0;
  const fits = examples.every(
    ({ features }) => features.headDim === headDim && features.length > 0,
  );
  if (examples.length < 2 || !fits) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected two or more examples with features of one head dimension, got ${examples.length}`,
    );
  }
  const rng = createRng(seed);
  const order = rng.shuffle([...examples]);
  const held = order.slice(0, Math.min(Math.floor(heldOut * order.length), order.length - 1));
  const training = order.slice(held.length);
  const balanced = oversample(training, rng);
  const tokens = Math.max(...examples.map(({ features }) => features.length));
  const parameters = createParameters(heads, headDim, rng);
  const trainer = createTrainer(kernels, {
    batchSize,
    optimizer: adamW({ learningRate, weightDecay }),
    record: (tape, b) => {
      const logits = kvClassifierNetwork(tape, parameters, { b, heads, headDim, tokens }, true);
      return { loss: crossEntropy(logits, tape.input("labels", [b], "i32")) };
    },
  });
  const { batch } = trainer as unknown as { batch: Record<string, Float32Array> };
  const steps = Math.max(1, Math.ceil(balanced.length / batchSize));
  const rateAt = cosineSchedule(learningRate, { steps: epochs * steps });
  const losses: number[] = [];
  const turn = createTurnTaker();
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      rng.shuffle(balanced);
      let total = 0;
      for (let step = 0; step < steps; step++) {
        await turn();
        throwIfAborted(signal, where);
        for (let b = 0; b < batchSize; b++) {
          const { features, label } = balanced[(step * batchSize + b) % balanced.length]!;
          writeFeatures(batch, b, features, tokens);
          batch.labels![b] = label;
        }
        const keep = batch.dropout!;
        for (let i = 0; i < keep.length; i++)
          keep[i] = rng.uniform() < dropout ? 0 : 1 / (1 - dropout);
        const { loss } = trainer.step(trainer.batch, {
          learningRate: rateAt(epoch * steps + step),
        });
        if (!Number.isFinite(loss)) {
          throw new EdgewrightError(
            "diverged",
            `${where}: the loss of epoch ${epoch + 1} is ${loss}`,
          );
        }
        total += loss;
      }
      losses.push(total / steps);
      options.onProgress?.({ epoch: epoch + 1, epochs, loss: total / steps });
    }
  } finally {
    trainer.dispose();
  }
  const right = evaluate(kernels, parameters, held, { b: 1, heads, headDim, tokens });
  const counts = classCounts(training);
  const majority = counts.indexOf(Math.max(...counts));
  return {
    classifier: readClassifier(parameters, heads, headDim),
    losses,
    accuracy: right / held.length,
    baseline: held.filter(({ label }) => label === majority).length / held.length,
  };
}

interface NetworkShape {
  readonly b: number;
  readonly heads: number;
  readonly headDim: number;
  /** Longest prompt. */
  readonly tokens: number;
}

/** Parameters of the classifier by name. */
export type ClassifierParameters = ReadonlyMap<keyof KvClassifier, Parameter>;

/** Records the classifier: logits [b, 4] for inputs `keys` and `values` [b, tokens, D] and `hidden` [b, 1, tokens]. */
export function kvClassifierNetwork(
  tape: Tape,
  parameters: ClassifierParameters,
  { b, heads, headDim, tokens }: NetworkShape,
  training: boolean,
): Variable {
  const part = (name: keyof KvClassifier): Variable => tape.parameter(parameters.get(name)!);
  const keys = tape.input("keys", [b, tokens, headDim]);
  const values = tape.input("values", [b, tokens, headDim]);
  const absent = tape.input("absent", [b, 1, tokens]);
  const queries = reshape(part("queries"), [heads * heads, headDim]);
  // Q Kᵀ with the keys first: a matrix without leading axes serves the whole batch.
  const raw = transpose(matmul(keys, queries, { transposeB: true }), [0, 2, 1]);
  let weights = softmax(add(multiply(raw, 1 / Math.sqrt(headDim)), absent));
  if (training) weights = multiply(weights, tape.input("dropout", [b, heads * heads, tokens]));
  const mixed = reshape(matmul(weights, values), [b, heads, heads, headDim]);
  const pooled = transpose(mean(mixed, { axes: [2] }), [0, 2, 1]); // [b, D, H]
  const normal = layerNorm(reshape(pooled, [b, heads * headDim]), {
    ...{ scale: part("normScale"), shift: part("normShift"), epsilon: NORM_EPSILON },
  });
  const inner = relu(linear(normal, part("hidden"), { bias: part("hiddenBias") }));
  return linear(inner, part("output"), { bias: part("outputBias") });
}

/** As PyTorch starts them: Xavier normal for the queries, uniform within 1/sqrt(inputs) for the linear layers. */
function createParameters(heads: number, headDim: number, rng: Rng): ClassifierParameters {
  const width = heads * headDim;
  const bound = 1 / Math.sqrt(width);
  // Fans of a [H, H, D] tensor by PyTorch's rule: H x D inputs and as many outputs.
  const deviation = Math.sqrt(2 / (2 * heads * headDim));
  return new Map(
    classifierShapes(heads, headDim).map(([name, shape]) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const draw = (): number => {
        if (name === "queries") return rng.normal(0, deviation);
        if (name === "normScale") return 1;
        return name === "normShift" ? 0 : (2 * rng.uniform() - 1) * bound;
      };
      const data = Float32Array.from({ length }, draw);
      return [name, createParameter({ name, shape, data })];
    }),
  );
}

function readClassifier(
  parameters: ClassifierParameters,
  heads: number,
  headDim: number,
): KvClassifier {
  const parts = [...parameters].map(([name, parameter]) => [name, parameter.read()]);
  return { heads, headDim, ...Object.fromEntries(parts) } as KvClassifier;
}

function writeFeatures(
  feeds: Record<string, Float32Array>,
  b: number,
  { length, headDim, keys, values }: KvFeatures,
  tokens: number,
): void {
  const at = b * tokens * headDim;
  feeds.keys!.fill(0, at, at + tokens * headDim).set(keys, at);
  feeds.values!.fill(0, at, at + tokens * headDim).set(values, at);
  feeds.absent!.fill(0, b * tokens, b * tokens + length);
  feeds.absent!.fill(-1e9, b * tokens + length, (b + 1) * tokens);
}

/** How many examples are classified right. */
function evaluate(
  kernels: Kernels,
  parameters: ClassifierParameters,
  examples: readonly PrecisionExample[],
  shape: NetworkShape,
): number {
  if (examples.length === 0) return 0;
  const { headDim, tokens } = shape;
  const tape = createTape();
  const logits = kvClassifierNetwork(tape, parameters, shape, false);
  using program = createProgram(kernels, { tape, outputs: [logits] });
  const feeds = {
    keys: new Float32Array(tokens * headDim),
    values: new Float32Array(tokens * headDim),
    absent: new Float32Array(tokens),
  };
  return examples.filter(({ features, label }) => {
    writeFeatures(feeds, 0, features, tokens);
    program.run(feeds);
    const scores = program.read(logits).data as Float32Array;
    return scores.indexOf(Math.max(...scores)) === label;
  }).length;
}

function classCounts(examples: readonly PrecisionExample[]): number[] {
  const counts = new Array<number>(SWITCH_CLASSES).fill(0);
  for (const { label } of examples) counts[label]!++;
  return counts;
}

/** Every class as often as the most frequent one, extra examples drawn. */
function oversample(examples: readonly PrecisionExample[], rng: Rng): PrecisionExample[] {
  const counts = classCounts(examples);
  const most = Math.max(...counts);
  const result = [...examples];
  counts.forEach((count, label) => {
    const own = examples.filter((example) => example.label === label);
    for (let i = count; count > 0 && i < most; i++) result.push(own[rng.integer(0, own.length)]!);
  });
  return result;
}
