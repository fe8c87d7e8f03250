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
  readonly optimiser: "sgd" | "adamw";
  /** Of stochastic gradient descent. */
  readonly momentum?: number;
  /** Of all parameters: added to the gradient by `sgd`, decoupled from it by `adamw`. */
  readonly weightDecay: number;
  /** The largest learning rate, reached after the warm-up and followed by half a cosine to zero. */
  readonly learningRate: number;
  /** Part of all steps in which the learning rate rises linearly. */
  readonly warmUp: number;
  readonly augmentation: Augmentation;
  /** Accuracy on the full test set that the project asks for, where it asks. */
  readonly target?: number;
}

const COMMON = { seed: 1, batchSize: 64, warmUp: 0.1, dataset: "fashion-mnist" } as const;
const ADAMW = { optimiser: "adamw", weightDecay: 0.01 } as const;
const SGD = { optimiser: "sgd", momentum: 0.9, weightDecay: 5e-4, learningRate: 0.1 } as const;

/** The recipes of the zoo, the cheapest model first. */
export const RECIPES: readonly Recipe[] = [
  {
    ...COMMON,
    ...ADAMW,
    name: "lenet-5",
    description: "LeNet-5 with ReLU and max pooling",
    build: buildLenet5,
    epochs: 15,
    learningRate: 2e-3,
    augmentation: { flip: true },
    target: 0.9,
  },
  {
    ...COMMON,
    ...ADAMW,
    name: "lenet-5-mnist",
    description: "LeNet-5 with ReLU and max pooling, on handwritten digits",
    dataset: "mnist",
    build: buildLenet5,
    epochs: 8,
    learningRate: 2e-3,
    augmentation: { shift: 2 },
    target: 0.99,
  },
  {
    ...COMMON,
    ...SGD,
    name: "ds-net-w8",
    description: "depthwise-separable net, 8 to 32 channels",
    build: (rng, metadata) => buildDsNet(8, rng, metadata),
    epochs: 12,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    ...SGD,
    name: "ds-net-w16",
    description: "depthwise-separable net, 16 to 64 channels",
    build: (rng, metadata) => buildDsNet(16, rng, metadata),
    epochs: 12,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    ...SGD,
    name: "ds-net-w32",
    description: "depthwise-separable net, 32 to 128 channels",
    build: (rng, metadata) => buildDsNet(32, rng, metadata),
    epochs: 10,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    ...SGD,
    name: "resnet-8-w8",
    description: "ResNet-8 in MLPerf Tiny's layout, 8 to 32 channels",
    build: (rng, metadata) => buildResnet8(8, rng, metadata),
    epochs: 10,
    augmentation: { flip: true },
  },
  {
    ...COMMON,
    ...SGD,
    name: "resnet-8-w16",
    description: "ResNet-8 in MLPerf Tiny's layout, 16 to 64 channels",
    build: (rng, metadata) => buildResnet8(16, rng, metadata),
    epochs: 12,
    augmentation: { flip: true },
    target: 0.925,
  },
];
