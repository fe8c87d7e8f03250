import { createRng, mean, standardDeviation } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseLambda } from "./choose-lambda.js";
import { type Estimate, effectiveSampleSize } from "./estimate.js";
import { goldenLog, goldenPredictor, goldenTarget } from "./golden-log.test-support.js";
import { createLoggedData } from "./logged-data.js";
import {
  directMethod,
  doublyRobust,
  selfNormalizedDoublyRobust,
  shrunkDoublyRobust,
  switchDoublyRobust,
} from "./model-based-estimators.js";
import { fixedTarget, type TargetPolicy, uniformTarget } from "./target-policy.js";
import { type WeightedLog, weighLog } from "./weigh-log.js";
import { clippedIps, ips, replay, snips } from "./weighting-estimators.js";

const golden = (): WeightedLog => weighLog(goldenLog(), goldenTarget, goldenPredictor);

describe("golden values (NumPy, the formulas written out in golden-log.test-support.ts)", () => {
  const log = golden();
  test.each([
    [ips(log), 0.7616071428571428], // (w * r).mean()
    [clippedIps(log, 1.5), 0.5199404761904762], // (np.minimum(w, 1.5) * r).mean()
    [snips(log), 0.3453130622526088], // (w * r).sum() / w.sum()
    [directMethod(log), 0.4070833333333333], // dm.mean()
    [doublyRobust(log), 0.02623015873015866], // (dm + w * (r - qc)).mean()
    [selfNormalizedDoublyRobust(log), 0.23440431210267482], // dm.mean() + (w * (r - qc)).sum() / w.sum()
    [switchDoublyRobust(log, 1.5), 0.41289682539682543], // w where w <= 1.5, else 0
    [shrunkDoublyRobust(log, 1.5), 0.4432757772482289], // 1.5 * w / (w * w + 1.5)
  ])("%o", ({ value }, expected) => {
    expect(value).toBeCloseTo(expected, 14);
  });

  test("standard errors, effective sample size, largest weight", () => {
    expect(ips(log).standardError).toBeCloseTo(0.2559296495241727, 14);
    expect(snips(log).standardError).toBeCloseTo(0.166323328163213, 14);
    expect(ips(log).effectiveSampleSize).toBeCloseTo(5.164940414367432, 12);
    expect(ips(log).maxWeight).toBeCloseTo(10, 12);
    expect(clippedIps(log, 1.5).maxWeight).toBe(1.5);
    expect(directMethod(log).effectiveSampleSize).toBe(12);
  });
});

describe("identities", () => {
  test("the logging policy as target: IPS and SNIPS are the mean reward", () => {
    const data = goldenLog();
    const asLogged: TargetPolicy = ({ index, arms }) => {
      const p = data.propensities![index]!;
      return arms.map((_, i) => (i === data.chosen[index] ? p : (1 - p) / (arms.length - 1)));
    };
    const log = weighLog(data, asLogged);
    const mean = data.rewards.reduce((sum, r) => sum + r, 0) / data.rows;
    expect(ips(log).value).toBeCloseTo(mean, 14);
    expect(snips(log).value).toBeCloseTo(mean, 14);
    expect(ips(log).effectiveSampleSize).toBeCloseTo(data.rows, 10);
  });

  test("lambda at its ends: doubly robust and the direct method, plain IPS", () => {
    const log = golden();
    for (const estimate of [switchDoublyRobust, shrunkDoublyRobust]) {
      expect(estimate(log, Infinity).value).toBe(doublyRobust(log).value);
      expect(estimate(log, 0).value).toBe(directMethod(log).value);
    }
    expect(shrunkDoublyRobust(log, 1e12).value).toBeCloseTo(doublyRobust(log).value, 9);
    expect(clippedIps(log, Infinity).value).toBe(ips(log).value);
    expect(clippedIps(log, 0).value).toBe(0);
  });

  test("doubly robust with a model that knows every reward has no variance", () => {
    const rewards = [0.2, 0.9];
    const chosen = [0, 1, 1, 0, 1, 0];
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen,
      rewards: chosen.map((arm) => rewards[arm]!),
      propensities: [0.3, 0.7, 0.1, 0.9, 0.5, 0.5],
    });
    const perfect = { predict: (_: number, out: Float64Array) => out.set(rewards) };
    const estimate = doublyRobust(weighLog(data, fixedTarget({ a: 0.25, b: 0.75 }), perfect));
    expect(estimate.value).toBeCloseTo(0.25 * 0.2 + 0.75 * 0.9, 14);
    expect(estimate.standardError).toBeLessThan(1e-15);
  });

  test("replay of a deterministic target over a uniform log keeps exactly the matching rows", () => {
    const chosen = [0, 1, 2, 1, 0, 1, 2, 2];
    const data = createLoggedData({
      arms: ["a", "b", "c"],
      chosen,
      rewards: [1, 2, 3, 4, 5, 6, 7, 8],
      propensities: chosen.map(() => 1 / 3),
    });
    const estimate = replay(weighLog(data, fixedTarget({ b: 1 })));
    expect(estimate.value).toBe((2 + 4 + 6) / 3);
    expect(estimate.effectiveSampleSize).toBe(3);
  });

  test("replay of a stochastic target accepts in proportion to the weights", () => {
    const rng = createRng(5);
    const chosen = Array.from({ length: 20_000 }, () => rng.integer(0, 2));
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen,
      rewards: chosen,
      propensities: chosen.map(() => 0.5),
    });
    const estimate = replay(weighLog(data, fixedTarget({ a: 0.2, b: 0.8 })), { seed: 3 });
    // Four standard errors of the share of b among some 12,500 accepted rows.
    expect(Math.abs(estimate.value - 0.8)).toBeLessThan(4 * Math.sqrt(0.16 / 12_000));
  });

  test("switching keeps weights of exactly lambda", () => {
    const log = golden();
    const lambda = log.weights!.reduce((most, w) => Math.max(most, w), 0);
    expect(switchDoublyRobust(log, lambda).value).toBe(doublyRobust(log).value);
    expect(switchDoublyRobust(log, lambda * (1 - 1e-9)).maxWeight).toBeLessThan(lambda);
  });

  test("logged probabilities say how large a weight could have been, and what the log cannot know", () => {
    const data = createLoggedData({
      arms: ["a", "b", "c"],
      chosen: ["a", "a"],
      rewards: [0, 1],
      propensities: [0.8, 0.5],
    });
    const known = {
      ...data,
      loggingProbabilities: [
        [0.8, 0.2, 0],
        [0.5, 0.25, 0.25],
      ],
    };
    const target = fixedTarget({ a: 0.1, b: 0.6, c: 0.3 });
    const log = weighLog(known, target);
    expect(log.weightBound).toBeCloseTo(3, 12); // of b in the first row, which was not chosen
    expect(log.unsupportedShare).toBeCloseTo(0.15, 12);
    expect(weighLog(data, target).weightBound).toBeCloseTo(0.2, 12);
    expect(weighLog(data, target).unsupportedShare).toBe(0);
  });

  test("a target depends on positions: each row is weighed by its own", () => {
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen: ["a", "a"],
      rewards: [1, 1],
      propensities: [0.5, 0.5],
      positions: [0, 1],
    });
    const slate = [
      [1, 0],
      [0.25, 0.75],
    ];
    expect([...weighLog(data, ({ position }) => slate[position]!).weights!]).toEqual([2, 0.5]);
  });
});

