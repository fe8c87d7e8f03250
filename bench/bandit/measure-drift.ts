import { createBandit, linUcb } from "@edgewright/bandit";
import { createRng } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { makeLinearStream } from "./linear-stream.js";

const DIMENSION = 20;
const ARMS = 4;

/** Ten million decisions and updates: what they leave behind as rounding and as memory. */
export async function measureDrift(context: BenchContext): Promise<FigureInput[]> {
  const updates = context.quick ? 500_000 : 10_000_000;
  const policy = linUcb({ dimension: DIMENSION });
  const arms = Array.from({ length: ARMS }, (_, arm) => `arm ${arm}`);
  const bandit = createBandit({ policy, arms, seed: 1 });
  // Contexts come again in another order; the noise of the rewards does not.
  const { contexts, rewards, steps } = makeLinearStream(DIMENSION, ARMS, 8192, 3);
  const rng = createRng(4);
  const rows: FigureInput[] = [];
  let worst = 0;
  let memoryBefore = 0;
  const started = process.cpuUsage();
  for (let update = 1; update <= updates; update++) {
    const step = rng.nextUint32() % steps;
    const start = step * DIMENSION;
    const { id, arm } = bandit.decide(contexts.subarray(start, start + DIMENSION));
    bandit.update(id, rewards[step * ARMS + arms.indexOf(arm)]! + rng.uniform() - 0.5);
    if (update % (updates / 10) !== 0) continue;
    context.signal.throwIfAborted();
    const drift = policy.drift();
    worst = Math.max(worst, drift);
    const memory = usedMemory();
    if (memoryBefore === 0) memoryBefore = memory;
    context.log(
      `  ${update.toLocaleString("en-US")} updates: drift ${drift.toExponential(1)}, ${(memory / 1e6).toFixed(2)} MB`,
    );
  }
  const { user } = process.cpuUsage(started);
  const count = updates.toLocaleString("en-US");
  rows.push({
    metric: `drift of the inverse from a fresh one after ${count} updates, worst of ten looks`,
    ...{ value: worst, unit: "", target: { atMost: 1e-9 } },
    note: `d = ${DIMENSION}, K = ${ARMS}; relative to the largest element; ${(user / updates).toFixed(2)} us an update with its decision`,
  });
  rows.push({
    metric: `memory that the last nine tenths of ${count} updates added`,
    ...{ value: (usedMemory() - memoryBefore) / 1e6, unit: "MB", target: { atMost: 1 } },
    note: "heap and buffers after a collection",
  });
  return rows;
}

function usedMemory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
