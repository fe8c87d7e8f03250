import type { DeviceProfile } from "@edgewright/core";
import { expect, test } from "vitest";
import {
  createSingleArchitecturePlanner,
  createTransferredPlanner,
  createUnawarePlanner,
  createWeightedSumPlanner,
} from "./baseline-planners.js";
import { chooseByEpsilonConstraint, scoreByTopsis, scoreByWeightedSum } from "./choose-designs.js";
import { memoryIntensityOf, modelSlowdown } from "./contention.js";
import { formatDesign } from "./design.js";
import { createRassPlanner } from "./design-planner.js";
import { explainInfeasibility, InfeasibleProblemError } from "./explain-infeasibility.js";
import { designAt, exploreDesigns, rankDesigns } from "./explore-designs.js";
import { findBestDesign } from "./find-best-design.js";
import { formatSlo } from "./format-slos.js";
import { createPixel4Profile } from "./pixel4.test-support.js";
import { planDesigns } from "./plan-designs.js";
import { createPlanningProblem } from "./planning-problem.js";
import { createRandomProblem, createRandomProfile } from "./random-problem.test-support.js";

const profile = createPixel4Profile();
const ALL_WELL = { troubled: [], memoryPressure: false };
const SLOS = "max accuracy; min latency; min size; latency <= 41.67ms";

test("candidates without a figure are left out and counted, not guessed", () => {
  const slos = "max accuracy; min p95 latency";
  expect(() => createPlanningProblem({ profile, slos })).toThrow("of 24 no p95 latency is known");
  const measurements = profile.measurements.map((measurement, i) =>
    i < 3 ? { ...measurement, latencyMs: { mean: 5, p95: 6 } } : measurement,
  );
  const problem = createPlanningProblem({ profile: { ...profile, measurements }, slos });
  expect(problem.candidates[0]).toHaveLength(3);
  expect(problem.excluded).toHaveLength(21);
});

test.each<[string, string]>([
  ["latency <= 5ms", "at least one objective"],
  ["max accuracy for ocr", '"max accuracy for ocr" is about none of the tasks'],
  ["min energy", "no energy is known"],
])("'%s' is refused", (slos, message) => {
  expect(() => createPlanningProblem({ profile, slos })).toThrow(message);
});

test.each<[string, unknown]>([
  ["slos[0]: an objective was expected", [null]],
  [
    'got { direction: "up", kind: "broad", metric: "accuracy" }',
    [{ kind: "broad", direction: "up", metric: "accuracy" }],
  ],
  [
    "slos[1]",
    [
      { kind: "broad", direction: "max", metric: "accuracy" },
      { kind: "broad", direction: "max", metric: "accuracy", weigth: 2 },
    ],
  ],
  ["slos[0]", [{ kind: "broad", direction: "max", metric: "accuracy; min latency" }]],
  ["slos[0]", [{ kind: "narrow", metric: "latency", comparison: "<=", bound: "5" }]],
  ["a text was expected, got number", 5],
])("objects that are no objectives are refused: %s", (message, slos) => {
  expect(() => createPlanningProblem({ profile, slos: slos as string })).toThrow(message);
});

test("figures that are no numbers count as not known", () => {
  const measurements = profile.measurements.map((one, i) =>
    i < 2 ? { ...one, latencyMs: { mean: [Number.NaN, Infinity][i]! } } : one,
  );
  const slos = "max accuracy; min latency";
  const problem = createPlanningProblem({ profile: { ...profile, measurements }, slos });
  expect(problem.excluded).toHaveLength(2);
  const memoryIntensity = () => Number.NaN;
  expect(() => createPlanningProblem({ profile, slos, contention: { memoryIntensity } })).toThrow(
    /memoryIntensity of 0 to 1 was expected, got NaN for/,
  );
});

test("products that nobody could walk are refused at once", () => {
  const tasks = Array.from({ length: 13 }, (_, i) => `task${i}`);
  const variants = tasks.flatMap((task) => profile.variants!.map((one) => ({ ...one, task })));
  const slos = "max accuracy; min latency";
  const problem = createPlanningProblem({ profile, slos, variants });
  const { scales } = exploreDesigns(createPlanningProblem({ profile, slos }));
  expect(() => findBestDesign(problem)).toThrow(/at most 1000000000 designs can be looked at/);
  expect(() => findBestDesign(problem, { scales })).toThrow(/1000000 mappings .* got 1594323/);
  expect(() => findBestDesign(problem, { scales: [] })).toThrow(/scales of 2 objectives .* got 0/);
});

