// How a table is played: splits, seeds, rounds and the hyperparameters chosen for each split.
import type { NeuralExample } from "@edgewright/bandit/neural";
import type { QoeContender, QoeSetup } from "@edgewright/bandit/qoe";
import type { Kernels } from "@edgewright/kernels";
import type { BenchContext } from "../../../context.js";
import { collectExamples, greedyPerArm, kernel, linear, neural, ucb1PerArm } from "./contenders.js";
import { createSplit, type Split } from "./splits.js";
import type { QoeTable } from "./tables.js";
import { tune } from "./tune.js";

/** What all figures of a table share. */
export interface Plan {
  readonly rounds: number;
  /** Two runs for each split. */
  readonly seeds: readonly number[];
  /** The best values of every family by number of the split. */
  readonly tuned: readonly Readonly<Record<string, number>>[];
  splitOf(seed: number): Split;
  /** What a NeuralUCB saw in half as many rounds on the training side of the split at hand; played once for each seed. */
  examplesFor(setup: QoeSetup): Promise<readonly NeuralExample[]>;
  /** A contender of a family with the value that was chosen for the split at hand. */
  chosen(family: string, make: (value: number) => QoeContender): QoeContender;
}

/** Draws the splits of a table and chooses hyperparameters on their training sides. */
export async function createPlan(
  context: BenchContext,
  table: QoeTable,
  kernels: Kernels,
): Promise<Plan> {
  const rounds = context.quick ? 1000 : 2000;
  const splits = Array.from({ length: context.quick ? 2 : 5 }, (_, i) => createSplit(table, i));
  const splitNumber = (seed: number): number => Math.floor(seed / 2);
  const long = { rounds, runs: 2 };
  const tuned = await tune(
    splits,
    {
      ucb1: { ...long, values: [0.05, 0.1, 0.2, 0.5, 1], make: ucb1PerArm },
      epsilon: { ...long, values: [0.02, 0.05, 0.1, 0.2], make: greedyPerArm },
      linear: { ...long, values: [0.1, 0.3, 0.6], make: (alpha) => linear(alpha) },
      // Networks take ten times as long: half of the rounds, once.
      neural: {
        ...{ rounds: rounds / 2, runs: 1, values: [0.1, 0.3] },
        make: (gamma) => neural(gamma, kernels),
      },
      kernel: { rounds: rounds / 2, runs: 1, values: [2, 3], make: kernel },
    },
    context.signal,
  );
  const examples = new Map<number, Promise<readonly NeuralExample[]>>();
  return {
    ...{ rounds, tuned },
    seeds: Array.from({ length: 2 * splits.length }, (_, seed) => seed),
    splitOf: (seed) => splits[splitNumber(seed)]!,
    examplesFor(setup) {
      const number = splitNumber(setup.seed);
      const found =
        examples.get(setup.seed) ??
        collectExamples(
          setup,
          tuned[number]!.neural!,
          kernels,
          splits[number]!.training,
          rounds / 2,
        );
      examples.set(setup.seed, found);
      return found;
    },
    chosen: (family, make) => (setup) => make(tuned[splitNumber(setup.seed)]![family]!)(setup),
  };
}
