// Regret of everybody on held-out users and devices.

import {
  bestSinglePlayer,
  deviceOraclePlayer,
  type QoeContender,
  type QoeResult,
  randomPlayer,
  simulateQoe,
} from "@edgewright/bandit/qoe";
import type { FigureInput } from "@edgewright/device-bench";
import type { Kernels } from "@edgewright/kernels";
import type { BenchContext } from "../../../context.js";
import {
  greedyPerArm,
  kernel,
  linear,
  linearFromFleet,
  linearInteractions,
  neural,
  neuralTransferred,
  ucb1PerArm,
  ucb1PerDevice,
} from "./contenders.js";
import { compareRegret, describeGrowth, describeResult, describeTime } from "./describe-results.js";
import type { Plan } from "./plan.js";
import type { QoeTable } from "./tables.js";
import { writeCurves } from "./write-curves.js";

const UCB1 = "UCB1 per arm";
const TUNED_UCB1 = "UCB1 per arm, alpha tuned";
const SINGLE = "best single model, in hindsight";
const INTERACTIONS = "shared LinUCB, all interactions";

/** Names of contenders that the figures of questions refer to. */
export const NAMES = {
  random: "random",
  linear: "shared LinUCB, products by metric",
  neural: "NeuralUCB",
  transferred: "NeuralUCB, network transferred",
} as const;

/** What everybody did with every choice rated. */
export interface Learning {
  readonly rows: readonly FigureInput[];
  readonly resultOf: (name: string) => QoeResult;
}

/** Plays a table: every contender's regret, the comparisons with UCB1, and how regret grows. */
export async function describeLearning(
  context: BenchContext,
  table: QoeTable,
  plan: Plan,
  kernels: Kernels,
): Promise<Learning> {
  const { rounds, seeds, splitOf, chosen } = plan;
  const contenders: Record<string, QoeContender> = {
    [NAMES.random]: ({ world, seed }) => randomPlayer(world, seed),
    [SINGLE]: ({ world }) => bestSinglePlayer(world),
    "best model of each device, in hindsight": ({ world }) => deviceOraclePlayer(world),
    "epsilon-greedy per arm": chosen("epsilon", greedyPerArm),
    [UCB1]: ucb1PerArm(1),
    [TUNED_UCB1]: chosen("ucb1", ucb1PerArm),
    "UCB1 per device and arm, alpha tuned": chosen("ucb1", ucb1PerDevice),
    [NAMES.linear]: chosen("linear", (alpha) => linear(alpha)),
    ...(context.quick ? {} : { [INTERACTIONS]: chosen("linear", linearInteractions) }),
    "shared LinUCB, knowledge transferred": (setup) =>
      chosen("linear", (alpha) => linearFromFleet(alpha, splitOf(setup.seed).training, rounds / 2))(
        setup,
      ),
    [NAMES.neural]: chosen("neural", (gamma) => neural(gamma, kernels)),
    [NAMES.transferred]: chosen("neural", (gamma) =>
      neuralTransferred(gamma, kernels, plan.examplesFor),
    ),
    KernelUCB: chosen("kernel", kernel),
  };

  const spent = new Map<string, number>();
  // Processor time, which other work on the machine moves less.
  let last = process.cpuUsage();
  const results = await simulateQoe({
    world: (seed) => splitOf(seed).heldOut,
    ...{ contenders, rounds, seeds, signal: context.signal },
    onProgress({ contender }) {
      const { user, system } = process.cpuUsage(last);
      spent.set(contender, (spent.get(contender) ?? 0) + (user + system) / 1000);
      last = process.cpuUsage();
    },
  });
  const of = (name: string): QoeResult => results.find((result) => result.name === name)!;
  const learners: string[] = [NAMES.linear, INTERACTIONS, NAMES.neural].filter(
    (name) => name in contenders,
  );
  if (context.values.curves !== undefined) {
    const shown: string[] = [NAMES.random, UCB1, TUNED_UCB1, SINGLE, NAMES.linear, NAMES.neural];
    writeCurves(String(context.values.curves), table.name, shown.map(of));
  }
  const msOf = (name: string): number => spent.get(name)! / rounds / seeds.length;
  const rows = [
    ...results.map((result) => describeResult(table.name, result)),
    ...learners.flatMap((name) => [
      compareRegret(table.name, of(name), of(UCB1), { atMost: 0.5 }),
      compareRegret(table.name, of(name), of(TUNED_UCB1), { atMost: 0.5 }),
      compareRegret(table.name, of(name), of(SINGLE)),
      describeGrowth(table.name, of(name)),
      describeTime(table.name, name, msOf(name) - msOf(NAMES.random)),
    ]),
  ];
  return { rows, resultOf: of };
}