test("a percentage fits accuracies of either scale, an error rate counts as what it leaves", () => {
  const scaled: DeviceProfile = {
    ...profile,
    variants: profile.variants!.map((variant) => ({
      ...variant,
      accuracy: {
        metric: "error",
        value: 1 - variant.accuracy!.value / 100,
        higherIsBetter: false,
      },
    })),
  };
  const counts = [profile, scaled].map((one) => {
    const slos = "min latency; accuracy >= 79.5%";
    return exploreDesigns(createPlanningProblem({ profile: one, slos })).count;
  });
  expect(counts).toEqual([7, 7]);
});

test("what is infeasible is explained by the smallest relaxation of each constraint", () => {
  const slos = "max accuracy; latency <= 3ms; accuracy >= 74.4";
  const problem = createPlanningProblem({ profile, slos });
  const { single, joint } = explainInfeasibility(problem)!;
  expect(single.map(({ relaxed }) => formatSlo(relaxed))).toEqual(["latency <= 3.8ms"]);
  expect(joint).toEqual([]);
  expect(() => planDesigns(problem)).toThrow(InfeasibleProblemError);
  expect(() => planDesigns(problem)).toThrow('"latency <= 3.8ms" instead of "latency <= 3ms"');
  // The relaxed problem has a design, a little less would not do.
  const count = (text: string): number =>
    exploreDesigns(createPlanningProblem({ profile, slos: text })).count;
  expect(count("max accuracy; latency <= 3.8ms; accuracy >= 74.4")).toBe(1);
  expect(count("max accuracy; latency <= 3.799ms; accuracy >= 74.4")).toBe(0);
});

test("either of two constraints may suffice; where none does, both are named", () => {
  const either = createPlanningProblem({
    profile,
    slos: "min size; latency <= 6ms; accuracy >= 80",
  });
  expect(explainInfeasibility(either)!.single.map(({ relaxed }) => formatSlo(relaxed))).toEqual([
    "latency <= 21ms",
    "accuracy >= 75.9",
  ]);
  const both = createPlanningProblem({ profile, slos: "min size; latency <= 3ms; accuracy >= 90" });
  const { single, joint } = explainInfeasibility(both)!;
  expect(single).toEqual([]);
  expect(joint).toHaveLength(2);
  const slos = `min size; ${joint.map(({ relaxed }) => formatSlo(relaxed)).join("; ")}`;
  expect(explainInfeasibility(createPlanningProblem({ profile, slos }))).toBeUndefined();
});

test("models on one processor share its time, busy others cost memory time", () => {
  expect(modelSlowdown(1, 1, 0.3, 1)).toBe(1);
  expect(modelSlowdown(2, 1, 0.3, 1)).toBe(2);
  expect(modelSlowdown(1, 3, 0.1, 0.5)).toBeCloseTo(1.1, 12);
  const candidate = createRandomProblem({ seed: 1 }).candidates[0]![0]!;
  const { bytes, macs } = candidate.variant;
  expect(memoryIntensityOf(candidate)).toBeCloseTo(bytes! / (bytes! + macs! / 32), 12);
});

test("a measured co-run counts before the model", () => {
  const base = createRandomProfile({ seed: 3, models: 1, engines: 1 });
  const members = ["t0m0", "t1m0"].map((model) => ({
    model,
    precision: "int8",
    engine: "engine-0",
  }));
  const latencyMs = [1.5, 3].map((ratio, i) => ({
    mean: base.measurements[i]!.latencyMs!.mean! * ratio,
  }));
  const slos = "min ntt for t0; max fairness; min antt; max stp";
  const plan = (coRuns: DeviceProfile["coRuns"]): ReturnType<typeof designAt> =>
    designAt(exploreDesigns(createPlanningProblem({ profile: { ...base, coRuns }, slos })), 0);
  const modelled = plan([]);
  expect(modelled.contention).toBe("modelled");
  expect(modelled.metrics).toMatchObject({ "min ntt for t0": 2, "max fairness": 1, "max stp": 1 });
  // Members in another order than the tasks.
  const measured = plan([
    { members: members.toReversed(), latencyMs: latencyMs.toReversed(), kind: "measured" },
  ]);
  expect(measured.contention).toBe("measured");
  expect(measured.metrics["min ntt for t0"]).toBeCloseTo(1.5, 12);
  expect(measured.metrics["max fairness"]).toBeCloseTo(0.5, 12);
  expect(measured.metrics["min antt"]).toBeCloseTo(2.25, 12);
  expect(measured.metrics["max stp"]).toBeCloseTo(1 / 1.5 + 1 / 3, 12);
});

