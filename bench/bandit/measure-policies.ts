import * as bandits from "@edgewright/bandit";
import { createBandit, type Policy } from "@edgewright/bandit";
import { median } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { makeLinearStream } from "./linear-stream.js";

const DIMENSION = 20;
const ARMS = 10;
// The first half only warms up: compilers go on finding better code for some ten thousand decisions.
const STEPS = 30_000;
const CHUNKS = 10;

// Rewards from 0 to 1, which every policy takes.
const contextual = { dimension: DIMENSION };
const shared = { contextDimension: DIMENSION, armDimension: 2, joint: "concatenate" } as const;
const policies: Readonly<Record<string, () => Policy>> = {
  epsilonGreedy: () => bandits.epsilonGreedy(),
  ucb1: () => bandits.ucb1(),
  klUcb: () => bandits.klUcb(),
  betaThompson: () => bandits.betaThompson(),
  gaussianThompson: () => bandits.gaussianThompson(),
  softmax: () => bandits.softmax(),
  exp3: () => bandits.exp3(),
  linUcb: () => bandits.linUcb(contextual),
  'linUcb, scores "needed"': () => bandits.linUcb({ ...contextual, scores: "needed" }),
  "linUcb, discount .999": () => bandits.linUcb({ ...contextual, discount: 0.999 }),
  "linUcb, window 1000": () => bandits.linUcb({ ...contextual, window: 1000 }),
  linGreedy: () => bandits.linGreedy(contextual),
  linThompson: () => bandits.linThompson(contextual),
  "sharedLinUcb, p = 22": () => bandits.sharedLinUcb(shared),
  "sharedLinThompson, p = 22": () => bandits.sharedLinThompson(shared),
  "hybridLinUcb, k = 22": () => bandits.hybridLinUcb(shared),
  logisticUcb: () => bandits.logisticUcb(contextual),
  logisticThompson: () => bandits.logisticThompson(contextual),
};

/** Decide + update of the policies, and what they have to keep. */
export async function measurePolicies(context: BenchContext): Promise<FigureInput[]> {
  const steps = context.quick ? STEPS / 10 : STEPS;
  const { contexts, rewards } = makeLinearStream(DIMENSION, ARMS, steps, 5);
  const arms = new Map(
    Array.from({ length: ARMS }, (_, arm) => [`arm ${arm}`, [1, arm / ARMS]] as const),
  );
  const names = [...arms.keys()];
  const rows: FigureInput[] = [];
  for (const [name, make] of Object.entries(policies)) {
    context.signal.throwIfAborted();
    const policy = make();
    const offer = policy.armDimension > 0 ? arms : names;
    const bandit = createBandit({ policy, arms: offer, seed: 1 });
    const size = steps / CHUNKS;
    const times: number[] = [];
    for (let from = 0; from < steps; from += size) {
      const started = process.cpuUsage();
      for (let step = from; step < from + size; step++) {
        const start = step * DIMENSION;
        const given =
          policy.contextDimension > 0 ? contexts.subarray(start, start + DIMENSION) : undefined;
        const { id, arm } = bandit.decide(given);
        const reward = rewards[step * ARMS + names.indexOf(arm)]!;
        bandit.update(id, Math.max(0, Math.min(1, 0.5 + reward / 4)));
      }
      const { user, system } = process.cpuUsage(started);
      times.push((user + system) / size);
    }
    const time = median(times.slice(CHUNKS / 2));
    rows.push({
      metric: `${name}, d = ${DIMENSION}, K = ${ARMS}: decide + update`,
      ...{ value: 1e6 / time, unit: "/s" },
      note: `${time.toFixed(1)} us of CPU time; a snapshot takes ${Math.ceil(JSON.stringify(bandit.snapshot()).length / 1000)} kB`,
    });
  }
  return rows;
}
