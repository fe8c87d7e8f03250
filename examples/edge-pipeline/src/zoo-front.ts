import type { TimeSummary } from "@edgewright/device-bench";
import { type ClassificationAccuracy, paretoFront } from "zoo";

/** What one model of the zoo did on this machine. */
export interface ZooModel {
  readonly name: string;
  /** On the pictures that ship with the zoo. */
  readonly accuracy: ClassificationAccuracy;
  /** For one picture, processor time of one thread. */
  readonly time: Omit<TimeSummary, "samples">;
  readonly parameters: number;
  /** Multiply-accumulates for one picture. */
  readonly macs: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Whether no other model is at least as fast and at least as often right. */
  readonly isOnFront: boolean;
}

/** The accuracy/latency front of the zoo, as measured here. */
export interface ZooFront {
  /** What the pictures are, e.g. `Fashion-MNIST`. */
  readonly dataset: string;
  readonly pictures: number;
  /** From the fastest to the slowest. */
  readonly models: readonly ZooModel[];
}

/** Sorts the models by their time, and marks those on the Pareto front. */
export function findZooFront(
  dataset: string,
  pictures: number,
  models: readonly Omit<ZooModel, "isOnFront">[],
): ZooFront {
  const front = new Set(
    paretoFront(models, ({ time, accuracy }) => ({
      cost: time.median,
      benefit: accuracy.accuracy,
    })),
  );
  return {
    dataset,
    pictures,
    models: [...models]
      .sort((a, b) => a.time.median - b.time.median)
      .map((model) => ({ ...model, isOnFront: front.has(model) })),
  };
}
