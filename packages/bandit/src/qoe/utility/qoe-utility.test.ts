import { createRng, mean } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawRating } from "./draw-rating.js";
import { drawUser } from "./draw-user.js";
import { metricUtility, qoeUtility } from "./qoe-utility.js";
import { USER_TYPES, type UserType } from "./user-types.js";

const half = { weight: 1, midpoint: 50, slope: 2 };

describe("metricUtility", () => {
  test("is a half at the midpoint, of every metric", () => {
    for (const metric of ["latencyMs", "energyMj", "bytes"] as const) {
      expect(metricUtility(metric, 50, half)).toBe(0.5);
    }
    expect(metricUtility("accuracy", 0.7, { weight: 1, midpoint: 0.7, slope: 30 })).toBe(0.5);
  });

  test("is logistic in the logarithm of a latency: what one factor gains, its inverse loses", () => {
    for (const factor of [1.1, 2, 7]) {
      const sum =
        metricUtility("latencyMs", 50 * factor, half) +
        metricUtility("latencyMs", 50 / factor, half);
      expect(sum).toBeCloseTo(1, 12);
    }
    expect(metricUtility("latencyMs", 100, half)).toBeCloseTo(0.2, 12);
    expect(metricUtility("latencyMs", 0, half)).toBe(1);
  });

  test("falls with latency and rises with accuracy", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e4, noNaN: true }),
        fc.double({ min: 0, max: 1e4, noNaN: true }),
        (a, b) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          expect(metricUtility("latencyMs", low, half)).toBeGreaterThanOrEqual(
            metricUtility("latencyMs", high, half),
          );
          const wish = { weight: 1, midpoint: 0.7, slope: 30 };
          expect(metricUtility("accuracy", low / 1e4, wish)).toBeLessThanOrEqual(
            metricUtility("accuracy", high / 1e4, wish),
          );
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  test("refuses values that no metric has", () => {
    for (const value of [Number.NaN, -1, Infinity]) {
      expect(() => metricUtility("latencyMs", value, half)).toThrow(/latencyMs finite and from 0/);
    }
  });
});

describe("qoeUtility", () => {
  test("is the weighted mean of the utilities, whatever the weights add up to", () => {
    const user = (scale: number): UserType => ({
      name: "two",
      utilities: {
        latencyMs: { weight: 3 * scale, midpoint: 50, slope: 2 },
        bytes: { weight: scale, midpoint: 1e6, slope: 1 },
      },
    });
    const metrics = { latencyMs: 100, bytes: 1e6 };
    expect(qoeUtility(user(1))(metrics)).toBeCloseTo((3 * 0.2 + 0.5) / 4, 12);
    expect(qoeUtility(user(9))(metrics)).toBeCloseTo(qoeUtility(user(1))(metrics), 12);
  });

  test("leaves out what is not known", () => {
    const qoe = qoeUtility(USER_TYPES.impatient);
    const { latencyMs } = USER_TYPES.impatient.utilities;
    expect(qoe({ latencyMs: 40 })).toBeCloseTo(metricUtility("latencyMs", 40, latencyMs!), 12);
    expect(() => qoe({})).toThrow(/none of the metrics .* is known/);
  });

  test("makes the kinds of user disagree about a fast and an accurate model", () => {
    const fast = { latencyMs: 8, accuracy: 0.69, bytes: 9e6, energyMj: 30 };
    const accurate = { latencyMs: 60, accuracy: 0.78, bytes: 21e6, energyMj: 240 };
    const prefersFast = Object.values(USER_TYPES)
      .filter((user) => qoeUtility(user)(fast) > qoeUtility(user)(accurate))
      .map(({ name }) => name);
    expect(prefersFast).toContain("impatient");
    expect(prefersFast).toContain("storageBound");
    expect(prefersFast).not.toContain("careful");
  });

  test.each([
    ["a negative weight", { latencyMs: { weight: -1, midpoint: 1, slope: 1 } }],
    ["no weight at all", { latencyMs: { weight: 0, midpoint: 1, slope: 1 } }],
    ["nothing", {}],
    ["a midpoint of 0", { latencyMs: { weight: 1, midpoint: 0, slope: 1 } }],
    ["a slope that is not a number", { latencyMs: { weight: 1, midpoint: 1, slope: Number.NaN } }],
    ["an unknown metric", { charm: { weight: 1, midpoint: 1, slope: 1 } }],
  ])("refuses %s", (_, utilities) => {
    expect(() => qoeUtility({ name: "odd", utilities } as UserType)).toThrow(
      /qoeUtility: user "odd"/,
    );
  });
});

describe("drawUser", () => {
  test("keeps weights that add up to 1 and midpoints above 0", () => {
    const rng = createRng(5);
    const users = Array.from({ length: 200 }, () => drawUser(rng, { midpointSpread: 1 }));
    for (const { utilities } of users) {
      const weights = Object.values(utilities).map(({ weight }) => weight);
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      for (const { midpoint } of Object.values(utilities)) expect(midpoint).toBeGreaterThan(0);
      expect(utilities.accuracy!.midpoint).toBeLessThan(1);
    }
    expect(new Set(users.map(({ name }) => name)).size).toBe(5);
  });

  test("without spread gives the types themselves", () => {
    const user = drawUser(createRng(1), {
      types: [USER_TYPES.careful],
      weightSpread: 0,
      midpointSpread: 0,
    });
    for (const [metric, { weight, midpoint }] of Object.entries(user.utilities)) {
      const typical = USER_TYPES.careful.utilities[metric as "latencyMs"]!;
      expect(weight).toBeCloseTo(typical.weight, 12);
      expect(midpoint).toBeCloseTo(typical.midpoint, 6);
    }
  });
});

describe("drawRating", () => {
  test("scores lie about the quality of experience with the noise asked for", () => {
    const rng = createRng(2);
    const scores = Array.from({ length: 4000 }, () => drawRating(0.6, rng));
    // Standard error 0.05 / sqrt(4000) = 0.0008: five of them.
    expect(Math.abs(mean(scores) - 0.6)).toBeLessThan(0.004);
    const spread = Math.sqrt(mean(scores.map((score) => (score - 0.6) ** 2)));
    expect(spread).toBeGreaterThan(0.045);
    expect(spread).toBeLessThan(0.055);
  });

  test("scores are kept from 0 to 1 unless told otherwise", () => {
    const rng = createRng(3);
    const kept = Array.from({ length: 500 }, () => drawRating(1, rng));
    expect(Math.max(...kept)).toBe(1);
    const free = Array.from({ length: 500 }, () => drawRating(1, rng, { clip: false }));
    expect(Math.max(...free)).toBeGreaterThan(1.05);
  });

  test("thumbs are up with the probability of the quality of experience", () => {
    const rng = createRng(4);
    const thumbs = Array.from({ length: 4000 }, () => drawRating(0.3, rng, { form: "thumb" }));
    expect(new Set(thumbs)).toEqual(new Set([0, 1]));
    // Standard error sqrt(.21 / 4000) = 0.0072: five of them.
    expect(Math.abs(mean(thumbs) - 0.3)).toBeLessThan(0.036);
  });
});
