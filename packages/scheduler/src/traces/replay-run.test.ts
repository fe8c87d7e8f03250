import { createRng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { poissonArrivals } from "../simulator/arrivals.js";
import { parseEyerissTrace } from "./eyeriss-trace.js";
import { type PlainModel, replayPlainly } from "./plain-reference.test-support.js";
import { parseReferenceRuns } from "./reference-runs.js";
import { replayRun } from "./replay-run.js";

const SCHEDULERS = [
  ...["fcfs", "sjf", "sjf_sparse", "prema", "prema_sparse", "planaria", "sdrm3"],
  ...["dysta_naive", "dysta", "dysta_oracle"],
];

// Networks with patterns, as traces of Eyeriss V2 name them: two patterns of each of two architectures.
function createCnnModels(): PlainModel[] {
  const rng = createRng(17);
  const architectures = [
    { name: "resnet50", layers: 9, patterns: { block4_sparse60: 0.8, filter_sparse20: 1.15 } },
    {
      name: "mobilenet",
      layers: 5,
      patterns: { block4_sparse60: 0.5, unstructured_sparse60: 0.3 },
    },
  ];
  return architectures.flatMap(({ name, layers, patterns }) => {
    const base = Array.from({ length: layers }, () => 0.2 + 0.5 * rng.uniform());
    return Object.entries(patterns).map(([pattern, scale]): PlainModel => {
      const sparsities = Array.from({ length: 10 }, () => {
        const shift = 0.2 * (rng.uniform() - 0.5);
        return base.map((one) => Number((one + shift + 0.02 * rng.uniform()).toFixed(6)));
      });
      const latencies = sparsities.map((row) =>
        row.map((one, layer) => Number(((scale * (1 - one)) / (20 * (layer + 2))).toFixed(9))),
      );
      return { name: `${name}_${pattern}`, architecture: name, latencies, sparsities };
    });
  });
}

function writeTrace({ latencies, sparsities }: PlainModel): string {
  const rows = latencies.flatMap((row, batch) =>
    row.map((latency, layer) => `${latency},${sparsities[batch]![layer]},${batch},${layer}`),
  );
  return ["sim_lat,overall-sparsity,batch-indx,layer-indx", ...rows].join("\n");
}

describe("runs of convolutional networks, against a slow and obvious replay", () => {
  const models = createCnnModels();
  const tables = models.map((model) => parseEyerissTrace(writeTrace(model), { name: model.name }));
  const requests: Record<string, [number, string, number, number][]> = {};
  const runs: Record<string, unknown>[] = [];
  for (const [seed, rate] of [
    [1, 15],
    [2, 30],
  ] as const) {
    const rng = createRng(seed);
    requests[`seed${seed}_ar${rate}`] = poissonArrivals({ rate, count: 150, seed }).map(
      (arrival) => [
        arrival,
        models[rng.integer(0, models.length)]!.name,
        [1, 3, 9][rng.integer(0, 3)]!,
        rng.integer(0, 7),
      ],
    );
    for (const sched of SCHEDULERS) {
      for (const slo of [5, 20]) {
        const figures = replayPlainly(sched, models, requests[`seed${seed}_ar${rate}`]!, slo);
        runs.push({ seed, ar: rate, slo, sched, ...figures });
      }
    }
  }
  const file = parseReferenceRuns(JSON.stringify({ runs, requests }));

  test.each(SCHEDULERS)("%s", (scheduler) => {
    for (const run of file.runs.filter((one) => one.scheduler === scheduler)) {
      const { differences, completed } = replayRun(file, run, tables);
      expect(completed.length).toBe(150);
      expect(differences.violation).toBe(0);
      expect(Math.max(differences.stp, differences.antt)).toBeLessThan(1e-12);
    }
  });

  test("they are overloaded enough to tell schedulers apart", () => {
    const antts = file.runs.filter(({ seed, sloMultiplier }) => seed === 2 && sloMultiplier === 5);
    expect(new Set(antts.map(({ antt }) => antt.toFixed(6))).size).toBeGreaterThan(7);
    expect(Math.max(...antts.map(({ violation }) => violation))).toBeGreaterThan(0.2);
  });

  test("a scheduler or a model that is not known is named", () => {
    const [run] = file.runs;
    expect(() => replayRun(file, { ...run!, scheduler: "rr" }, tables)).toThrow(/scheduler "rr"/);
    expect(() => replayRun(file, run!, tables.slice(0, 1))).toThrow(/no trace for the model "/);
  });
});