test("parts of a model add up; an engine that lacks one is left out", () => {
  const [first] = profile.measurements;
  const measurements = ["encoder", "decoder"].map((component) => ({ ...first!, component }));
  const slos = "min latency";
  const whole = createPlanningProblem({ profile: { ...profile, measurements }, slos });
  expect(whole.candidates[0]!.map(({ measurement }) => measurement.latencyMs!.mean)).toEqual([24]);
  const partly = [...measurements, { ...first!, component: "encoder", engine: "gpu" }];
  const problem = createPlanningProblem({ profile: { ...profile, measurements: partly }, slos });
  expect(problem.candidates[0]).toHaveLength(1);
});

test("no planner comes nearer to the utopia point than the first design of the set", () => {
  const other = exploreDesigns(createRandomProblem({ seed: 12, tasks: 2 }));
  for (let seed = 0; seed < 8; seed++) {
    const space = exploreDesigns(createRandomProblem({ seed, tasks: 2 }));
    if (space.count === 0) continue;
    const best = createRassPlanner().prepare(space).choose(ALL_WELL)!.design.optimality;
    const planners = [
      createWeightedSumPlanner(),
      createSingleArchitecturePlanner("accuracy"),
      createSingleArchitecturePlanner("size"),
      createUnawarePlanner(),
      createTransferredPlanner(other),
    ];
    for (const planner of planners) {
      const planned = planner.prepare(space).choose(ALL_WELL);
      if (planned?.feasible) expect(planned.design.optimality).toBeLessThanOrEqual(best);
    }
  }
});

test("the baselines on the Pixel 4", () => {
  const space = exploreDesigns(createPlanningProblem({ profile, slos: SLOS }));
  const choose = (planner: ReturnType<typeof createRassPlanner>, troubled: string[] = []): string =>
    formatDesign(planner.prepare(space).choose({ troubled, memoryPressure: false })!.design).slice(
      35,
    );
  expect(choose(createSingleArchitecturePlanner("accuracy"))).toBe("lite4 fp16 @ gpu");
  expect(choose(createSingleArchitecturePlanner("size"))).toBe("lite0 fp16 @ gpu");
  expect(choose(createSingleArchitecturePlanner("size"), ["gpu"])).toBe("lite0 int8 @ edgetpu");
  expect(choose(createTransferredPlanner(space))).toBe("lite3 int8 @ edgetpu");
  expect(choose(createWeightedSumPlanner())).toBe(
    formatDesign(designAt(space, argmax(scoreByWeightedSum(space)))).slice(35),
  );
  expect(choose(createWeightedSumPlanner(), ["npu"])).not.toContain("edgetpu");
});

test("TOPSIS and the epsilon-constraint method", () => {
  const space = exploreDesigns(createPlanningProblem({ profile, slos: SLOS }));
  const scores = scoreByTopsis(space);
  expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...scores)).toBeLessThanOrEqual(1);
  // By hand: two designs, each best in one of two objectives, score by the norm of the differences.
  const two = {
    ...space,
    count: 2,
    scales: space.scales
      .slice(0, 2)
      .map((scale) => ({ ...scale, direction: "min" as const, utopia: 3, worst: 4 })),
    values: [Float64Array.of(3, 4), Float64Array.of(4, 3)],
  };
  expect([...scoreByTopsis(two)]).toEqual([0.5, 0.5]);
  const found = chooseByEpsilonConstraint(space, 0, [undefined, 10, 9e6])!;
  expect(formatDesign(designAt(space, found))).toContain("lite3 int8 @ edgetpu");
  expect(chooseByEpsilonConstraint(space, 0, [undefined, 1, undefined])).toBeUndefined();
  expect(() => chooseByEpsilonConstraint(space, 3, [])).toThrow("below 3");
  expect(() => designAt(space, 23)).toThrow("below 23");
  expect(rankDesigns(space)).toHaveLength(23);
});

function argmax(values: Float64Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
