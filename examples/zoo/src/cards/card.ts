import { createHash } from "node:crypto";
import type { Interval, ModelVariant } from "@edgewright/core";
import type { Checkpoint } from "../checkpoint.js";
import type { ClassificationAccuracy } from "../evaluate.js";
import type { Recipe } from "../recipes.js";

/** Where and how long a model was trained. */
export interface TrainingFacts {
  /** Wall time of the training steps, interruptions left out. */
  readonly seconds: number;
  /** Mean loss of the last epoch. */
  readonly finalLoss: number;
  readonly trainingPictures: number;
  /** Processor and threads, in words. */
  readonly machine: string;
  /** Node and V8, in words. */
  readonly software: string;
  /** Build of the kernels, `baseline` or `relaxed`. */
  readonly kernels: string;
  /** Commit of this repository at the beginning of the training, where git is there. */
  readonly commit?: string;
  /** ISO 8601 day. */
  readonly date: string;
  /** What made it. */
  readonly command: string;
}

/** The figures of a model card. */
export interface Card {
  readonly name: string;
  readonly description: string;
  readonly dataset: { readonly title: string; readonly licence: string; readonly source: string };
  readonly recipe: Omit<Recipe, "build" | "name" | "description" | "dataset">;
  readonly training: TrainingFacts;
  /** On the full test set, which had no part in the training. */
  readonly accuracy: ClassificationAccuracy;
  /** On the pictures that ship with the zoo; of Fashion-MNIST only. */
  readonly subsetAccuracy: ClassificationAccuracy | undefined;
  /** As the rest of Edgewright knows models. */
  readonly variant: ModelVariant;
  /** SHA-256 of the ONNX file. */
  readonly sha256: string;
}

/** Puts a model card together. */
export function createCard(
  recipe: Recipe,
  checkpoint: Checkpoint,
  training: TrainingFacts,
  accuracy: ClassificationAccuracy,
  subsetAccuracy?: ClassificationAccuracy,
): Card {
  const { build: _, name, description, dataset: __, ...rest } = recipe;
  const { title, licence, source } = checkpoint.dataset;
  return {
    name,
    description,
    dataset: { title, licence, source },
    recipe: rest,
    training,
    accuracy,
    subsetAccuracy,
    variant: {
      task: "image-classification",
      model: name,
      precision: "fp32",
      bytes: checkpoint.bytes.length,
      macs: checkpoint.macs,
      parameters: checkpoint.parameters,
      accuracy: { metric: "top1", value: accuracy.accuracy },
    },
    sha256: createHash("sha256").update(checkpoint.bytes).digest("hex"),
  };
}

/** `91.32 %`. */
export function formatAccuracy(accuracy: number): string {
  return `${(100 * accuracy).toFixed(2)} %`;
}

/** `90.7 % to 91.9 %`. */
export function formatInterval({ low, high }: Interval): string {
  return `${(100 * low).toFixed(1)} % to ${(100 * high).toFixed(1)} %`;
}

/** `1 min 05 s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
