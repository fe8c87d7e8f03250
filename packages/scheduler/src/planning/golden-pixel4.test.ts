import { expect, test } from "vitest";
import { formatDesign } from "./design.js";
import { describeStates, lookUpDesign } from "./design-set.js";
import { designAt, rankDesigns } from "./explore-designs.js";
import { createPixel4Profile } from "./pixel4.test-support.js";
import { planDesigns } from "./plan-designs.js";
import { createPlanningProblem } from "./planning-problem.js";

// Expected figures: computed independently from the published table, to three digits.
const SLOS = "max accuracy; min latency; min size; latency <= 41.67ms";

function plan(): ReturnType<typeof planDesigns> {
  return planDesigns(createPlanningProblem({ profile: createPixel4Profile(), slos: SLOS }));
}

test("24 designs, 23 feasible; the utopia point and population deviations", () => {
  const { space } = plan();
  expect([space.size, space.count]).toEqual([24, 23]);
  const expected = [
    [81.5, 2.123],
    [3.8, 9.781],
    [4.7, 11.537],
  ];
  space.scales.forEach(({ utopia, deviation }, i) => {
    const scale = i === 2 ? 1e-6 : 1; // bytes
    expect(utopia * scale).toBeCloseTo(expected[i]![0]!, 3);
    expect(deviation * scale).toBeCloseTo(expected[i]![1]!, 3);
  });
});

test("the best designs and their optimality", () => {
  const { space } = plan();
  const best = [...rankDesigns(space)].slice(0, 4).map((index) => designAt(space, index));
  const task = "image-classification: efficientnet-";
  expect(best.map(formatDesign)).toEqual([
    `${task}lite3 int8 @ edgetpu`,
    `${task}lite3 fp16 @ gpu`,
    `${task}lite3 int8 @ cpu-4`,
    `${task}lite2 fp16 @ gpu`,
  ]);
  expect(1 / best[0]!.optimality).toBeCloseTo(1.3573, 3);
  [0.7368, 0.6022, 0.5281, 0.4881].forEach((value, i) => {
    expect(best[i]!.optimality).toBeCloseTo(value, 3);
  });
});

test("the design set and its table", () => {
  const { set } = plan();
  const { d0, d1, d2, dm, dw } = set.roles;
  const describe = (index: number | undefined): string => {
    const [{ model, precision, processor }] = set.designs[index!]!.assignments as [
      (typeof set.designs)[0]["assignments"][0],
    ];
    return `${model.slice(-5)} ${precision} ${processor}`;
  };
  expect([d0, d1, d2, dm, dw].map(describe)).toEqual([
    "lite3 int8 npu",
    "lite3 fp16 gpu",
    "lite3 int8 cpu",
    "lite0 int8 npu",
    "lite0 fp16 gpu",
  ]);
  expect(set.designs[dm]!.optimality).toBeCloseTo(0.299, 3);
  expect(set.designs[dw]!.optimality).toBeCloseTo(0.328, 3);
  expect(set.engines).toEqual(["cpu", "gpu", "npu"]);
  expect(describeStates(set)).toHaveLength(16);
  const roleIn = (engines: string[], memory: boolean): [number, string] => {
    const { index, change } = lookUpDesign(set, engines, memory);
    return [index, change];
  };
  expect(roleIn([], false)).toEqual([d0, "none"]);
  expect(roleIn(["cpu", "gpu"], false)).toEqual([d0, "none"]);
  expect(roleIn(["npu"], false)).toEqual([d1, "CB"]);
  expect(roleIn(["npu", "gpu"], false)).toEqual([d2, "CP"]);
  expect(roleIn(["cpu", "gpu", "npu"], false)).toEqual([dw, "CB"]);
  expect(roleIn([], true)).toEqual([dm, "CM"]);
  // Of those that leave the accelerator alone, the smallest: 8.2 MB on the CPU against 9.4 MB on the GPU.
  expect(roleIn(["npu"], true)).toEqual([d2, "CP"]);
  expect(roleIn(["cpu", "gpu", "npu"], true)).toEqual([dm, "CM"]);
});
