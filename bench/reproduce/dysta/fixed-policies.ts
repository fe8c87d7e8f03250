// The policies without the reference's quirks, on the requests of its runs.
import { mean } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  createPolicy,
  type PolicyName,
  policyNames,
  replayRequests,
  type ScheduleMetrics,
  simulate,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import { readReferenceData } from "./reference-data.js";
import { groupBy } from "./replay.js";

// What the paper compares Dysta with, of what is here.
const BASELINES: readonly PolicyName[] = ["fcfs", "sjf", "prema", "planaria", "sdrm3"];

/** Violations and ANTT of every policy by rate and SLO, and Dysta's gains as the paper counts them. */
export async function simulateFixed(context: BenchContext): Promise<FigureInput[]> {
  const data = readReferenceData(context);
  if (data === undefined) return [];
  const { file, models } = data;
  // One run of each workload: its scheduler does not matter.
  const cells = groupBy(file.runs, ({ rate, sloMultiplier }) => `${rate}/s, SLO x${sloMultiplier}`);
  const rows: FigureInput[] = [];
  for (const [cell, runs] of cells) {
    const seeds = [...groupBy(runs, ({ seed }) => String(seed)).values()].map((same) => same[0]!);
    const means = new Map<string, { violations: number; antt: number }>();
    for (const name of policyNames()) {
      context.signal.throwIfAborted();
      const results = seeds.map((run): ScheduleMetrics => {
        const requests = replayRequests(file, run, models);
        return simulate({ policy: createPolicy(name), models, requests }).metrics;
      });
      const violations = 100 * mean(results.map(({ violationRate }) => violationRate));
      const antt = mean(results.map((metrics) => metrics.antt));
      means.set(name, { violations, antt });
      const note = `mean over ${seeds.length} seeds`;
      const figure = { kind: "simulated", note } as const;
      rows.push(
        { ...figure, metric: `${cell}, ${name}, violations`, unit: "%", value: violations },
        { ...figure, metric: `${cell}, ${name}, ANTT`, unit: "", value: antt },
      );
    }
    const dysta = means.get("dysta")!;
    const best = (of: "violations" | "antt") =>
      Math.min(...BASELINES.map((b) => means.get(b)![of]));
    const worst = Math.max(...BASELINES.map((name) => means.get(name)!.antt));
    rows.push(
      {
        ...{ kind: "simulated", metric: `${cell}, Dysta's violations below the best baseline's` },
        ...{ value: best("violations") - dysta.violations, unit: "points" },
        note: "paper: up to 10 % fewer",
      },
      {
        ...{ kind: "simulated", metric: `${cell}, ANTT of the worst baseline over Dysta's` },
        ...{ value: worst / dysta.antt, unit: "x" },
        note: `of the best baseline ${(best("antt") / dysta.antt).toFixed(2)}; paper: nearly 4`,
      },
    );
  }
  return rows;
}
