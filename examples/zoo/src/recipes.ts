import type { Rng } from "@edgewright/core";
import type { Model } from "@edgewright/graph";
import type { Augmentation } from "./data/augment.js";
import type { DatasetName } from "./data/datasets.js";
import { buildDsNet } from "./models/ds-net.js";
import { buildLenet5 } from "./models/lenet5.js";
import { buildResnet8 } from "./models/resnet8.js";

/** How one model of the zoo is made: everything that its bytes depend on, but the data and the code. */
export interface Recipe {
  /** Name of the checkpoint's file, without the ending. */
  readonly name: string;
  /** One line for the model card. */
  readonly description: string;
  readonly dataset: DatasetName;
  build(rng: Rng, metadata: Readonly<Record<string, string>>): Model;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** AdamW's largest learning rate, reached after the warm-up and followed by half a cosine to zero. */
  readonly learningRate: number;
  /** AdamW's decoupled weight decay, of all parameters. */
  readonly weightDecay: number;
  /** Part of all steps in which the learning rate rises linearly. */
  readonly warmUp: number;
  readonly augmentation: Augmentation;
  /** Accuracy on the full test set that the project asks for, where it asks. */
  readonly target?: number;
}

const COMMON = { seed: 1, batchSize: 64, warmUp: 0.1, dataset: "fashion-mnist" } as const;

/** The recipes of the zoo, the cheapest model first. */
export const RECIPES: readonly Recipe[] = [
  {
    ...COMMON,
    name: "lenet-5",
    description: "LeNet-5 with ReLU and max pooling",
    build: buildLenet5,
    epochs: 15,
    learningRate: 2e-3,
    weightDecay: 0.01,
    augmentation: { flip: true },
    target: 0.9,
  },
  {
    ...COMMON,
    name: "lenet-5-mnist",
    description: "LeNet-5 with ReLU and max pooling, on handwritten digits",
    dataset: "mnist",
    build: buildLenet5,
    epochs: 8,
    learningRate: 2e-3,
    weightDecay: 0.01,
    augmentation: { shift: 2 },
    target: 0.99,
  },
  {
    ...COMMON,
    name: "ds-net-w8",
    description: "depthwise-separable net, 8 to 32 channels",
    build: (rng, metadata) => buildDsNet(8, rng, metadata),
    epochs: 12,
    learningRate: 6e-3,
    weightDecay: 0.01,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    name: "ds-net-w16",
    description: "depthwise-separable net, 16 to 64 channels",
    build: (rng, metadata) => buildDsNet(16, rng, metadata),
    epochs: 10,
    learningRate: 5e-3,
    weightDecay: 0.01,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    name: "ds-net-w32",
    description: "depthwise-separable net, 32 to 128 channels",
    build: (rng, metadata) => buildDsNet(32, rng, metadata),
    epochs: 8,
    learningRate: 4e-3,
    weightDecay: 0.05,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    name: "resnet-8-w8",
    description: "ResNet-8 in MLPerf Tiny's layout, 8 to 32 channels",
    build: (rng, metadata) => buildResnet8(8, rng, metadata),
    epochs: 10,
    learningRate: 5e-3,
    weightDecay: 0.05,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    name: "resnet-8-w16",
    description: "ResNet-8 in MLPerf Tiny's layout, 16 to 64 channels",
    build: (rng, metadata) => buildResnet8(16, rng, metadata),
    epochs: 10,
    learningRate: 4e-3,
    weightDecay: 0.05,
    augmentation: { flip: true },
    target: 0.925,
  },
];
