import { expect, test } from "vitest";
import { createModelSwitcher, type ModelSwitcher } from "./model-switcher.js";

const limits = { lower: 0.1, upper: 0.8 };
const feed = (switcher: ModelSwitcher, from: number, thresholds: number[], windows: number) => {
  const seen: number[] = [];
  for (let i = 0; i < windows; i++) {
    seen.push(
      switcher.update(
        thresholds.map((threshold) => ({ threshold })),
        from + 1000 * i,
      ),
    );
  }
  return seen;
};

test("switches when all devices agree, for as many windows as asked", () => {
  const switcher = createModelSwitcher({ models: 3, start: 1, limits, cooldownMs: 0 });
  expect(feed(switcher, 0, [0.05, 0.1, 0.2], 3)).toEqual([1, 1, 1]);
  expect(feed(switcher, 3000, [0.05, 0.1], 3)).toEqual([1, 0, 0]);
  expect(feed(switcher, 6000, [0.9, 0.8], 5)).toEqual([0, 1, 1, 2, 2]);
  expect(feed(switcher, 20_000, [], 3)).toEqual([2, 2, 2]);
});

test("one window of disagreement starts the count again", () => {
  const switcher = createModelSwitcher({ models: 2, limits, cooldownMs: 0, windows: 2 });
  expect(feed(switcher, 0, [0.9], 1)).toEqual([0]);
  expect(feed(switcher, 1000, [0.5], 1)).toEqual([0]);
  expect(feed(switcher, 2000, [0.9], 2)).toEqual([0, 1]);
});

test("waits between switches, and longer each time a better model did not last", () => {
  const switcher = createModelSwitcher({ models: 2, limits, cooldownMs: 5000, windows: 1 });
  const times: number[] = [];
  let model = 0;
  for (let now = 0; now < 100_000; now += 1000) {
    // The better model is always too slow.
    const next = switcher.update([{ threshold: model === 0 ? 1 : 0 }], now);
    if (next !== model) times.push(now);
    model = next;
  }
  const pauses = times.slice(1).map((time, i) => time - times[i]!);
  expect(pauses).toEqual([5000, 10_000, 5000, 20_000, 5000, 40_000, 5000]);
});

test("tiers have limits of their own", () => {
  const switcher = createModelSwitcher({
    ...{ models: 2, start: 1, limits, cooldownMs: 0, windows: 1 },
    tierLimits: { low: { lower: 0.3, upper: 0.9 } },
  });
  expect(switcher.update([{ threshold: 0.25 }, { threshold: 0.05 }], 0)).toBe(1);
  expect(switcher.update([{ threshold: 0.25, tier: "low" }, { threshold: 0.05 }], 1)).toBe(0);
  expect(switcher.model).toBe(0);
});

test.each([
  [{ models: 2, start: 2 }, "0 <= start < models"],
  [{ models: 2, limits: { lower: 0.5, upper: 0.5 } }, "0 <= lower < upper <= 1"],
  [{ models: 2, windows: 0 }, "windows and backoff from 1"],
])("%o is refused", (options, message) => {
  expect(() => createModelSwitcher(options)).toThrow(message);
});
