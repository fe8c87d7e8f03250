import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bernoulliDivergence } from "../counting/kl-ucb.js";
import { adwin } from "./adwin.js";
import type { ChangeDetector, DetectorKind } from "./change-detector.js";
import { cusum } from "./cusum.js";
import { glr } from "./glr.js";
import { pageHinkley } from "./page-hinkley.js";

/** Feeds Bernoulli values; returns at which of them there were alarms. */
function alarms(
  detector: ChangeDetector,
  meanAt: (i: number) => number,
  count: number,
  seed: number,
): number[] {
  const rng = createRng(seed);
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    if (detector.add(rng.uniform() < meanAt(i) ? 1 : 0)) found.push(i);
  }
  return found;
}

const kinds: [string, DetectorKind, { falseAlarms: number; delay: number }][] = [
  // Over 20 stationary streams of 2,000 values; mean delay after a jump from .2 to .7 in 20 streams.
  ["cusum", cusum(), { falseAlarms: 1, delay: 70 }],
  ["pageHinkley", pageHinkley(), { falseAlarms: 0, delay: 75 }],
  ["adwin", adwin(), { falseAlarms: 1, delay: 70 }],
  ["glr", glr(), { falseAlarms: 0, delay: 45 }],
];

describe.each(kinds)("%s", (_name, kind, bounds) => {
  test("hardly ever gives alarm where nothing changes", () => {
    let found = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const mean = 0.1 + (seed % 5) * 0.2;
      found += alarms(kind.start(), () => mean, 2000, seed).length;
    }
    expect(found).toBeLessThanOrEqual(bounds.falseAlarms);
  });

  test("finds a jump up and a jump down soon, once each", () => {
    for (const [before, after] of [
      [0.2, 0.7],
      [0.8, 0.3],
    ] as const) {
      let delays = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const found = alarms(kind.start(), (i) => (i < 500 ? before : after), 800, seed);
        const first = found.find((i) => i >= 500);
        delays += (first ?? Infinity) - 500;
      }
      expect(delays / 20).toBeLessThan(bounds.delay);
    }
  });

  test("finds the next change after an alarm, too", () => {
    const found = alarms(kind.start(), (i) => [0.1, 0.9, 0.1][Math.floor(i / 400)]!, 1200, 3);
    expect(found.some((i) => i >= 400 && i < 500)).toBe(true);
    expect(found.some((i) => i >= 800 && i < 900)).toBe(true);
  });

  test("a state goes on bit for bit, and damage changes nothing", () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 300 });
    fc.assert(
      fc.property(values, values, (before, after) => {
        const detector = kind.start();
        for (const value of before) detector.add(value);
        const copy = kind.start();
        copy.restore(JSON.parse(JSON.stringify(detector.state())));
        expect(copy.state()).toEqual(detector.state());
        for (const value of after) expect(copy.add(value)).toBe(detector.add(value));
        const state = detector.state();
        expect(copy.state()).toEqual(state);
        for (const damage of [null, undefined, 4, "AAAA", {}, { seen: -1 }, { seen: 2.5 }]) {
          expect(() => copy.restore(damage)).toThrow(
            expect.objectContaining({ code: "invalid-data" }),
          );
        }
        expect(copy.state()).toEqual(state);
      }),
      { seed: 13, numRuns: 40 },
    );
  });
});

test("cusum by hand", () => {
  const detector = cusum({ warmUp: 2, tolerance: 0.25, threshold: 1 }).start();
  // The mean is .5; each 1 adds a quarter, the fifth passes the threshold of 1.
  expect([0, 1, 1, 1, 1, 1, 1].map((value) => detector.add(value))).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

test("page-hinkley: distances are those of the sum from its lowest and highest point", () => {
  const rng = createRng(17);
  const [tolerance, threshold] = [0.05, 3];
  const detector = pageHinkley({ warmUp: 1, tolerance, threshold }).start();
  const values: number[] = [];
  let found = -1;
  let expected = -1;
  for (let i = 0; i < 200 && found < 0; i++) {
    const value = rng.uniform() + (i < 60 ? 0 : 0.4);
    values.push(value);
    if (detector.add(value)) found = i;
  }
  // The definition: sums over all, and their extremes.
  let [sum, up, down, lowest, highest] = [0, 0, 0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    up += value - sum / (i + 1) - tolerance;
    down += value - sum / (i + 1) + tolerance;
    lowest = Math.min(lowest, up);
    highest = Math.max(highest, down);
    if (expected < 0 && i >= 1 && Math.max(up - lowest, highest - down) > threshold) expected = i;
  });
  expect(found).toBeGreaterThan(60);
  expect(found).toBe(expected);
});

test("page-hinkley gives no alarm while it warms up, however far values jump", () => {
  const first = (warmUp: number): number => {
    const detector = pageHinkley({ warmUp, threshold: 1 }).start();
    for (let i = 0; i < 100; i++) if (detector.add(i < 5 ? 0 : 1)) return i + 1;
    return Infinity;
  };
  expect(first(1)).toBeLessThan(10);
  expect(first(20)).toBe(21);
});

test("adwin keeps the counts and sums of its window in few buckets", () => {
  const detector = adwin({ every: 1_000_000 }).start();
  const rng = createRng(2);
  let sum = 0;
  for (let i = 0; i < 20_000; i++) {
    const value = rng.uniform();
    sum += value;
    detector.add(value);
  }
  const { seen, length, buckets } = detector.state() as {
    seen: number;
    length: number;
    buckets: string;
  };
  expect(seen).toBe(20_000);
  expect(length).toBeLessThan(6 * 13);
  const numbers = new Float64Array(
    Uint8Array.from(atob(buckets), (character) => character.charCodeAt(0)).buffer,
  );
  let counted = 0;
  let summed = 0;
  for (let i = 0; i < numbers.length; i += 3) {
    counted += numbers[i]!;
    summed += numbers[i + 1]!;
    expect(Math.log2(numbers[i]!) % 1).toBe(0);
  }
  expect(counted).toBe(20_000);
  expect(summed).toBeCloseTo(sum, 8);
});

test("glr gives alarm exactly when a cut passes the threshold of its definition", () => {
  const rng = createRng(23);
  const detector = glr({ delta: 0.05, history: 400, every: 1 }).start();
  const values: number[] = [];
  for (let i = 0; i < 200; i++) {
    const value = rng.uniform() < (i < 60 ? 0.3 : 0.8) ? 1 : 0;
    values.push(value);
    const n = values.length;
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const gains = values
      .slice(1)
      .map(
        (_, s) =>
          (s + 1) * bernoulliDivergence(mean(values.slice(0, s + 1)), mean(values)) +
          (n - s - 1) * bernoulliDivergence(mean(values.slice(s + 1)), mean(values)),
      );
    const expected = n > 1 && Math.max(...gains) >= Math.log((3 * n * Math.sqrt(n)) / 0.05);
    expect(detector.add(value)).toBe(expected);
    if (expected) {
      expect(n).toBeGreaterThan(60);
      return;
    }
  }
  expect.unreachable();
});

test("refuses parameters out of range", () => {
  expect(() => cusum({ warmUp: 0 })).toThrow("cusum: warmUp: a whole number from 1");
  expect(() => cusum({ threshold: -1 })).toThrow("cusum: threshold: a finite number above 0");
  expect(() => pageHinkley({ tolerance: 0 })).toThrow("pageHinkley: tolerance");
  expect(() => adwin({ delta: 1 })).toThrow("adwin: delta: between 0 and 1 was expected, got 1");
  expect(() => glr({ history: 1 })).toThrow("glr: history: a whole number from 2");
});
