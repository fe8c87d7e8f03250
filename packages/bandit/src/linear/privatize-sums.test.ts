import { createRng, ShapeError } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { ask, randomVector, teach } from "./dense-ridge.test-support.js";
import { linUcb } from "./lin-ucb.js";
import { clipToLength, privatizeSums } from "./privatize-sums.js";
import { ridgeSumsLength } from "./ridge-sums.js";

const budget = { epsilon: 1, delta: 1e-6, featureBound: 2, rewardBound: 3 };

describe("privatizeSums", () => {
  it("adds noise of the deviation that the budget asks for, to each part by its bound", () => {
    const rng = createRng(1);
    const dimension = 2;
    const parts = [
      [0, 3, 4],
      [3, 5, 6],
      [5, 6, 1],
      [6, 7, 9],
    ] as const; // from, to, bound
    const squares = [0, 0, 0, 0];
    const runs = 4000;
    for (let run = 0; run < runs; run++) {
      const noise = privatizeSums(new Float64Array(ridgeSumsLength(dimension)), { ...budget, rng });
      parts.forEach(([from, to], i) => {
        for (let k = from; k < to; k++) squares[i]! += noise[k]! ** 2 / (to - from);
      });
    }
    // rho + 2 sqrt(rho ln(1 / delta)) = epsilon; an example has length 2 in units of the bounds.
    const rho = (Math.sqrt(1 + Math.log(1e6)) - Math.sqrt(Math.log(1e6))) ** 2;
    expect(rho + 2 * Math.sqrt(rho * Math.log(1e6))).toBeCloseTo(1, 12);
    const deviation = 2 / Math.sqrt(2 * rho);
    parts.forEach(([, , bound], i) => {
      // Standard error of a deviation from 4000 samples: 1.1 %.
      expect(Math.sqrt(squares[i]! / runs) / (bound * deviation)).toBeCloseTo(1, 1);
    });
  });

  it("splits the budget among uploads", () => {
    const sums = new Float64Array(ridgeSumsLength(3));
    const once = privatizeSums(sums, { ...budget, rng: createRng(4) });
    const often = privatizeSums(sums, { ...budget, uploads: 9, rng: createRng(4) });
    often.forEach((value, i) => {
      expect(value).toBeCloseTo(3 * once[i]!, 6);
    });
    expect(sums.every((value) => value === 0)).toBe(true);
  });

  it("leaves a policy that pools the sums of many devices usable", () => {
    const rng = createRng(7);
    const truth = [
      [0.6, -0.3],
      [-0.4, 0.5],
    ];
    const fleet = linUcb({ dimension: 2 });
    const pooled = [0, 1].map(() => new Float64Array(fleet.sums!.armLength));
    for (let device = 0; device < 60; device++) {
      const policy = linUcb({ dimension: 2 });
      for (const slot of [0, 1]) {
        policy.addArm(slot);
        for (let i = 0; i < 100; i++) {
          const x = clipToLength(randomVector(rng, 2), 1);
          const reward = truth[slot]![0]! * x[0]! + truth[slot]![1]! * x[1]! + rng.normal(0, 0.05);
          teach(policy, slot, x, Math.max(-1, Math.min(1, reward)));
        }
        const bounds = { featureBound: 1, rewardBound: 1 };
        const upload = privatizeSums(policy.sums!.readArm(slot), {
          ...{ epsilon: 2, delta: 1e-6 },
          ...bounds,
          rng,
        });
        upload.forEach((value, i) => {
          pooled[slot]![i]! += value;
        });
      }
    }
    pooled.forEach((sums, slot) => {
      fleet.addArm(slot);
      fleet.sums!.writeArm(slot, sums);
      const { coefficients } = fleet.weights(slot);
      truth[slot]!.forEach((value, i) => {
        expect(Math.abs(coefficients[i]! - value)).toBeLessThan(0.15);
      });
    });
    const { scores } = ask(fleet, [0, 1], [1, 0]);
    expect(scores[0]).toBeGreaterThan(scores[1]!);
  });

  it("leaves a policy usable when the noise drowns the sums", () => {
    const policy = linUcb({ dimension: 4 });
    policy.addArm(0);
    for (let seed = 0; seed < 50; seed++) {
      const noisy = privatizeSums(new Float64Array(policy.sums!.armLength), {
        ...{ ...budget, epsilon: 0.1 },
        rng: createRng(seed),
      });
      policy.sums!.writeArm(0, noisy);
      const { means, widths } = ask(policy, [0], [1, 1, 1, 1]);
      expect(Number.isFinite(means[0]) && widths[0]! > 0 && widths[0]! < 10).toBe(true);
    }
  });

  it("refuses budgets that are none and sums of other policies", () => {
    const sums = new Float64Array(ridgeSumsLength(2));
    const rng = createRng(1);
    expect(() => privatizeSums(sums, { ...budget, epsilon: 0, rng })).toThrow("epsilon");
    expect(() => privatizeSums(sums, { ...budget, delta: 1, rng })).toThrow("delta");
    expect(() => privatizeSums(sums, { ...budget, uploads: 0, rng })).toThrow("uploads");
    expect(() => privatizeSums(new Float64Array(8), { ...budget, rng })).toThrow(ShapeError);
    for (let d = 1; d < 40; d++) {
      expect(privatizeSums(new Float64Array(ridgeSumsLength(d)), { ...budget, rng }).length).toBe(
        ridgeSumsLength(d),
      );
    }
  });
});

describe("clipToLength", () => {
  it("refuses a bound that bounds nothing", () => {
    for (const length of [Number.NaN, -1, Infinity, undefined as unknown as number]) {
      expect(() => clipToLength([3, 4], length)).toThrow("clipToLength: length a finite number");
    }
    expect([...clipToLength([3, 4], 0)]).toEqual([0, 0]);
  });

  it("shortens what is too long and leaves the rest", () => {
    expect([...clipToLength([0.3, 0.4], 1)]).toEqual([0.3, 0.4]);
    const clipped = clipToLength([30, 40], 1);
    expect(clipped[0]).toBeCloseTo(0.6, 12);
    const rng = createRng(2);
    for (let i = 0; i < 200; i++) {
      const long = clipToLength(randomVector(rng, 5), 0.1);
      expect(Math.sqrt(long.reduce((sum, v) => sum + v * v, 0))).toBeLessThanOrEqual(0.1);
    }
  });
});
