// Hyperparameters chosen on the training side of every split.
import { type QoeContender, simulateQoe } from "@edgewright/bandit/qoe";
import type { Split } from "./splits.js";

/** Values to choose from, by family. */
export type Grid = Readonly<
  Record<
    string,
    {
      readonly values: readonly number[];
      readonly rounds: number;
      readonly runs: number;
      readonly make: (value: number) => QoeContender;
    }
  >
>;

/** For every split the best value of every family, by mean quality of experience on its training side. */
export async function tune(
  splits: readonly Split[],
  grid: Grid,
  signal: AbortSignal,
): Promise<Record<string, number>[]> {
  const chosen: Record<string, number>[] = [];
  for (const [number, { training }] of splits.entries()) {
    const best: Record<string, number> = {};
    for (const [family, { values, rounds, runs, make }] of Object.entries(grid)) {
      const results = await simulateQoe({
        world: training,
        contenders: Object.fromEntries(values.map((value) => [`${value}`, make(value)])),
        ...{ rounds, signal },
        seeds: Array.from({ length: runs }, (_, run) => 100 + 10 * number + run),
      });
      const winner = results.reduce((a, b) => (b.qoe.mean > a.qoe.mean ? b : a));
      best[family] = values[results.indexOf(winner)]!;
    }
    chosen.push(best);
  }
  return chosen;
}
