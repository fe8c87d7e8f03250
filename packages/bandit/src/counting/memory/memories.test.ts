import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ArmStatistics, Memory } from "./arm-statistics.js";
import { discounted } from "./discounted.js";
import { forever } from "./forever.js";
import { slidingWindow } from "./sliding-window.js";

interface Seen {
  slot: number;
  reward: number;
  weight: number;
}

/** Weight of an example that came `age` examples ago. */
const memories: [string, Memory, (age: number) => number][] = [
  ["forever", forever(), () => 1],
  ["discounted", discounted({ discount: 0.8 }), (age) => 0.8 ** age],
  ["discounted fast", discounted({ discount: 1e-3 }), (age) => 1e-3 ** age],
  ["window", slidingWindow({ length: 6 }), (age) => (age < 6 ? 1 : 0)],
  ["window of one", slidingWindow({ length: 1 }), (age) => (age < 1 ? 1 : 0)],
];

/** Statistics from the whole list of what was seen. */
function expectAsListed(
  statistics: ArmStatistics,
  seen: readonly (Seen | undefined)[],
  weightAt: (age: number) => number,
  slots: readonly number[],
): void {
  let total = 0;
  for (const slot of slots) {
    const sums = [0, 0, 0];
    seen.forEach((example, i) => {
      if (example?.slot !== slot) return;
      const weight = example.weight * weightAt(seen.length - 1 - i);
      sums[0]! += weight;
      sums[1]! += weight * example.reward;
      sums[2]! += weight * example.reward ** 2;
    });
    total += sums[0]!;
    expect(Math.abs(statistics.count(slot) - sums[0]!)).toBeLessThan(1e-11);
    expect(Math.abs(statistics.sum(slot) - sums[1]!)).toBeLessThan(1e-11);
    expect(Math.abs(statistics.squares(slot) - sums[2]!)).toBeLessThan(1e-10);
  }
  expect(Math.abs(statistics.total - total)).toBeLessThan(1e-11);
}

describe.each(memories)("%s", (_name, memory, weightAt) => {
  test("remembers as a list of all examples says, arms coming and going", () => {
    const example = fc.record({
      slot: fc.integer({ min: 0, max: 3 }),
      reward: fc.double({ min: -5, max: 5, noNaN: true }),
      weight: fc.constantFrom(1, 0.3, 2),
    });
    const step = fc.oneof({ weight: 6, arbitrary: example }, fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const statistics = memory.start();
        const slots = [0, 1, 2, 3];
        for (const slot of slots) statistics.addArm(slot, undefined, 1);
        let seen: (Seen | undefined)[] = [];
        for (const next of steps) {
          if (typeof next === "number") {
            statistics.removeArm(next);
            statistics.addArm(next, undefined, 1);
            seen = seen.map((one) => (one?.slot === next ? undefined : one));
          } else {
            statistics.learn(next.slot, next.reward, next.weight);
            seen.push(next);
          }
          expectAsListed(statistics, seen, weightAt, slots);
        }
      }),
      { seed: 21, numRuns: 100 },
    );
  });

  test("an arm like another one takes over a share, which is remembered as if seen just then", () => {
    const statistics = memory.start();
    statistics.addArm(0, undefined, 1);
    for (let i = 0; i < 4; i++) statistics.learn(0, i, 1);
    statistics.addArm(3, 0, 0.5);
    expect(statistics.count(3)).toBeCloseTo(statistics.count(0) / 2, 14);
    expect(statistics.sum(3)).toBeCloseTo(statistics.sum(0) / 2, 14);
    expect(statistics.squares(3)).toBeCloseTo(statistics.squares(0) / 2, 14);
    expect(statistics.total).toBeCloseTo(1.5 * statistics.count(0), 14);
    const before = statistics.count(3);
    for (let i = 0; i < 5; i++) statistics.learn(0, i, 1);
    if (memory.name !== "slidingWindow(1)") {
      expect(statistics.count(3)).toBeCloseTo(before * weightAt(5), 14);
    }
    statistics.learn(0, 1, 1);
    expect(statistics.count(3)).toBeCloseTo(before * weightAt(6), 14);
  });
});

test("an arm that was not tried in the window counts as untried, crumbs and all", () => {
  const statistics = slidingWindow({ length: 2 }).start();
  statistics.addArm(0, undefined, 1);
  statistics.addArm(1, undefined, 1);
  for (const weight of [0.1, 0.7, 0.3]) statistics.learn(0, 0.1, weight);
  statistics.learn(1, 1, 1);
  statistics.learn(1, 1, 1);
  expect(statistics.count(0)).toBe(0);
  expect(statistics.sum(0)).toBe(0);
});

test("an arm's last example takes all that is left of it along, whatever the sizes were", () => {
  const statistics = slidingWindow({ length: 4 }).start();
  statistics.addArm(0, undefined, 1);
  statistics.addArm(1, undefined, 1);
  for (const weight of [1e20, 1e50, 1]) statistics.learn(0, 0.3, weight);
  for (let i = 0; i < 4; i++) statistics.learn(1, 1, 1);
  expect([statistics.count(0), statistics.sum(0), statistics.squares(0)]).toEqual([0, 0, 0]);
});

