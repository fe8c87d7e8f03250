import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng } from "./rng.js";
import {
  mean,
  meanInterval,
  median,
  medianAbsoluteDeviation,
  medianInterval,
  normalQuantile,
  proportionInterval,
  quantiles,
  standardDeviation,
  variance,
} from "./statistics.js";
import { createRunningStatistics } from "./welford.js";

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 50,
});

test("golden values of NumPy 1.24: mean, std(ddof=1), quantile", () => {
  const x = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];
  expect(mean(x)).toBeCloseTo(3.9, 14);
  expect(standardDeviation(x)).toBeCloseTo(2.4698178070456938, 13);
  expect(quantiles(x, [0, 0.1, 0.25, 0.5, 0.95, 1])).toEqual([
    1,
    1,
    2.25,
    3.5,
    expect.closeTo(7.65, 12),
    9,
  ]);
  expect(medianAbsoluteDeviation(x)).toBe(1.5);
});

test("the mean keeps digits that a plain sum loses", () => {
  expect(mean([1, 1e100, 1, -1e100])).toBe(0.5);
  expect(variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])).toBe(30);
});

test("quantiles of the normal distribution", () => {
  // R 4.2: qnorm(c(0.975, 0.995, 0.001, 0.5))
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
  expect(normalQuantile(0.995)).toBeCloseTo(2.5758293035489, 8);
  expect(normalQuantile(0.001)).toBeCloseTo(-3.09023230616781, 8);
  expect(normalQuantile(0.5)).toBe(0);
  expect(normalQuantile(0)).toBe(-Infinity);
  expect(normalQuantile(2)).toBeNaN();
});

test.each([
  // R 4.2: qt(0.975, n - 1)
  [2, 12.7062047361747],
  [3, 4.30265272974946],
  [4, 3.18244630528371],
  [5, 2.77644510519779],
  [11, 2.22813885198627],
  [31, 2.04227245630124],
])("the interval of the mean of %i values uses Student's t", (n, t) => {
  const x = Array.from({ length: n }, (_, i) => i);
  const { low, high } = meanInterval(x);
  const half = (t * standardDeviation(x)) / Math.sqrt(n);
  expect((high - low) / 2 / half).toBeCloseTo(1, 6);
});

test("Wilson's interval: 0 of 10 and 8 of 10", () => {
  // R 4.2: prop.test(8, 10, correct = FALSE)$conf.int
  expect(proportionInterval(8, 10).low).toBeCloseTo(0.4901625, 6);
  expect(proportionInterval(8, 10).high).toBeCloseTo(0.9433178, 6);
  expect(proportionInterval(0, 10).low).toBe(0);
  expect(proportionInterval(0, 10).high).toBeCloseTo(0.2775328, 6);
});

test("95 % intervals hold the truth at least 93 times in 100", () => {
  const rng = createRng(21);
  const rounds = 1500;
  let means = 0;
  let medians = 0;
  for (let round = 0; round < rounds; round++) {
    const x = Array.from({ length: 25 }, () => rng.normal(1, 2));
    if (holds(meanInterval(x), 1)) means++;
    if (holds(medianInterval(x), 1)) medians++;
  }
  expect(means / rounds).toBeGreaterThan(0.93);
  expect(means / rounds).toBeLessThan(0.97);
  expect(medians / rounds).toBeGreaterThan(0.93);
});

test("running statistics agree with the list, also when merged", () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const left = createRunningStatistics();
      const right = createRunningStatistics();
      for (const value of a) left.add(value);
      for (const value of b) right.add(value);
      left.merge(right);
      const all = [...a, ...b];
      expect(left.count).toBe(all.length);
      expect(Math.abs(left.mean - mean(all))).toBeLessThan(1e-7);
      expect(Math.abs(left.variance - variance(all))).toBeLessThanOrEqual(
        1e-9 * Math.max(1, variance(all)),
      );
      expect(left.min).toBe(Math.min(...all));
      expect(left.max).toBe(Math.max(...all));
    }),
    { seed: 16, numRuns: 200 },
  );
  const empty = createRunningStatistics();
  expect(empty.mean).toBeNaN();
  expect(empty.variance).toBeNaN();
});

test("quantiles lie within the sample and grow with their fraction", () => {
  fc.assert(
    fc.property(values, (x) => {
      const [low, middle, high] = quantiles(x, [0, 0.5, 1]);
      expect(low).toBe(Math.min(...x));
      expect(high).toBe(Math.max(...x));
      expect(middle! >= low! && middle! <= high!).toBe(true);
      const interval = medianInterval(x);
      expect(interval.low <= middle! && middle! <= interval.high).toBe(true);
    }),
    { seed: 17, numRuns: 200 },
  );
});

test("what has no answer is refused", () => {
  expect(() => median([])).toThrow("quantiles: at least one value is needed");
  expect(() => quantiles([1], [1.5])).toThrow("a fraction from 0 to 1 was expected, got 1.5");
  expect(() => meanInterval([1, 2], 1)).toThrow("a confidence level between 0 and 1");
  expect(() => proportionInterval(3, 2)).toThrow("got 3 of 2");
  expect(meanInterval([1])).toEqual({ low: -Infinity, high: Infinity });
});

function holds(interval: { low: number; high: number }, value: number): boolean {
  return interval.low <= value && value <= interval.high;
}
