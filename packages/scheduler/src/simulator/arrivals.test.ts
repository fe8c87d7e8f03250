import { describe, expect, test } from "vitest";
import { burstyArrivals, poissonArrivals, traceArrivals } from "./arrivals.js";

function gapsOf(times: readonly number[]): number[] {
  return times.map((time, i) => time - (times[i - 1] ?? 0));
}

function dispersion(times: readonly number[], window: number): number {
  const counts = new Array<number>(Math.floor(times.at(-1)! / window)).fill(0);
  for (const time of times) {
    const at = Math.floor(time / window);
    if (at < counts.length) counts[at]!++;
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
}

describe("poissonArrivals", () => {
  test("exponential gaps of the rate, in order, by seed", () => {
    const times = poissonArrivals({ rate: 40, count: 20_000, seed: 5 });
    const gaps = gapsOf(times);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    // Four standard errors of the mean, and of the share above it.
    expect(Math.abs(times.at(-1)! / 20_000 - 1 / 40)).toBeLessThan(
      (4 * (1 / 40)) / Math.sqrt(20_000),
    );
    const above = gaps.filter((gap) => gap > 1 / 40).length / 20_000;
    expect(Math.abs(above - Math.exp(-1))).toBeLessThan(4 * Math.sqrt(0.25 / 20_000));
    expect(poissonArrivals({ rate: 40, count: 5, seed: 5 })).toEqual(times.slice(0, 5));
    expect(poissonArrivals({ rate: 40, count: 5, seed: 6 })).not.toEqual(times.slice(0, 5));
    expect(Math.abs(dispersion(times, 1) - 1)).toBeLessThan(0.3); // a Poisson count: variance = mean
  });

  test("what makes no sense is refused", () => {
    expect(() => poissonArrivals({ rate: 0, count: 1, seed: 1 })).toThrow(/rate must be .* got 0/);
    expect(() => poissonArrivals({ rate: 1, count: 1.5, seed: 1 })).toThrow(/whole count .* 1.5/);
    expect(() => poissonArrivals({ rate: 1, count: 1e12, seed: 1 })).toThrow(
      /whole count .* got 1000000000000/,
    );
  });
});

describe("burstyArrivals", () => {
  const options = { rates: [10, 90], dwell: [3, 1], count: 30_000, seed: 9 } as const;

  test("the mean rate by dwells, and far more spread than Poisson arrivals", () => {
    const times = burstyArrivals(options);
    expect(Math.min(...gapsOf(times))).toBeGreaterThanOrEqual(0);
    expect(30_000 / times.at(-1)!).toBeGreaterThan(30 * 0.9);
    expect(30_000 / times.at(-1)!).toBeLessThan(30 * 1.1);
    expect(dispersion(times, 1)).toBeGreaterThan(10);
    expect(burstyArrivals(options)).toEqual(times);
  });

  test("a quiet state without arrivals", () => {
    const times = burstyArrivals({ ...options, rates: [0, 50], count: 100 });
    expect(times.length).toBe(100);
    expect(() => burstyArrivals({ ...options, rates: [0, 0] })).toThrow(/the larger rate must be/);
  });

  test("rates that would take for ever", () => {
    const hardlyEver = { ...options, rates: [0, 1e-9], dwell: [1, 1e-3], count: 1 } as const;
    expect(() => burstyArrivals(hardlyEver)).toThrow(
      /got 1\.0+2?e-12; give larger rates or dwells/,
    );
  });
});

test("traceArrivals puts recorded times in order from 0", () => {
  expect(traceArrivals([7, 5, 6, 9], { speed: 2 })).toEqual([0, 0.5, 1, 2]);
  expect(traceArrivals([7, 5, 6, 9], { count: 2 })).toEqual([0, 1]);
  expect(traceArrivals([])).toEqual([]);
  expect(() => traceArrivals([1, Number.NaN])).toThrow(
    /time in seconds was expected at 1, got NaN/,
  );
});
