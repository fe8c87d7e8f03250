import { createRng, type DeviceProfile, type ModelVariant } from "@edgewright/core";
import { createPlanningProblem, type PlanningProblem } from "@edgewright/scheduler";

const TASKS = ["a", "b", "c"];
const MODELS = 25;
const ENGINES = ["cpu", "gpu", "npu", "dsp"] as const;

/** Three tasks of a hundred candidates each, with figures out of a generator: 10^6 designs. */
export function createMillionDesigns(): PlanningProblem {
  const rng = createRng(20);
  const variants: ModelVariant[] = [];
  const measurements: DeviceProfile["measurements"][number][] = [];
  for (const task of TASKS) {
    for (let i = 0; i < MODELS; i++) {
      const model = `${task}${i}`;
      const work = 0.1 + 0.9 * rng.uniform();
      const accuracy = { metric: "top1", value: 60 + 30 * work + rng.normal() };
      variants.push({
        task,
        model,
        precision: "int8",
        bytes: work * 2e7,
        macs: work * 1e9,
        accuracy,
      });
      for (const engine of ENGINES) {
        measurements.push({
          ...{ model, precision: "int8", engine, kind: "simulated" },
          latencyMs: { mean: work * (5 + 35 * rng.uniform()) },
          memoryBytes: { max: work * (4e7 + 4e7 * rng.uniform()) },
        });
      }
    }
  }
  const profile: DeviceProfile = {
    version: 1,
    device: { name: "synthetic" },
    engines: ENGINES.map((unit) => ({ id: unit, runtime: "none", unit })),
    variants,
    measurements,
    coRuns: [],
  };
  const slos =
    "max accuracy; min latency; min memory; max fairness; latency <= 60ms; memory <= 100MB";
  return createPlanningProblem({ profile, slos });
}