test.each([forever(), slidingWindow({ length: 5 }), discounted({ discount: 0.9 })])(
  "$name: the total goes on bit for bit, and a huge weight that has gone leaves nothing",
  (memory) => {
    const statistics = memory.start();
    for (const slot of [0, 1, 2]) statistics.addArm(slot, undefined, 1);
    const weights = [0.1, 0.7, 1e15, 0.3, 0.1, 0.2, 0.7, 0.1, 0.3];
    weights.forEach((weight, i) => {
      statistics.learn(i % 3, 0.5, weight);
      const copy = memory.start();
      copy.prepare(JSON.parse(JSON.stringify(statistics.state())), "test")();
      expect(copy.total).toBe(statistics.total);
    });
    if (memory.name !== "slidingWindow(5)") return;
    for (let i = 0; i < 12; i++) statistics.learn(i % 3, 0.5, 0.1);
    expect(statistics.total).toBeCloseTo(0.5, 12);
  },
);

test("forever: a hundred thousand rewards that a plain sum would lose digits of", () => {
  const statistics = forever().start();
  statistics.addArm(0, undefined, 1);
  statistics.learn(0, 1e16, 1);
  for (let i = 0; i < 100_000; i++) statistics.learn(0, 0.5, 1);
  statistics.learn(0, -1e16, 1);
  expect(statistics.sum(0)).toBe(50_000);
  expect(statistics.count(0)).toBe(100_002);
});

test("discounted: after 300,000 steps sums are those of the last examples to twelve digits", () => {
  // What came 4,000 examples ago weighs 0.99^4000 < 1e-17. A plain running sum has the same bound on its error.
  const statistics = discounted({ discount: 0.99 }).start();
  statistics.addArm(0, undefined, 1);
  statistics.addArm(1, undefined, 1);
  const rng = createRng(2);
  const last: Seen[] = [];
  for (let i = 0; i < 300_000; i++) {
    const example = { slot: i % 2, reward: rng.uniform() - 0.5, weight: 1 };
    statistics.learn(example.slot, example.reward, example.weight);
    if (i >= 296_000) last.push(example);
  }
  expectAsListed(statistics, last, (age) => 0.99 ** age, [0, 1]);
});

test("window: after 300,000 steps sums are those of the window, also after rewards of another size", () => {
  const statistics = slidingWindow({ length: 1000 }).start();
  statistics.addArm(0, undefined, 1);
  const rng = createRng(2);
  let last: Seen[] = [];
  for (let i = 0; i < 300_500; i++) {
    const reward = i === 299_200 ? 1e12 : rng.uniform();
    statistics.learn(0, reward, 1);
    last.push({ slot: 0, reward, weight: 1 });
    if (last.length === 2000) last = last.slice(1000);
  }
  expectAsListed(statistics, last.slice(-1000), () => 1, [0]);
});

test("discounted: an arm left alone for long is untried again, not a quotient of denormals", () => {
  const statistics = discounted({ discount: 0.5 }).start();
  statistics.addArm(0, undefined, 1);
  statistics.addArm(1, undefined, 1);
  statistics.learn(0, 0.7, 1);
  for (let i = 0; i < 3000; i++) {
    statistics.learn(1, 1, 1);
    const count = statistics.count(0);
    if (count > 0) expect(statistics.sum(0) / count).toBeCloseTo(0.7, 12);
  }
  expect(statistics.count(0)).toBe(0);
  expect(statistics.sum(0)).toBe(0);
});

test("discounted: the smallest discount remembers the last example", () => {
  const statistics = discounted({ discount: 1e-9 }).start();
  statistics.addArm(0, undefined, 1);
  for (let i = 0; i < 100; i++) statistics.learn(0, i, 1);
  expect(statistics.count(0)).toBeCloseTo(1, 8);
  expect(statistics.sum(0)).toBeCloseTo(99, 6);
});

test("window: small weights are still there when a large one has gone, and can be read back", () => {
  const statistics = slidingWindow({ length: 4 }).start();
  statistics.addArm(0, undefined, 1);
  const weights = [0.3, 1e6, 1e-12, 0.1, 1e-12, 0.2];
  for (const weight of weights) {
    statistics.learn(0, 1, weight);
    statistics.prepare(statistics.state(), "test")();
  }
  const expected = 1e-12 + 0.1 + 1e-12 + 0.2;
  expect(Math.abs(statistics.count(0) / expected - 1)).toBeLessThan(1e-15);
  for (let i = 0; i < 3; i++) statistics.learn(0, 1, 1e-12);
  expect(statistics.count(0)).toBeCloseTo(0.2 + 3e-12, 15);
  statistics.learn(0, 1, 1e-12);
  expect(Math.abs(statistics.count(0) / 4e-12 - 1)).toBeLessThan(1e-12);
  expect(statistics.sum(0)).toBeCloseTo(4e-12, 24);
});

test("refuses parameters that make no memory", () => {
  for (const discount of [0, 1, -1, 1e-30, Number.NaN]) {
    expect(() => discounted({ discount })).toThrow("from 1e-9 and below 1");
  }
  for (const length of [0, 1.5, 2 ** 25, Number.NaN]) {
    expect(() => slidingWindow({ length })).toThrow("a length from 1 to 2^24");
  }
});
