import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { probabilitiesOfBest } from "./best-arm-probabilities.js";
import { normalCdf, normalDensity } from "./normal-distribution.js";

function bestOf(means: readonly number[], deviations: readonly number[]): number[] {
  const out = new Float64Array(means.length);
  probabilitiesOfBest(means, deviations, means.length, out);
  return [...out];
}

/** The trapezoid rule on a fine grid over everything. */
function bestOfByBruteForce(means: readonly number[], deviations: readonly number[]): number[] {
  const low = Math.max(...means.map((mean, i) => mean - 9 * deviations[i]!));
  const high = Math.max(...means.map((mean, i) => mean + 9 * deviations[i]!));
  const step = Math.min(...deviations) / 20;
  const out = means.map(() => 0);
  for (let x = low; x <= high; x += step) {
    const z = means.map((mean, i) => (x - mean) / deviations[i]!);
    for (let i = 0; i < means.length; i++) {
      let product = (step * normalDensity(z[i]!)) / deviations[i]!;
      for (let j = 0; j < means.length; j++) if (j !== i) product *= normalCdf(z[j]!);
      out[i]! += product;
    }
  }
  return out;
}

test("agrees with brute force to 1e-6, arms alike and unlike", () => {
  const rng = createRng(5);
  for (let world = 0; world < 24; world++) {
    const count = world % 6 === 0 ? 24 : rng.integer(2, 9);
    const means = Array.from({ length: count }, () => rng.normal() * [0.01, 1, 3][world % 3]!);
    const deviations = means.map(() => Math.exp((world % 2) * rng.normal()));
    const expected = bestOfByBruteForce(means, deviations);
    bestOf(means, deviations).forEach((probability, i) => {
      expect(Math.abs(probability - expected[i]!)).toBeLessThan(1e-6);
    });
  }
});

test("two arms: the closed form Phi(difference / deviation of the difference), at any scale", () => {
  const rng = createRng(6);
  for (let pair = 0; pair < 200; pair++) {
    const scale = 10 ** rng.integer(-6, 7);
    const means = [rng.normal() * scale + 5 * scale, rng.normal() * scale + 5 * scale];
    const deviations = [scale * 10 ** rng.integer(-4, 2), scale * 10 ** rng.integer(-4, 2)];
    const expected = normalCdf((means[0]! - means[1]!) / Math.hypot(...deviations));
    expect(Math.abs(bestOf(means, deviations)[0]! - expected)).toBeLessThan(1e-6);
  }
});

test("arms alike share alike", () => {
  for (const probability of bestOf(Array(7).fill(3), Array(7).fill(0.2))) {
    expect(probability).toBeCloseTo(1 / 7, 10);
  }
});

test("exactly known arms: the first of equal ones, against the chance that another is above", () => {
  expect(bestOf([1, 3, 3, 2], [0, 0, 0, 0])).toEqual([0, 1, 0, 0]);
  const [known, worse, open] = bestOf([1, 0.5, 0.5], [0, 0, 2]);
  expect(known).toBeCloseTo(normalCdf(0.25), 6);
  expect(worse).toBe(0);
  expect(open).toBeCloseTo(1 - normalCdf(0.25), 6);
  expect(bestOf([1e9, 0], [0, 1])).toEqual([1, 0]);
  // The open arm ends where the known one stands.
  expect(bestOf([5.5, 0], [0, 1])[0]).toBeCloseTo(1, 7);
  expect(bestOf([0, 5.5], [0, 1])[1]).toBeCloseTo(1, 7);
});

test("unknown arms are the limit of ever larger deviations", () => {
  expect(bestOf([0, 0, 0], [Infinity, Infinity, Infinity])).toEqual([1 / 3, 1 / 3, 1 / 3]);
  const limit = bestOf([1, 2, 7, 0], [1, 1, Infinity, Infinity]);
  expect(limit[2]).toBe(0.375);
  expect(limit[3]).toBe(0.375);
  const near = bestOf([1, 2, 7, 0], [1, 1, 1e8, 1e8]);
  limit.forEach((probability, i) => {
    expect(probability).toBeCloseTo(near[i]!, 6);
  });
});

test("huge gaps and tiny deviations leave certainty", () => {
  expect(bestOf([1e12, -1e12, 0], [1, 1, 1])).toEqual([1, 0, 0]);
  expect(bestOf([1, 1 + 1e-9], [1e-13, 1e-13])).toEqual([0, 1]);
  expect(bestOf([2, 2], [1e-12, 1e-12])[0]).toBeCloseTo(0.5, 8);
  expect(bestOf([0, 0], [5e-324, 5e-324])).toEqual([1, 0]);
  expect(bestOf([0.3], [2])).toEqual([1]);
});

test("what is no number is refused rather than integrated for ever", () => {
  for (const bad of [Number.NaN, Infinity, -Infinity, 1e301]) {
    expect(() => bestOf([0, bad], [1, 1])).toThrow("means and deviations of at most 1e+300");
  }
  for (const bad of [Number.NaN, -1, 1e301]) {
    expect(() => bestOf([0, 1], [1, bad])).toThrow(expect.objectContaining({ code: "diverged" }));
  }
  expect(bestOf([1e300, 0], [1e300, 1])[0]).toBeCloseTo(normalCdf(1), 6);
  expect(bestOf([0, 0], [1e300, 1e300])[0]).toBeCloseTo(0.5, 8);
  // Nothing is known of an infinite deviation's mean.
  expect(bestOf([Number.NaN, 0], [Infinity, 1])).toEqual([0.5, 0.5]);
});

test("probabilities, whatever comes", () => {
  const deviation = fc.oneof(
    fc.constantFrom(0, Infinity, 1e-300),
    fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
  );
  const mean = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  const arms = fc.array(fc.tuple(mean, deviation), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(arms, (list) => {
      const probabilities = bestOf(
        list.map(([m]) => m),
        list.map(([, d]) => d),
      );
      for (const p of probabilities) expect(p).toBeGreaterThanOrEqual(0);
      expect(Math.abs(probabilities.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12);
    }),
    { seed: 7, numRuns: 300 },
  );
});
