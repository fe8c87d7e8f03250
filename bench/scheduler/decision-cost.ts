// What a decision costs by how many requests come: the simulator's own work, which all policies share, in it.
import { median } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  createPolicy,
  createScanQueue,
  dysta,
  minimize,
  type Policy,
  policyNames,
  simulate,
} from "@edgewright/scheduler";
import { dystaScore } from "../../packages/scheduler/src/policies/dysta.js";
import { scoreDysta } from "../../packages/scheduler/src/policies/dysta-score.js";
import type { BenchContext } from "../context.js";
import { createModels, createOverload } from "./workload.js";

const COUNTS = [100, 1000, 10_000, 100_000] as const;

/** One thousand requests under Dysta: the figure with a bar. */
export async function measureThousand(context: BenchContext): Promise<FigureInput[]> {
  const models = createModels();
  const requests = createOverload(models, 1000);
  const names = ["fcfs", "dysta", "guarded-srpt"] as const;
  const { timings } = await context.measure(
    names.map((name) => ({
      name,
      run: () => simulate({ policy: createPolicy(name), models, requests }),
    })),
    { clock: "cpu" },
  );
  return timings.map(({ name, cpu, wall }): FigureInput => {
    const time = cpu ?? wall;
    return {
      ...{ metric: `1,000 requests of 12 layers, ${name}`, value: time.median, unit: "ms" },
      ...(name === "dysta" ? { target: { atMost: 25 } } : {}),
      note: `CPU time of one thread; ${wall.median.toFixed(1)} ms by the wall clock`,
    };
  });
}

/** The curve of every policy, and of a scan of all tasks with Dysta's score. */
export async function measureCurves(context: BenchContext): Promise<FigureInput[]> {
  const models = createModels();
  const workloads = COUNTS.slice(0, context.quick ? 3 : 4).map((count) => ({
    count,
    requests: createOverload(models, count),
  }));
  const policies = [...policyNames().map((name) => createPolicy(name)), scanningDysta()];
  const rows: FigureInput[] = [];
  for (const policy of policies) {
    const costs: number[] = [];
    let lastSeconds = 0;
    for (const { count, requests } of workloads) {
      context.signal.throwIfAborted();
      // Where the cost of a decision grows like the queue, ten times the requests take a hundred times as long.
      const growth = costs.length < 2 ? 1 : costs.at(-1)! / costs.at(-2)!;
      if (lastSeconds * 10 * growth > MOST_SECONDS) {
        context.log(`  ${policy.name}: ${count} requests left out, they would take too long`);
        break;
      }
      const runs: number[] = [];
      let decisions = 0;
      for (let spent = 0; runs.length < 3 || (spent < 0.2 && runs.length < 20); ) {
        const started = cpuSeconds();
        decisions = simulate({ policy, models, requests }).decisions;
        runs.push(cpuSeconds() - started);
        spent += runs.at(-1)!;
        if (spent > 1) break;
      }
      lastSeconds = median(runs);
      costs.push((lastSeconds / decisions) * 1e6);
      rows.push({
        ...{ metric: `${policy.name}, ${count.toLocaleString("en-US")} requests, a decision` },
        ...{ value: costs.at(-1)!, unit: "us", note: describe(costs, decisions) },
      });
    }
  }
  return rows;
}

const MOST_SECONDS = 20; // for one simulation

function describe(costs: readonly number[], decisions: number): string {
  const count = `${decisions.toLocaleString("en-US")} decisions`;
  return costs.length < 3
    ? count
    : `${count}; ${(costs.at(-1)! / costs[1]!).toFixed(1)} times that of 1,000`;
}

function scanningDysta(): Policy {
  const rule = dystaScore({}, false);
  return {
    ...{ ...dysta(), name: "dysta by a scan" },
    createQueue: () =>
      createScanQueue(minimize((task, now, count) => scoreDysta(rule, task, now, count))),
  };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
