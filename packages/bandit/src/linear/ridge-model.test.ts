import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ask, randomVector, ridgeSystem, solve, teach } from "./dense-ridge.test-support.js";
import { linUcb } from "./lin-ucb.js";
import { RidgeModel } from "./ridge-model.js";

describe("numerics of the ridge regression", () => {
  it("stay within 1e-8 of a fresh factorisation over 200,000 updates, and theta with them", () => {
    const rng = createRng(1);
    const dimension = 8;
    const model = new RidgeModel(dimension, 1);
    const x = new Float64Array(dimension);
    for (let step = 1; step <= 200_000; step++) {
      for (let i = 0; i < dimension; i++) x[i] = rng.uniform() - (i < 2 ? 0 : 0.5);
      model.add(x, x[0]! + x[3]!, 1);
      if (step % 49_999 === 0) expect(model.drift()).toBeLessThan(1e-8);
    }
    const fresh = new RidgeModel(dimension, 1);
    fresh.writeSums(model.readSums());
    model.theta.forEach((value, i) => {
      expect(value).toBeCloseTo(fresh.theta[i]!, 8);
    });
    expect(model.weight).toBe(200_000);
  });

  it("notice drift by themselves: features that are nearly the same, for thousands of updates", () => {
    const rng = createRng(2);
    const model = new RidgeModel(4, 1e-6);
    const x = new Float64Array(4);
    for (let step = 0; step < 5000; step++) {
      const value = rng.normal();
      for (let i = 0; i < 4; i++) x[i] = value + 1e-5 * rng.normal();
      model.add(x, value, 1);
    }
    expect(model.drift()).toBeLessThan(1e-4);
  });

  it("notice drift within a hundred updates where sizes differ by a million", () => {
    const rng = createRng(1);
    const model = new RidgeModel(4, 1);
    for (let step = 0; step < 900; step++) {
      const size = step % 2 === 0 ? 1 : 1e6;
      const x = Float64Array.from(randomVector(rng, 4), (value) => value * size);
      model.add(x, rng.normal(), 1);
      // Kept up by Sherman and Morrison alone, it would be 1e-4 at times.
      if (step > 10) expect(model.drift()).toBeLessThan(1e-12);
    }
  });

  it("do not take rounding for drift: a fresh inverse every thousand updates and no more", () => {
    for (const dimension of [3, 9, 20]) {
      const rng = createRng(dimension);
      const model = new RidgeModel(dimension, 1);
      let fresh = 0;
      const refactor = model.refactor.bind(model);
      model.refactor = () => {
        fresh++;
        refactor();
      };
      for (let step = 0; step < 5000; step++) {
        model.add(Float64Array.from(randomVector(rng, dimension)), 1, 1);
      }
      expect(fresh).toBe(5);
    }
  });

  it("give finite, repeatable scores for huge, tiny, constant, equal and missing features", () => {
    const size = fc.constantFrom(0, 1e-8, 1, 1e8, -1e8, 1e30);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(size, size, fc.constantFrom(0, 1, -1e8, 1e-8)), { maxLength: 60 }),
        (examples) => {
          const scores = [1, 2].map(() => {
            const policy = linUcb({ dimension: 4 });
            policy.addArm(0);
            for (const [a, b, reward] of examples) {
              teach(policy, 0, [a, a, b, 1], reward);
              const { means, widths } = ask(policy, [0], [b, a, a, 1]);
              if (!Number.isFinite(means[0]) || !(widths[0]! >= 0 && widths[0]! < Infinity)) {
                throw new Error(`${means[0]} ${widths[0]}`);
              }
            }
            return ask(policy, [0], [1, 2, 3, 4]).scores[0];
          });
          expect(scores[0]).toBe(scores[1]);
        },
      ),
      { seed: 5, numRuns: 150 },
    );
  });

  it("solve the ridge regression of duplicated and tiny features as elimination does", () => {
    for (const size of [1e-8, 1, 1e4]) {
      const rng = createRng(3);
      const policy = linUcb({ dimension: 3 });
      policy.addArm(0);
      const examples = Array.from({ length: 40 }, () => {
        const [a, b] = [size * rng.normal(), rng.normal()];
        return { x: [a, a, b], reward: rng.normal() };
      });
      for (const { x, reward } of examples) teach(policy, 0, x, reward);
      const { a, b } = ridgeSystem(3, 1, examples);
      const theta = solve(a, b);
      policy.weights(0).coefficients.forEach((value, i) => {
        expect(Math.abs(value - theta[i]!)).toBeLessThan(
          1e-7 * Math.max(1e-3, Math.abs(theta[i]!)),
        );
      });
    }
  });

  it("bound the largest variance from above, and not by much", () => {
    const rng = createRng(4);
    const model = new RidgeModel(6, 1);
    expect(model.largestVariance()).toBe(1);
    for (let step = 0; step < 400; step++) {
      model.add(Float64Array.from(randomVector(rng, 6)), 0, 1);
      const bound = model.largestVariance();
      for (let i = 0; i < 5; i++) {
        const x = Float64Array.from(randomVector(rng, 6));
        const norm = x.reduce((sum, value) => sum + value * value, 0);
        expect(model.variance(x)).toBeLessThanOrEqual(bound * norm);
      }
    }
    expect(model.largestVariance()).toBeLessThan(0.006); // 1 / 400, with the spread of 400 samples
  });

  it("give standard errors from what the model leaves unexplained, its ridge aside", () => {
    const policy = linUcb({ dimension: 1, ridge: 4 });
    policy.addArm(0);
    const rewards = [1, 3, 2, 6];
    for (const reward of rewards) teach(policy, 0, [1], reward);
    const { coefficients, standardErrors } = policy.weights(0);
    const mean = 12 / 8; // of four examples and a ridge of four
    expect(coefficients[0]).toBeCloseTo(mean, 12);
    const residual = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0);
    expect(standardErrors[0]).toBeCloseTo(Math.sqrt(residual / 3 / 8), 12);
  });

  it("give standard errors as ordinary least squares does where the ridge is small", () => {
    const rng = createRng(6);
    const policy = linUcb({ dimension: 2, ridge: 1e-9 });
    policy.addArm(0);
    const [intercept, slope, noise, count] = [1, 2, 0.5, 2000];
    for (let i = 0; i < count; i++) {
      const x = rng.normal();
      teach(policy, 0, [1, x], intercept + slope * x + rng.normal(0, noise));
    }
    const { coefficients, standardErrors, weight } = policy.weights(0);
    expect(weight).toBe(count);
    [intercept, slope].forEach((value, i) => {
      expect(Math.abs(coefficients[i]! - value)).toBeLessThan(4 * standardErrors[i]!);
      expect(standardErrors[i]! / (noise / Math.sqrt(count))).toBeCloseTo(1, 0);
    });
  });
});