describe("properties", () => {
  const logs = fc
    .array(
      fc.record({
        chosen: fc.nat(2),
        reward: fc.double({ min: -5, max: 5, noNaN: true }),
        propensity: fc.double({ min: 0.01, max: 1, noNaN: true }),
        target: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).filter((t) => t[0] + t[1] + t[2] > 0),
      }),
      { minLength: 2, maxLength: 30 },
    )
    .map((rows) => {
      const data = createLoggedData({
        arms: ["a", "b", "c"],
        chosen: rows.map((row) => row.chosen),
        rewards: rows.map((row) => row.reward),
        propensities: rows.map((row) => row.propensity),
      });
      return weighLog(data, ({ index }) => {
        const { target } = rows[index]!;
        const sum = target[0] + target[1] + target[2];
        return target.map((one) => one / sum);
      });
    });

  test("SNIPS stays within the rewards, and moves with their origin", () => {
    fc.assert(
      fc.property(logs, (log) => {
        const { value } = snips(log);
        if (!log.weights!.some((w) => w > 0)) {
          expect(value).toBeNaN();
          return;
        }
        expect(value).toBeGreaterThanOrEqual(Math.min(...log.rewards) - 1e-9);
        expect(value).toBeLessThanOrEqual(Math.max(...log.rewards) + 1e-9);
        const moved = { ...log, rewards: log.rewards.map((r) => r + 7) };
        expect(snips(moved).value).toBeCloseTo(value + 7, 9);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("IPS is linear in rewards, clipping never adds weight, rows' order does not matter", () => {
    fc.assert(
      fc.property(logs, fc.double({ min: 0, max: 20, noNaN: true }), (log, lambda) => {
        const { value } = ips(log);
        const doubled = { ...log, rewards: log.rewards.map((r) => 2 * r) };
        expect(ips(doubled).value).toBeCloseTo(2 * value, 9);
        expect(clippedIps(log, lambda).maxWeight).toBeLessThanOrEqual(
          Math.min(lambda, ips(log).maxWeight),
        );
        const reversed = {
          ...log,
          rewards: log.rewards.toReversed(),
          weights: log.weights!.toReversed(),
        };
        expect(ips(reversed).value).toBeCloseTo(value, 9);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test("the effective sample size lies between 1 and the rows, however large or small the weights", () => {
    expect(effectiveSampleSize([1e-200, 1e-200])).toBe(2);
    expect(effectiveSampleSize([1e300, 1e300, 0])).toBe(2);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e308, noNaN: true }), { minLength: 1 }),
        (weights) => {
          const effective = effectiveSampleSize(weights);
          if (weights.every((w) => w === 0)) {
            expect(effective).toBe(0);
            return;
          }
          expect(effective).toBeGreaterThan(1 - 1e-9);
          expect(effective).toBeLessThan(weights.length * (1 + 1e-9));
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe("choosing lambda", () => {
  // A log in which a few rows weigh a hundred times the others, and their rewards are noise.
  const heavyTailed = (): WeightedLog => {
    const rng = createRng(11);
    const chosen = Array.from({ length: 4000 }, () => (rng.uniform() < 0.01 ? 1 : 0));
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen,
      rewards: chosen.map(() => rng.normal(0.5, 1)),
      propensities: chosen.map((arm) => (arm === 1 ? 0.01 : 0.99)),
    });
    const model = { predict: (_: number, out: Float64Array) => void out.fill(0.5) };
    return weighLog(data, uniformTarget(), model);
  };

  test.each(["mse", "slope"] as const)("%s drops weights that bring only noise", (method) => {
    const log = heavyTailed();
    for (const estimator of ["switch-dr", "dros"] as const) {
      const lambda = chooseLambda(estimator, log, { method });
      expect(lambda).toBeLessThan(estimator === "dros" ? 2500 : 50);
      const estimate = estimator === "dros" ? shrunkDoublyRobust : switchDoublyRobust;
      expect(estimate(log, lambda).standardError).toBeLessThan(doublyRobust(log).standardError / 5);
    }
  });

  test.each(["mse", "slope"] as const)("%s keeps weights that a bad model needs", (method) => {
    const rng = createRng(12);
    const chosen = Array.from({ length: 4000 }, () => rng.integer(0, 2));
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen,
      rewards: chosen.map((arm) => arm + rng.normal(0, 0.1)),
      propensities: chosen.map(() => 0.5),
    });
    const wrong = { predict: (_: number, out: Float64Array) => void out.fill(-3) };
    const log = weighLog(data, fixedTarget({ b: 1 }), wrong);
    const lambda = chooseLambda("switch-dr", log, { method });
    expect(Math.abs(switchDoublyRobust(log, lambda).value - 1)).toBeLessThan(0.2);
  });

  // The rules written out: variance and squared bias less its noise; Lepski's test by Tucker and Lee.
  const choose = (
    method: "mse" | "slope",
    lambdas: readonly number[],
    estimates: Estimate[],
  ): number => {
    const from = estimates[0]!.terms.summands!;
    if (method === "mse") {
      const errors = estimates.map(({ standardError, terms }) => {
        const apart = terms.summands!.map((x, i) => x - from[i]!);
        const noise = standardDeviation(apart) ** 2 * ((apart.length - 1) / apart.length ** 2);
        return standardError ** 2 + Math.max(0, mean(apart) ** 2 - noise);
      });
      return lambdas[errors.indexOf(Math.min(...errors))]!;
    }
    let last = 0;
    const half = (i: number): number =>
      Math.min(...estimates.slice(0, i + 1).map((one) => one.standardError));
    for (let i = 1; i < estimates.length; i++) {
      const agrees = estimates
        .slice(0, i)
        .every(
          ({ value }, j) =>
            Math.abs(value - estimates[i]!.value) <= half(i) + (Math.sqrt(6) - 1) * half(j),
        );
      if (!agrees) break;
      last = i;
    }
    return lambdas[last]!;
  };

  test.each(["mse", "slope"] as const)("%s follows its rule, log after log", (method) => {
    const rng = createRng(31);
    const lambdas = [Infinity, 8, 4, 2, 1, 0.5, 0.25];
    const found = new Set<number>();
    for (let world = 0; world < 80; world++) {
      const propensities = Array.from({ length: 60 }, () => 0.02 + 0.9 * rng.uniform());
      const data = createLoggedData({
        arms: ["a", "b"],
        chosen: propensities.map(() => rng.integer(0, 2)),
        rewards: propensities.map(() => rng.normal(0.3, 1)),
        propensities,
      });
      const log = weighLog(data, uniformTarget());
      const estimates = lambdas.map((lambda) => clippedIps(log, lambda));
      const lambda = chooseLambda("clipped-ips", log, { method, candidates: lambdas });
      expect(lambda).toBe(choose(method, lambdas, estimates));
      found.add(lambda);
    }
    expect(found.size).toBeGreaterThan(3);
  });

  test("refuses an empty list and lambdas below 0", () => {
    expect(() => chooseLambda("clipped-ips", golden(), { candidates: [] })).toThrow(
      "chooseLambda: at least one candidate was expected, got none",
    );
    expect(() => clippedIps(golden(), -1)).toThrow(
      "clippedIps: a lambda from 0 (Infinity included) was expected, got -1",
    );
    expect(() => switchDoublyRobust(golden(), Number.NaN)).toThrow("got NaN");
  });
});

test("what is missing is named: propensities, predictions", () => {
  const { propensities: _, ...bare } = goldenLog();
  const log = weighLog(bare, goldenTarget);
  expect(() => ips(log)).toThrow("ips: a log with propensities was expected");
  expect(() => directMethod(log)).toThrow("predictions of a reward model were expected");
});
