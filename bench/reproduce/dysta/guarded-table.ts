// Load x SLO: a policy of our own, guarded-srpt, beside FCFS and Dysta on the reference traces.
import { mean } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  createPolicy,
  createRequests,
  poissonArrivals,
  replayRequests,
  type SimulatedRequest,
  simulate,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import { type ReferenceData, readReferenceData } from "./reference-data.js";

const POLICIES = ["fcfs", "dysta", "guarded-srpt"] as const;
const SLO_MULTIPLIERS = [10, 25, 50, 75, 100, 150];
const SEEDS = [1, 2, 3, 4, 5];
const REQUESTS = 1000;

type Means = Readonly<Record<(typeof POLICIES)[number], { violations: number; antt: number }>>;

/**
 * Violations and ANTT of the three at every load and SLO. Held: no more violations than the better of the other two,
 * and, at the heaviest load, an ANTT no higher than Dysta's.
 */
export async function tabulateGuarded(context: BenchContext): Promise<FigureInput[]> {
  const data = readReferenceData(context);
  if (data === undefined) return [];
  const heaviest = Math.max(...data.file.runs.map(({ rate }) => rate));
  const rates = [0.25, 0.5, 0.75, 1].map((part) => part * heaviest);
  const seeds = context.quick ? SEEDS.slice(0, 1) : SEEDS;
  const rows: FigureInput[] = [];
  let [held, cells, worstAntt] = [0, 0, 0];
  for (const rate of rates) {
    for (const slo of SLO_MULTIPLIERS) {
      context.signal.throwIfAborted();
      const means = simulateCell(data, rate, slo, seeds);
      const { fcfs, dysta, "guarded-srpt": guarded } = means;
      const bar = Math.min(fcfs.violations, dysta.violations);
      cells++;
      if (guarded.violations <= bar) held++;
      if (rate === heaviest) worstAntt = Math.max(worstAntt, guarded.antt / dysta.antt);
      const cell = `${rate}/s, SLO x${slo}, guarded-srpt`;
      const kind = "simulated";
      rows.push(
        {
          ...{ kind, metric: `${cell}, violations`, unit: "%", value: guarded.violations },
          ...{ target: { atMost: bar } },
          note: `fcfs ${fcfs.violations.toFixed(2)}, dysta ${dysta.violations.toFixed(2)}`,
        },
        {
          ...{ kind, metric: `${cell}, ANTT`, unit: "", value: guarded.antt },
          ...(rate === heaviest && { target: { atMost: dysta.antt } }),
          note: `fcfs ${fcfs.antt.toFixed(2)}, dysta ${dysta.antt.toFixed(2)}`,
        },
      );
    }
  }
  const note = `means over ${seeds.length} seeds of ${REQUESTS} requests; where the file has requests of a rate, those`;
  return [
    {
      ...{ kind: "simulated", metric: "cells with no more violations than fcfs and dysta", note },
      ...{ value: held, unit: `of ${cells}`, target: { atLeast: cells } },
    },
    {
      ...{ kind: "simulated", metric: `worst ANTT over Dysta's at ${heaviest}/s`, note },
      ...{ value: worstAntt, unit: "x", target: { atMost: 1 } },
    },
    ...rows,
  ];
}

function simulateCell(
  data: ReferenceData,
  rate: number,
  slo: number,
  seeds: readonly number[],
): Means {
  const { models } = data;
  const workloads = seeds.map((seed) => requestsOf(data, rate, slo, seed));
  const cell = POLICIES.map((name) => {
    const results = workloads.map(
      (requests) => simulate({ policy: createPolicy(name), models, requests }).metrics,
    );
    const violations = 100 * mean(results.map(({ violationRate }) => violationRate));
    return [name, { violations, antt: mean(results.map(({ antt }) => antt)) }] as const;
  });
  return Object.fromEntries(cell) as Means;
}

// The reference's own requests where its file has some of this rate, ours otherwise.
function requestsOf(
  { file, models }: ReferenceData,
  rate: number,
  sloMultiplier: number,
  seed: number,
): SimulatedRequest[] {
  const run = file.runs.find((one) => one.rate === rate && one.seed === seed);
  if (run) return replayRequests(file, { ...run, sloMultiplier }, models);
  const arrivals = poissonArrivals({ rate, count: REQUESTS, seed });
  return createRequests({ models, arrivals, seed: seed + 1000, sloMultiplier });
}
