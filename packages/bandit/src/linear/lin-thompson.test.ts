import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { ask, randomVector, ridgeSystem, solve, teach } from "./dense-ridge.test-support.js";
import { linThompson } from "./lin-thompson.js";
import { sharedLinThompson } from "./shared-lin-thompson.js";

describe("linThompson", () => {
  it("chooses every arm as often as draws of its coefficients make it the best", () => {
    const rng = createRng(12);
    const policy = linThompson({ dimension: 2, alpha: 0.6 });
    const seen = [0, 1, 2].map(() => [] as { x: number[]; reward: number }[]);
    for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
    for (let step = 0; step < 12; step++) {
      const slot = step % 3;
      const example = { x: randomVector(rng, 2), reward: rng.normal() };
      seen[slot]!.push(example);
      teach(policy, slot, example.x, example.reward);
    }
    const x = [0.4, 1.1];
    const { probabilities, means } = ask(policy, [0, 1, 2], x);
    // As MABWiser's LinTS: beta ~ N(A^-1 b, alpha^2 A^-1), here in two dimensions by hand.
    const samplers = seen.map((examples) => {
      const { a, b } = ridgeSystem(2, 1, examples);
      const theta = solve(a, b);
      const [c0, c1] = [solve(a, [1, 0]), solve(a, [0, 1])];
      const l00 = Math.sqrt(c0[0]!);
      const l10 = c0[1]! / l00;
      const l11 = Math.sqrt(c1[1]! - l10 * l10);
      return () => {
        const [g, h] = [rng.normal(), rng.normal()];
        return (
          x[0]! * (theta[0]! + 0.6 * l00 * g) + x[1]! * (theta[1]! + 0.6 * (l10 * g + l11 * h))
        );
      };
    });
    const wins = [0, 0, 0];
    const draws = 40_000;
    for (let i = 0; i < draws; i++) {
      const values = samplers.map((draw) => draw());
      wins[values.indexOf(Math.max(...values))]! += 1;
    }
    // Four standard errors of a share of 40,000 draws.
    wins.forEach((count, slot) => {
      expect(Math.abs(probabilities[slot]! - count / draws)).toBeLessThan(0.01);
    });
    expect(means[0]).not.toBe(means[1]);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
  });

  it("shares evenly before the first reward, and is sure with alpha 0", () => {
    const policy = linThompson({ dimension: 2 });
    policy.addArm(0);
    policy.addArm(1);
    expect(ask(policy, [0, 1], [1, 0]).probabilities[0]).toBeCloseTo(0.5, 6);
    const sure = linThompson({ dimension: 1, alpha: 0 });
    sure.addArm(0);
    sure.addArm(1);
    teach(sure, 1, [1], 1);
    expect([...ask(sure, [0, 1], [1]).probabilities]).toEqual([0, 1]);
  });
});

describe("sharedLinThompson", () => {
  it("gives smoothed shares of draws that agree with draws of the coefficients", () => {
    const rng = createRng(31);
    const policy = sharedLinThompson({
      ...{ contextDimension: 0, armDimension: 2, joint: "concatenate" },
      draws: 20_000,
    });
    const examples = Array.from({ length: 6 }, () => ({
      x: randomVector(rng, 2),
      reward: rng.normal(),
    }));
    for (const { x, reward } of examples) teach(policy, 0, [], reward, { armFeatures: x });
    const arms = [
      [1, 0.5],
      [0.9, 0.6],
      [-0.2, 1],
    ];
    const { probabilities } = ask(policy, [0, 1, 2], [], arms.flat());
    const { a, b } = ridgeSystem(2, 1, examples);
    const theta = solve(a, b);
    const [c0, c1] = [solve(a, [1, 0]), solve(a, [0, 1])];
    const l00 = Math.sqrt(c0[0]!);
    const l10 = c0[1]! / l00;
    const l11 = Math.sqrt(c1[1]! - l10 * l10);
    const wins = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const [g, h] = [rng.normal(), rng.normal()];
      const drawn = [theta[0]! + l00 * g, theta[1]! + l10 * g + l11 * h];
      const values = arms.map((arm) => arm[0]! * drawn[0]! + arm[1]! * drawn[1]!);
      wins[values.indexOf(Math.max(...values))]! += 1;
    }
    // Four standard errors of the difference of two shares of 20,000 draws.
    wins.forEach((count, i) => {
      expect(Math.abs(probabilities[i]! - count / 20_000)).toBeLessThan(0.02);
    });
  });

  it("leaves no arm without probability, whatever is known, and repeats with the seed", () => {
    const make = () => {
      const policy = sharedLinThompson({ contextDimension: 1, armDimension: 1, draws: 9 });
      for (let i = 0; i < 50; i++) teach(policy, 0, [1], i % 2, { armFeatures: [i % 2] });
      return ask(policy, [0, 1], [1], [0, 1], createRng(3)).probabilities;
    };
    const probabilities = make();
    expect(Math.min(...probabilities)).toBeCloseTo(0.05, 12); // 1 / (2 (9 + 1))
    expect(probabilities[0]! + probabilities[1]!).toBeCloseTo(1, 12);
    expect(make()).toEqual(probabilities);
  });

  it("takes arms with the same features and refuses no draws", () => {
    const policy = sharedLinThompson({ contextDimension: 1, armDimension: 1 });
    const { probabilities } = ask(policy, [0, 1, 2], [1], [2, 2, 2]);
    expect(probabilities.every((p) => p > 0 && p < 1)).toBe(true);
    expect(() => sharedLinThompson({ contextDimension: 1, armDimension: 1, draws: 0 })).toThrow(
      "draws",
    );
  });
});
