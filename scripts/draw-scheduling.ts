// Draws the pictures of docs/scheduling.md: one small workload under three policies.
//
//   node --conditions=@edgewright/source --import tsx scripts/draw-scheduling.ts
import { writeFileSync } from "node:fs";
import { createRng } from "@edgewright/core";
import {
  createModelTable,
  createPolicy,
  createRequests,
  drawTimeline,
  type ModelTable,
  poissonArrivals,
  simulate,
} from "@edgewright/scheduler";

const POLICIES = ["fcfs", "dysta", "guarded-srpt"] as const;
const SAMPLES = 20;

const rng = createRng(1);
const models = [
  createSparseModel("keyword", 4, 0.01),
  createSparseModel("classifier", 6, 0.02),
  createSparseModel("detector", 8, 0.05),
];
const arrivals = poissonArrivals({ rate: 6, count: 24, seed: 26 });
const requests = createRequests({ models, arrivals, seed: 2, sloMultiplier: 6 });

const runs = POLICIES.map((name) => {
  const result = simulate({ policy: createPolicy(name), models, requests, segments: true });
  return { name, ...result };
});
const to = Math.max(...runs.flatMap(({ completed }) => completed.map(({ finish }) => finish)));
for (const { name, completed, metrics } of runs) {
  const title = `${name}: ${metrics.violations} of ${metrics.requests} late, ANTT ${metrics.antt.toFixed(2)}`;
  const file = new URL(`../docs/images/scheduling-${name}.svg`, import.meta.url);
  writeFileSync(file, `${drawTimeline(completed, { from: 0, to, title })}\n`);
  console.log(title);
}

/** A model whose layers take time in proportion to what is not zero; an input is sparse in all of its layers or none. */
function createSparseModel(name: string, layers: number, layerSeconds: number): ModelTable {
  const sparsities = Array.from({ length: SAMPLES }, () => {
    const share = 0.2 + 0.6 * rng.uniform();
    return Array.from({ length: layers }, () => share + 0.1 * (rng.uniform() - 0.5));
  });
  const latencies = sparsities.map((row) => row.map((zeros) => layerSeconds * 2 * (1 - zeros)));
  return createModelTable({ name, latencies, sparsities });
}
