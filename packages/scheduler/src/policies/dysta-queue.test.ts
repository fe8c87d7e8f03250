import { createRng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { poissonArrivals } from "../simulator/arrivals.js";
import { createRequests } from "../simulator/create-requests.js";
import { createModelTable } from "../simulator/model-table.js";
import { simulate } from "../simulator/simulate.js";
import { createPolicy } from "./create-policy.js";
import { dystaScore } from "./dysta.js";
import { scoreDysta } from "./dysta-score.js";
import type { Policy } from "./policy.js";
import { createScanQueue, minimize } from "./scan-queue.js";

// Inputs that differ so much that tasks are set aside after some layers: classes and trees fill up.
function createModels() {
  const rng = createRng(5);
  return [0.9, 1, 1.3].map((scale, i) => {
    const whole = Array.from({ length: 20 }, () => 0.6 + 0.8 * rng.uniform());
    const densities = whole.map((one) => Array.from({ length: 6 }, () => 0.5 * one));
    return createModelTable({
      name: `m${i}`,
      latencies: densities.map((row) => row.map((density) => density * scale * 0.01)),
      sparsities: densities.map((row) => row.map((density) => 1 - density)),
    });
  });
}

describe.each(["dysta", "dysta-naive", "dysta-oracle"] as const)("%s in an overload", (name) => {
  // Deadlines that all tasks miss, that some miss, and that none does; then none at all.
  test.each([1, 12, 300, Infinity])("SLO x%d: the same schedule as by a scan", (sloMultiplier) => {
    const models = createModels();
    const arrivals = poissonArrivals({ rate: 55, count: 500, seed: 2 });
    const requests = createRequests({ models, arrivals, seed: 3, sloMultiplier });
    const policy = createPolicy(name);
    const rule = dystaScore({}, name === "dysta-oracle");
    const scan = minimize((task, now, count) => scoreDysta(rule, task, now, count));
    const scanning = { ...policy, createQueue: () => createScanQueue(scan) };
    const run = (one: typeof policy, accelerators: number) =>
      simulate({ policy: one, models, requests, segments: true, accelerators }).completed;
    expect(run(policy, 1)).toEqual(run(scanning, 1));
    expect(run(policy, 2)).toEqual(run(scanning, 2));
  });

  test("layers and whole models that take no time are scored like a scan does", () => {
    const rng = createRng(11);
    const rows = () => Array.from({ length: 4 }, () => (rng.uniform() < 0.5 ? 0 : rng.uniform()));
    const models = [[[0, 0, 0, 0]], [rows(), [0, 0, 0, 0], rows()]].map((latencies, i) => {
      const sparsities = latencies.map(rows);
      return createModelTable({ name: `m${i}`, latencies, sparsities });
    });
    const arrivals = Array.from({ length: 60 }, (_, i) => Math.floor(i / 6));
    const requests = createRequests({ models, arrivals, seed: 4, sloMultiplier: 5 });
    const rule = dystaScore({}, name === "dysta-oracle");
    const scan = minimize((task, now, count) => scoreDysta(rule, task, now, count));
    for (const accelerators of [1, 3]) {
      const run = (policy: Policy) =>
        simulate({ policy, models, requests, segments: true, accelerators }).completed;
      const policy = createPolicy(name);
      expect(run(policy)).toEqual(run({ ...policy, createQueue: () => createScanQueue(scan) }));
    }
  });
});
