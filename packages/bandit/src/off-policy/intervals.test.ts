import { createRng, type Interval } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { bernsteinOfEstimate } from "./bernstein-of-estimate.js";
import { bootstrapInterval, correctTails } from "./bootstrap.js";
import { empiricalBernsteinInterval, normalInterval } from "./closed-form-intervals.js";
import type { Estimate } from "./estimate.js";
import { goldenLog, goldenPredictor, goldenTarget } from "./golden-log.test-support.js";
import { createLoggedData } from "./logged-data.js";
import {
  directMethod,
  doublyRobust,
  shrunkDoublyRobust,
  switchDoublyRobust,
} from "./model-based-estimators.js";
import { fixedTarget, uniformTarget } from "./target-policy.js";
import { weighLog } from "./weigh-log.js";
import { clippedIps, ips, snips } from "./weighting-estimators.js";

describe("golden values", () => {
  // scipy.stats.bootstrap((w * r,), np.mean, n_resamples=200000, random_state=1) on the twelve rows.
  test.each([
    ["bca", 0.344047619047619, 1.3220238095238095],
    ["percentile", 0.30624999999999997, 1.2636904761904761],
  ] as const)("%s interval of IPS", (method, low, high) => {
    const estimate = ips(weighLog(goldenLog(), goldenTarget));
    const interval = bootstrapInterval(estimate, { method, seed: 1, resamples: 20_000 });
    // Ends of twelve lumpy rows move by about 0.01 between seeds at 20,000 resamples.
    expect(Math.abs(interval.low - low)).toBeLessThan(0.03);
    expect(Math.abs(interval.high - high)).toBeLessThan(0.03);
  });

  test("empirical Bernstein: Maurer and Pontil's theorem 4 on both sides, written out in NumPy", () => {
    const values = Array.from({ length: 20 }, () => [
      0.2, 0.9, 0.4, 0.7, 0.1, 0.5, 0.8, 0.3, 0.6, 0.5,
    ]).flat();
    const { low, high } = empiricalBernsteinInterval(values, { low: 0, high: 1 });
    expect(low).toBeCloseTo(0.397214899686248, 12);
    expect(high).toBeCloseTo(0.602785100313752, 12);
  });

  test("normal approximation", () => {
    const { low, high } = normalInterval({ value: 1, standardError: 0.5 });
    expect(low).toBeCloseTo(1 - 1.959963984540054 * 0.5, 8);
    expect(high).toBeCloseTo(1 + 1.959963984540054 * 0.5, 8);
  });
});

test("95 % intervals hold the true value about as often as they say", () => {
  const rng = createRng(7);
  const rates = [0.1, 0.4, 0.7];
  const logging = [0.6, 0.3, 0.1];
  const target = { a: 0.1, b: 0.3, c: 0.6 };
  const truth = 0.1 * 0.1 + 0.3 * 0.4 + 0.6 * 0.7;
  const rounds = 150;
  const held = { bca: 0, percentile: 0, normal: 0, snips: 0, bernstein: 0 };
  for (let round = 0; round < rounds; round++) {
    const chosen = Array.from({ length: 120 }, () => rng.categorical(logging));
    const data = createLoggedData({
      arms: ["a", "b", "c"],
      chosen,
      rewards: chosen.map((arm) => (rng.uniform() < rates[arm]! ? 1 : 0)),
      propensities: chosen.map((arm) => logging[arm]!),
    });
    const log = weighLog(data, fixedTarget(target));
    const estimate = ips(log);
    const options = { seed: round, resamples: 150 };
    const intervals = {
      bca: bootstrapInterval(estimate, options),
      percentile: bootstrapInterval(estimate, { ...options, method: "percentile" }),
      normal: normalInterval(estimate),
      snips: bootstrapInterval(snips(log), options),
      bernstein: empiricalBernsteinInterval(estimate.terms.summands!, { low: 0, high: 6 }),
    } as const;
    for (const [name, { low, high }] of Object.entries(intervals)) {
      if (low <= truth && truth <= high) held[name as keyof typeof held]++;
    }
  }
  // 95 % of 150 less three standard deviations, and some for what 120 skewed rows and 150 resamples cost.
  for (const name of ["bca", "percentile", "normal", "snips"] as const) {
    expect(held[name], name).toBeGreaterThanOrEqual(0.87 * rounds);
  }
  // Holds for any number of rows, at the price of width.
  expect(held.bernstein).toBe(rounds);
});

