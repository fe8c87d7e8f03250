import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { ask, randomVector, teach } from "./dense-ridge.test-support.js";
import { linGreedy, sharedLinGreedy } from "./lin-greedy.js";
import { linUcb } from "./lin-ucb.js";

describe("linGreedy", () => {
  it("gives every arm epsilon / K and the best one the rest, falling with the rewards", () => {
    const policy = linGreedy({ dimension: 1, epsilon: 0.3, decay: 2 });
    for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
    teach(policy, 1, [1], 1);
    teach(policy, 1, [1], 1);
    const { probabilities } = ask(policy, [0, 1, 2], [1]); // epsilon 0.3 / (1 + 2 / 2)
    expect(probabilities[0]).toBeCloseTo(0.05, 12);
    expect(probabilities[1]).toBeCloseTo(0.9, 12);
    const half = linGreedy({ dimension: 1, epsilon: (rounds) => (rounds < 1 ? 1 : 0) });
    half.addArm(0);
    half.addArm(1);
    expect([...ask(half, [0, 1], [1]).probabilities]).toEqual([0.5, 0.5]);
    teach(half, 1, [1], 1);
    expect([...ask(half, [0, 1], [1]).probabilities]).toEqual([0, 1]);
  });

  it("with epsilon 0 chooses as linUcb with alpha 0", () => {
    const rng = createRng(4);
    const policies = [
      linGreedy({ dimension: 3, epsilon: 0, scores: "needed" }),
      linUcb({ dimension: 3, alpha: 0 }),
    ];
    for (const policy of policies) for (let slot = 0; slot < 4; slot++) policy.addArm(slot);
    for (let step = 0; step < 100; step++) {
      const x = randomVector(rng, 3);
      const [greedy, ucb] = policies.map((policy) => ask(policy, [0, 1, 2, 3], x));
      expect(greedy!.probabilities).toEqual(ucb!.probabilities);
      expect(greedy!.widths.every(Number.isNaN)).toBe(true);
      const reward = rng.normal();
      for (const policy of policies) teach(policy, greedy!.probabilities.indexOf(1), x, reward);
    }
  });

  it("works on a shared model", () => {
    const policy = sharedLinGreedy({ contextDimension: 1, armDimension: 1, epsilon: 0 });
    teach(policy, 0, [1], 1, { armFeatures: [2] });
    expect([...ask(policy, [0, 1], [1], [1, 3]).probabilities]).toEqual([0, 1]);
  });

  it("refuses an epsilon that is no probability", () => {
    expect(() => linGreedy({ dimension: 1, epsilon: 2 })).toThrow("epsilon a number from 0 to 1");
    expect(() => linGreedy({ dimension: 1, decay: 0 })).toThrow("decay a number above 0");
    const wild = sharedLinGreedy({ contextDimension: 1, armDimension: 0, epsilon: () => -1 });
    expect(() => ask(wild, [0], [1])).toThrow("sharedLinGreedy: epsilon");
  });
});
