import type { TrainingData } from "@edgewright/autograd";
import { EdgewrightError } from "@edgewright/core";
import { type Augmentation, writeAugmented } from "./data/augment.js";
import type { DatasetFacts } from "./data/datasets.js";
import { standardisedLevels } from "./data/input-tensor.js";
import type { LabelledImages } from "./data/labelled-images.js";

/**
 * Pictures as the training loop reads them: varied, standardised, written into the inputs `image` and
 * `labels` of the network.
 */
export function trainingImages(
  set: LabelledImages,
  facts: Pick<DatasetFacts, "mean" | "standardDeviation">,
  augmentation: Augmentation = {},
): TrainingData {
  const levels = standardisedLevels(facts);
  return {
    size: set.count,
    read(indices, { image, labels }, rng) {
      if (!(image instanceof Float32Array && labels instanceof Int32Array)) {
        throw new EdgewrightError(
          "invalid-argument",
          "trainingImages: a network with the inputs image (f32) and labels (i32) was expected",
        );
      }
      writeAugmented(set, indices, levels, image, rng, augmentation);
      for (let i = 0; i < indices.length; i++) labels[i] = set.labels[indices[i]!]!;
    },
  };
}