test("the same seed gives the same interval, another one another", () => {
  const estimate = snips(weighLog(goldenLog(), goldenTarget));
  const once = bootstrapInterval(estimate, { seed: 3 });
  expect(bootstrapInterval(estimate, { seed: 3 })).toEqual(once);
  expect(bootstrapInterval(estimate, { seed: 4 })).not.toEqual(once);
});

test("empirical Bernstein of an estimate: twelve rows are few, the interval is all that the summands can be", () => {
  const log = { ...weighLog(goldenLog(), goldenTarget, goldenPredictor), weightBound: 50 };
  const rangeOf = (estimate: Estimate, seen = log): Interval | undefined =>
    bernsteinOfEstimate(estimate, seen, [0, 1], 0.999);
  expect(rangeOf(ips(log))).toEqual({ low: 0, high: 50 });
  expect(rangeOf(clippedIps(log, 2))).toEqual({ low: 0, high: 2 });
  expect(rangeOf(doublyRobust(log))).toEqual({ low: -50, high: 51 });
  expect(rangeOf(switchDoublyRobust(log, 2))).toEqual({ low: -2, high: 3 });
  // lambda w / (w^2 + lambda) is largest at sqrt(lambda), where it is half of that.
  expect(rangeOf(shrunkDoublyRobust(log, 4))).toEqual({ low: -1, high: 2 });
  expect(rangeOf(directMethod(log))).toEqual({ low: 0, high: 1 });
  expect(rangeOf(snips(log))).toBeUndefined();
  // A prediction of 1.5, beyond what rewards can be: corrections reach down to 0 - 1.5.
  const beyond = { ...log, predicted: log.predicted!.map((q, i) => (i === 0 ? 1.5 : q)) };
  expect(rangeOf(switchDoublyRobust(beyond, 2), beyond)).toEqual({ low: -3, high: 4.5 });
});

test("BCa: the fractions of Efron's formula, written out in Python", () => {
  // z0 = inv_cdf(.62); cdf(z0 + (z0 + z) / (1 - .07 (z0 + z))) for z = inv_cdf(.025) and inv_cdf(.975)
  const draws = Float64Array.from({ length: 1000 }, (_, i) => (i < 600 ? -1 : i < 640 ? 0 : 1));
  const [low, high] = correctTails(draws, 0, 0.07, 0.025)!;
  expect(low).toBeCloseTo(0.11954220317705794, 8);
  expect(high).toBeCloseTo(0.9986407257115706, 8);
  expect(correctTails(draws, 2, 0.07, 0.025)).toBeUndefined();
});

test("one row alone gives no interval", () => {
  const one = createLoggedData({ arms: ["a"], chosen: ["a"], rewards: [0.5], propensities: [1] });
  const estimate = ips(weighLog(one, uniformTarget()));
  expect(bootstrapInterval(estimate, { seed: 1 })).toEqual({ low: -Infinity, high: Infinity });
  expect(normalInterval(estimate)).toEqual({ low: -Infinity, high: Infinity });
});

test("refuses levels, resamples and ranges that make no interval", () => {
  const estimate = ips(weighLog(goldenLog(), goldenTarget));
  expect(() => bootstrapInterval(estimate, { level: 95 })).toThrow(
    "bootstrapInterval: a confidence level between 0 and 1 was expected, got 95",
  );
  expect(() => bootstrapInterval(estimate, { resamples: 1 })).toThrow("at least 2 resamples");
  expect(() => empiricalBernsteinInterval([0.5, 2], { low: 0, high: 1 })).toThrow(
    "empiricalBernsteinInterval: value 1: one from 0 to 1 was expected, got 2",
  );
  expect(() => empiricalBernsteinInterval([0.5], { low: 1, high: 0 })).toThrow("low <= high");
});
