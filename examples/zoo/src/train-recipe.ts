import {
  adamW,
  type Checkpoint,
  cosineSchedule,
  createTrainer,
  crossEntropy,
  sgd,
  type TrainedEpoch,
  type TrainingProgress,
  train,
  trainableModel,
  warmUp,
} from "@edgewright/autograd";
import { createRng } from "@edgewright/core";
import { type Model, serializeModel } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { checkpointMetadata } from "./checkpoint.js";
import { datasetFacts } from "./data/datasets.js";
import type { LabelledImages } from "./data/labelled-images.js";
import type { Recipe } from "./recipes.js";
import { trainingImages } from "./training-images.js";

/** Options of {@link trainRecipe}. */
export interface TrainRecipeOptions {
  /** With the training extension. */
  readonly kernels: Kernels;
  /** Where an earlier run ended. @default the beginning */
  readonly resume?: Checkpoint | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Milliseconds between two calls of `onProgress`. @default 250 */
  readonly progressInterval?: number;
  readonly onEpoch?: (epoch: TrainedEpoch) => void;
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void | Promise<void>;
}

/** What {@link trainRecipe} made. */
export interface TrainedModel {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Mean loss of the last epoch. */
  readonly finalLoss: number;
}

/**
 * Trains one model of the zoo from its recipe.
 *
 * @throws AbortError when the signal fires, after `onCheckpoint`; DivergenceError when the loss is no finite
 * number any more
 */
export async function trainRecipe(
  recipe: Recipe,
  pictures: LabelledImages,
  options: TrainRecipeOptions,
): Promise<TrainedModel> {
  const { kernels, resume, onEpoch, ...loop } = options;
  const facts = datasetFacts(recipe.dataset);
  const weights = createRng(recipe.seed);
  const network = trainableModel(recipe.build(weights, checkpointMetadata(facts)));
  const { height, width } = pictures;
  using trainer = createTrainer(kernels, {
    batchSize: recipe.batchSize,
    optimizer: optimiserOf(recipe),
    record(tape, batch, mode) {
      const image = tape.input("image", [batch, 1, height, width]);
      const labels = tape.input("labels", [batch], "i32");
      const logits = network.apply(image, { mode }).logits!;
      return { loss: crossEntropy(logits, labels), outputs: { logits } };
    },
  });
  let finalLoss = Number.NaN;
  await train(trainer, {
    ...loop,
    data: trainingImages(pictures, facts, recipe.augmentation),
    epochs: recipe.epochs,
    // Another stream than the weights': orders must not repeat the numbers that made them.
    seed: recipe.seed + 1_000_000,
    schedule: scheduleOf(recipe, Math.floor(pictures.count / recipe.batchSize)),
    ...(resume && { resume }),
    onEpoch(epoch) {
      finalLoss = epoch.loss;
      onEpoch?.(epoch);
    },
  });
  const model: Model = network.toModel();
  return { bytes: serializeModel(model), finalLoss };
}

function optimiserOf({ optimiser, momentum = 0, weightDecay, learningRate }: Recipe) {
  return optimiser === "sgd"
    ? sgd({ learningRate, momentum, weightDecay })
    : adamW({ learningRate, weightDecay });
}

/** A linear rise to the recipe's learning rate, then half a cosine to zero. */
export function scheduleOf(
  { learningRate, warmUp: part, epochs }: Recipe,
  stepsPerEpoch: number,
): (step: number) => number {
  const steps = epochs * stepsPerEpoch;
  const rising = Math.floor(part * steps);
  return warmUp(cosineSchedule(learningRate, { steps: steps - rising }), { steps: rising });
}
