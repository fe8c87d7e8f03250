import {
  adam,
  createParameter,
  createTrainer,
  linear,
  multiply,
  type OptimizerState,
  type Parameter,
  relu,
  square,
  subtract,
  sum,
  type Trainer,
} from "@edgewright/autograd";
import { createRng, type Rng, ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { decodeFloat32, encodeFloat32 } from "./float32-text.js";
import { drawInitialWeights } from "./initial-weights.js";
import { createMlp, type Mlp, type MlpShape } from "./mlp.js";
import type { ReplayBuffer } from "./replay-buffer.js";

/** How a network is trained. */
export interface TrainingSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** A small network with float32 weights, trained by Adam on squared errors of replayed examples. */
export interface Network {
  readonly mlp: Mlp;
  /** The weights as they are now, [mlp.parameterCount]; changed by training only. */
  readonly weights: Float64Array;
  /** Makes so many updates, each on a batch drawn from the buffer; nothing while it is empty. */
  train(buffer: ReplayBuffer, steps: number, rng: Rng): void;
  /** Sets an output's weights to 0, or to those of another one, and forgets the momentum of its training. */
  resetOutput(output: number, like?: number): void;
  state(): NetworkState;
  /**
   * Checks a state; the function it gives takes it over.
   *
   * @throws ValidationError when it is damaged or of another network
   */
  prepare(state: unknown, where: string): () => void;
  dispose(): void;
}

/** What {@link Network.state} gives. */
export interface NetworkState {
  readonly weights: string;
  readonly means: string;
  readonly squares: string;
  readonly steps: number;
}

/** Makes a network on kernels with the training extension. */
export function createNetwork(
  kernels: Kernels,
  shape: MlpShape,
  settings: TrainingSettings,
): Network {
  const { learningRate, weightDecay, batchSize, seed } = settings;
  const mlp = createMlp(shape);
  const parts = parametersOf(mlp, drawInitialWeights(mlp, createRng(seed)));
  const trainer = createTrainer(kernels, {
    batchSize,
    optimizer: adam({ learningRate, weightDecay }),
    // Holds single outliers, and refuses gradients that are no numbers.
    clipNorm: 10,
    record: (tape, batch) => {
      let x = tape.input("inputs", [batch, shape.inputs]);
      parts.forEach(({ weights, biases }, l) => {
        const y = linear(x, weights, { bias: biases });
        x = l === parts.length - 1 ? y : relu(y);
      });
      const errors = square(subtract(x, tape.input("rewards", [batch, shape.outputs])));
      return { loss: sum(multiply(tape.input("weights", [batch, shape.outputs]), errors)) };
    },
  });
  const weights = new Float64Array(mlp.parameterCount);
  const refresh = (): void => {
    mlp.layers.forEach((layer, l) => {
      weights.set(parts[l]!.weights.read(), layer.weights);
      weights.set(parts[l]!.biases.read(), layer.biases);
    });
  };
  refresh();
  const momentsOf = (which: "mean" | "square", { tensors }: OptimizerState): Float32Array => {
    const flat = new Float32Array(mlp.parameterCount);
    mlp.layers.forEach((layer, l) => {
      flat.set(tensors[`${parts[l]!.weights.name}/${which}`]!, layer.weights);
      flat.set(tensors[`${parts[l]!.biases.name}/${which}`]!, layer.biases);
    });
    return flat;
  };
  const write = (
    values: Float32Array,
    means: Float32Array,
    squares: Float32Array,
    step: number,
  ): void => {
    const tensors: Record<string, Float32Array> = {};
    mlp.layers.forEach((layer, l) => {
      const { weights, biases } = parts[l]!;
      weights.write(values.subarray(layer.weights, layer.biases));
      biases.write(values.subarray(layer.biases, layer.biases + layer.outputs));
      for (const [name, flat] of [
        ["mean", means],
        ["square", squares],
      ] as const) {
        tensors[`${weights.name}/${name}`] = flat.slice(layer.weights, layer.biases);
        tensors[`${biases.name}/${name}`] = flat.slice(layer.biases, layer.biases + layer.outputs);
      }
    });
    trainer.optimizer.restore({ step, tensors });
    refresh();
  };

  return {
    mlp,
    weights,
    train(buffer, steps, rng) {
      if (buffer.count === 0) return;
      for (let step = 0; step < steps; step++) {
        drawBatch(trainer, buffer, batchSize, shape.outputs, rng);
        trainer.step();
      }
      refresh();
    },
    resetOutput(output, like) {
      const state = trainer.optimizer.state();
      const flat = Float32Array.from(weights);
      const means = momentsOf("mean", state);
      const squares = momentsOf("square", state);
      const from = like === undefined ? undefined : outputIndices(mlp, like);
      outputIndices(mlp, output).forEach((at, i) => {
        flat[at] = from === undefined ? 0 : weights[from[i]!]!;
        means[at] = 0;
        squares[at] = 0;
      });
      write(flat, means, squares, state.step);
    },
    state() {
      const state = trainer.optimizer.state();
      return {
        weights: encodeFloat32(Float32Array.from(weights)),
        means: encodeFloat32(momentsOf("mean", state)),
        squares: encodeFloat32(momentsOf("square", state)),
        steps: state.step,
      };
    },
    prepare(state, where) {
      const given = (state ?? {}) as Partial<NetworkState>;
      const count = mlp.parameterCount;
      const values = decodeFloat32(given.weights, count, `${where}.weights`);
      const means = decodeFloat32(given.means, count, `${where}.means`);
      const squares = decodeFloat32(given.squares, count, `${where}.squares`);
      const steps = given.steps as number;
      if (!Number.isSafeInteger(steps) || steps < 0 || squares.some((value) => value < 0)) {
        throw new ValidationError(
          `${where}: a whole number of steps and squares from 0 were expected; the snapshot is damaged`,
        );
      }
      return () => write(values, means, squares, steps);
    },
    dispose: () => trainer.dispose(),
  };
}

/** Places of the parameters that belong to one output alone: its column of weights, then its bias. */
export function outputIndices(mlp: Mlp, output: number): number[] {
  const { inputs, outputs, weights, biases } = mlp.layers.at(-1)!;
  const column = Array.from({ length: inputs }, (_, i) => weights + i * outputs + output);
  return [...column, biases + output];
}

interface LayerParameters {
  readonly weights: Parameter;
  readonly biases: Parameter;
}

function parametersOf(mlp: Mlp, initial: Float32Array): LayerParameters[] {
  return mlp.layers.map(({ inputs, outputs, weights, biases }, l) => ({
    weights: createParameter({
      name: `layer${l}.weights`,
      shape: [inputs, outputs],
      data: initial.subarray(weights, biases),
    }),
    biases: createParameter({
      name: `layer${l}.biases`,
      shape: [outputs],
      data: initial.subarray(biases, biases + outputs),
    }),
  }));
}

/** Examples with replacement: also a buffer with fewer of them than a batch fills one. */
function drawBatch(
  trainer: Trainer,
  buffer: ReplayBuffer,
  batchSize: number,
  outputs: number,
  rng: Rng,
): void {
  const { inputs, rewards, weights } = trainer.batch as Record<string, Float32Array>;
  const { width } = buffer;
  rewards!.fill(0);
  weights!.fill(0);
  for (let i = 0; i < batchSize; i++) {
    const row = rng.integer(0, buffer.count);
    const from = row * width;
    for (let k = 0; k < width; k++) inputs![i * width + k] = buffer.inputs[from + k]!;
    const at = i * outputs + buffer.heads[row]!;
    rewards![at] = buffer.rewards[row]!;
    weights![at] = buffer.weights[row]! / batchSize;
  }
}
