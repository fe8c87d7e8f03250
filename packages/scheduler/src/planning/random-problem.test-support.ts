import { createRng, type DeviceProfile, type ModelVariant } from "@edgewright/core";
import { createPlanningProblem, type PlanningProblem } from "./planning-problem.js";

/** Options of {@link createRandomProblem}. */
export interface RandomProblemOptions {
  seed: number;
  tasks?: number;
  models?: number;
  engines?: number;
  slos?: string;
  coRuns?: number;
}

/** A device and models with figures out of a seeded generator: two engines on each processor but the last. */
export function createRandomProfile(options: RandomProblemOptions): DeviceProfile {
  const { seed, tasks = 2, models = 4, engines = 3, coRuns = 0 } = options;
  const rng = createRng(seed);
  const units = ["cpu", "gpu", "npu"] as const;
  const list = Array.from({ length: engines }, (_, i) => ({
    id: `engine-${i}`,
    runtime: "none",
    unit: units[i % 3]!,
  }));
  const variants: ModelVariant[] = [];
  const measurements: DeviceProfile["measurements"][number][] = [];
  for (let task = 0; task < tasks; task++) {
    for (let model = 0; model < models; model++) {
      const name = `t${task}m${model}`;
      variants.push({
        task: `t${task}`,
        model: name,
        precision: "int8",
        bytes: rng.integer(1, 50) * 1e6,
        macs: rng.integer(1, 50) * 1e7,
        accuracy: { metric: "top1", value: rng.integer(500, 950) / 10 },
      });
      for (const { id } of list) {
        const mean = rng.integer(10, 400) / 10;
        measurements.push({
          model: name,
          precision: "int8",
          engine: id,
          kind: "simulated",
          latencyMs: { mean, p95: mean * (1 + rng.uniform()) },
          memoryBytes: { max: rng.integer(5, 80) * 1e6 },
        });
      }
    }
  }
  return {
    version: 1,
    device: { name: `random ${seed}` },
    engines: list,
    variants,
    measurements,
    coRuns: Array.from({ length: coRuns }, () => ({
      kind: "simulated" as const,
      members: Array.from({ length: tasks }, (_, task) => ({
        model: `t${task}m${rng.integer(0, models)}`,
        precision: "int8",
        engine: `engine-${rng.integer(0, engines)}`,
      })),
      latencyMs: Array.from({ length: tasks }, () => ({ mean: rng.integer(10, 900) / 10 })),
    })),
  };
}

/** A problem over such a device. */
export function createRandomProblem(options: RandomProblemOptions): PlanningProblem {
  const { slos = "max accuracy; min latency; min memory x2; fairness >= 0.2" } = options;
  return createPlanningProblem({ profile: createRandomProfile(options), slos });
}
