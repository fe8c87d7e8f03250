// Every run of the reference again, with its quirks: how far the figures are apart, and their means over seeds.
import { mean } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import { type ReplayedRun, replayRun } from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import { readReferenceData } from "./reference-data.js";

/** Differences from the reference, the largest over all and by scheduler, then the means of violations and ANTT. */
export async function replayReference(context: BenchContext): Promise<FigureInput[]> {
  const data = readReferenceData(context);
  if (data === undefined) return [];
  const started = performance.now();
  const replayed = data.file.runs.map((run) => {
    context.signal.throwIfAborted();
    return replayRun(data.file, run, data.models);
  });
  const seconds = (performance.now() - started) / 1000;
  const byScheduler = groupBy(replayed, ({ run }) => run.scheduler);
  const simulated = { kind: "simulated", unit: "" } as const;
  return [
    {
      ...{ ...simulated, metric: "largest relative difference from the reference, all runs" },
      ...{ value: largestDifference(replayed), target: { atMost: 1e-9 } },
      note: `${replayed.length} runs of ${data.path.split("/").at(-1)} in ${seconds.toFixed(1)} s`,
    },
    ...[...byScheduler].map(
      ([scheduler, runs]): FigureInput => ({
        ...{ ...simulated, metric: `largest relative difference, ${scheduler}` },
        ...{ value: largestDifference(runs), target: { atMost: 1e-9 } },
        note: (["violation", "stp", "antt"] as const)
          .map((figure) => `${figure} ${largestOf(runs, figure).toExponential(1)}`)
          .join(", "),
      }),
    ),
    ...describeMeans(replayed),
  ];
}

function describeMeans(replayed: readonly ReplayedRun[]): FigureInput[] {
  const cells = groupBy(replayed, ({ run }) => `${run.rate}/s, SLO x${run.sloMultiplier}`);
  return [...cells].flatMap(([cell, runs]) =>
    [...groupBy(runs, ({ run }) => run.scheduler)].flatMap(([scheduler, same]): FigureInput[] => {
      const seeds = `mean over ${same.length} seeds`;
      return [
        {
          ...{ kind: "simulated", metric: `${cell}, ${scheduler}, violations`, unit: "%" },
          value: 100 * mean(same.map(({ metrics }) => metrics.violationRate)),
          note: `${seeds}; reference ${(100 * mean(same.map(({ run }) => run.violation))).toFixed(2)}`,
        },
        {
          ...{ kind: "simulated", metric: `${cell}, ${scheduler}, ANTT`, unit: "" },
          value: mean(same.map(({ metrics }) => metrics.antt)),
          note: `${seeds}; reference ${mean(same.map(({ run }) => run.antt)).toFixed(3)}`,
        },
      ];
    }),
  );
}

function largestDifference(runs: readonly ReplayedRun[]): number {
  return Math.max(...runs.flatMap(({ differences }) => Object.values(differences)));
}

function largestOf(runs: readonly ReplayedRun[], figure: keyof ReplayedRun["differences"]): number {
  return Math.max(...runs.map(({ differences }) => differences[figure]));
}

/** Values by a key, in the order in which keys come up. */
export function groupBy<Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
