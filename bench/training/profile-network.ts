// Where the time of our step goes, part by part.
import { formatNumber } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { networkNamed } from "./engines.js";
import { createOurTrainer, loadOurKernels } from "./our-trainer.js";

const WARM = 20;
const RUNS = 51;

/** Writes the parts of a training step to standard error, the slowest first. Wall clock. */
export async function profileNetwork(context: BenchContext, name: string): Promise<void> {
  const trainer = createOurTrainer(await loadOurKernels(), networkNamed(name));
  for (let i = 0; i < WARM; i++) trainer.step();
  const times = new Map<string, number[]>();
  for (let i = 0; i < RUNS; i++) trainer.profile(times);
  trainer.dispose();
  // Medians: a wall clock counts what other processes take.
  const parts = [...times]
    .map(([part, list]) => ({ part, time: list.sort((a, b) => a - b)[list.length >> 1]! }))
    .sort((a, b) => b.time - a.time);
  const total = parts.reduce((sum, { time }) => sum + time, 0);
  context.log(`  ${name}: ${formatNumber(total)} ms of wall time a step`);
  for (const { part, time } of parts) {
    const share = formatNumber((100 * time) / total);
    context.log(`  ${formatNumber(time).padStart(8)} ms ${share.padStart(5)} %  ${part}`);
  }
}
