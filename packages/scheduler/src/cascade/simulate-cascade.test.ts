import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBatchSignalController } from "./batch-signal-controller.js";
import { makeCascadeTable } from "./cascade-table.test-support.js";
import { createContinuousController } from "./continuous-controller.js";
import { createGainController } from "./gain-controller.js";
import { createModelSwitcher } from "./model-switcher.js";
import { simulateCascade } from "./simulate-cascade.js";
import type { SimulateCascadeOptions, SimulatedDevice } from "./simulated-cascade.js";
import { createStaticController } from "./static-controller.js";

const table = makeCascadeTable(500, 5);
const latencyOf = (size: number): number => 10 + 2 * size;
const fast = [{ name: "fast", latencyOf }];
const makeDevices = (count: number): SimulatedDevice[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ tier: i % 2 === 0 ? "weak" : "strong", latencyMs: 30 + (i % 5) },
  }));
const short = { durationMs: 6000, warmupMs: 1000, windowMs: 500 };

describe("one device", () => {
  const one = [{ tier: "weak", latencyMs: 31 }];
  const run = (threshold: number, options: SimulateCascadeOptions = {}) => {
    const controller = createStaticController({ threshold });
    const cascade = { table, devices: one, serverModels: fast, controller };
    return simulateCascade(cascade, { ...short, ...options });
  };

  test("answers everything itself at threshold 0, asks for everything at 1", () => {
    const alone = run(0);
    expect(alone).toMatchObject({ forwarded: 0, satisfaction: 1, violations: 0 });
    expect(alone.samples).toBeGreaterThanOrEqual(161); // 5000 ms of 31 ms each
    expect(alone.samples).toBeLessThanOrEqual(162);
    expect(run(1)).toMatchObject({ forwarded: 1, local: 0, satisfaction: 1 });
  });

  test("an answer takes light + way + batch + way, to the millisecond", () => {
    const networkMs = { constant: 4 };
    expect(run(1, { networkMs, sloMs: 51 + 1e-6 }).satisfaction).toBe(1); // 31 + 4 + 12 + 4
    const late = run(1, { networkMs, sloMs: 51 - 1e-6 });
    expect(late).toMatchObject({ satisfaction: 0, served: 0 });
    expect(late.late).toBeGreaterThan(150);
    expect(run(0, { sloMs: 30 })).toMatchObject({ satisfaction: 0, late: 0, undelivered: 0 });
  });

  test("accuracy is that of the model that answers", () => {
    const shareOf = (name: string): number =>
      table.models.get(name)!.correct.reduce((sum, ok) => sum + ok, 0) / table.samples;
    const long = { durationMs: 60_000, warmupMs: 0 };
    // About 1900 samples: four standard errors are 0.05.
    expect(Math.abs(run(0, long).accuracy - shareOf("weak"))).toBeLessThan(0.05);
    expect(Math.abs(run(1, long).accuracy - shareOf("fast"))).toBeLessThan(0.05);
    const late = run(1, { ...long, sloMs: 40 });
    expect(Math.abs(late.accuracy - shareOf("fast"))).toBeLessThan(0.05);
    expect(Math.abs(late.accuracyInTime - shareOf("weak"))).toBeLessThan(0.05);
  });
});

test("a server that drowns does not look well: what it never answers is a violation", () => {
  const controller = createStaticController({ threshold: 0.5 });
  const result = simulateCascade(
    { table, devices: makeDevices(80), serverModels: fast, controller },
    { ...short, durationMs: 10_000, warmupMs: 5000 },
  );
  expect(result.undelivered).toBeGreaterThan(0.1 * result.samples);
  expect(result.satisfaction).toBeCloseTo(1 - result.forwarded, 2);
});

test("the same seed gives the same run, another seed another", () => {
  const run = (seed: number) =>
    simulateCascade(
      {
        table,
        devices: makeDevices(20),
        serverModels: fast,
        controller: createContinuousController(),
      },
      { ...short, seed, networkMs: { constant: 3, jitterMean: 2 } },
    );
  expect(run(3)).toEqual(run(3));
  expect(run(3).accuracy).not.toBe(run(4).accuracy);
});

test("a server that dies hands its batch back: nothing is lost, the other takes over", () => {
  const controller = createStaticController({ threshold: 0.6 });
  const run = (toMs?: number) =>
    simulateCascade(
      { table, devices: makeDevices(16), serverModels: fast, controller },
      {
        ...{ ...short, servers: 2, sloMs: 1000 },
        outages: [{ server: 0, fromMs: 3003, ...(toMs !== undefined && { toMs }) }],
      },
    );
  for (const result of [run(), run(4000)]) expect(result.violations).toBe(0);
  const alone = simulateCascade(
    { table, devices: makeDevices(16), serverModels: fast, controller },
    { ...short, outages: [{ server: 0, fromMs: 3003 }] },
  );
  expect(alone.undelivered).toBeGreaterThan(0);
});

test("a server with time to spare takes the better model, and the faster one when more devices come", () => {
  const devices = makeDevices(60).map((device, i) =>
    i < 4 ? device : { ...device, presence: [[30_000, 60_000] as const] },
  );
  const result = simulateCascade(
    {
      ...{ table, devices, controller: createContinuousController() },
      serverModels: [...fast, { name: "accurate", latencyOf: (size) => 20 + 8 * size }],
    },
    {
      windowMs: 1000,
      switcher: createModelSwitcher({ models: 2, limits: { lower: 0.1, upper: 0.7 } }),
    },
  );
  expect(result.switches.map(({ model }) => model)).toEqual([1, 0]);
  expect(result.switches[1]!.atMs).toBeGreaterThan(30_000);
  expect(result.windows.at(-1)!.satisfaction).toBeGreaterThan(0.85);
});

test("whatever the set-up: samples are conserved, thresholds and shares stay in range, absent devices frozen", () => {
  const setUps = fc.record({
    count: fc.integer({ min: 1, max: 25 }),
    seed: fc.nat(),
    kind: fc.constantFrom("static", "batch", "continuous", "gain"),
    sloMs: fc.integer({ min: 20, max: 200 }),
    jitterMean: fc.integer({ min: 0, max: 20 }),
    servers: fc.integer({ min: 1, max: 2 }),
    outage: fc.boolean(),
    maxQueue: fc.integer({ min: 1, max: 100 }),
    earlyDrop: fc.boolean(),
    dropWindow: fc.integer({ min: 1, max: 8 }),
    maxQueueDelayMs: fc.integer({ min: 0, max: 10 }),
    gap: fc.integer({ min: 100, max: 1500 }),
  });
  const create = {
    static: () => createStaticController(),
    batch: () => createBatchSignalController({ optimalBatch: 6 }),
    continuous: () => createContinuousController(),
    gain: () => createGainController({ budgetMs: 60 }),
  };
  fc.assert(
    fc.property(setUps, (setUp) => {
      const { count, seed, kind, sloMs, jitterMean, servers, outage, gap, ...batching } = setUp;
      const devices = makeDevices(count).map((device, i) =>
        i % 3 === 1
          ? {
              ...device,
              presence: [
                [0, 1000],
                [1000 + gap, 2700],
              ] as const,
            }
          : device,
      );
      const result = simulateCascade(
        { table, devices, serverModels: fast, controller: create[kind]() },
        {
          ...{ seed, sloMs, servers, batching, durationMs: 3000, warmupMs: 0, windowMs: 250 },
          networkMs: { jitterMean },
          outages: outage ? [{ server: 0, fromMs: 800, toMs: 1600 }] : [],
        },
      );
      const { local, served, late, undelivered, samples, violations } = result;
      expect(local + served + late + undelivered).toBe(samples);
      expect(violations).toBe(Math.round((1 - result.satisfaction) * samples));
      expect(served + late + undelivered).toBe(Math.round(result.forwarded * samples));
      const byTier = [...result.tiers.values()].reduce((sum, tier) => sum + tier.samples, 0);
      expect(byTier).toBe(samples);
      // Every device that stays starts a sample every 30 to 34 ms.
      const always = devices.filter(({ presence }) => !presence).length;
      expect(samples).toBeGreaterThanOrEqual(always * Math.floor(3000 / 34));
      expect(samples).toBeLessThanOrEqual(count * Math.ceil(3000 / 30));
      const batched = result.batchSizes.reduce((sum, batches, size) => sum + batches * size, 0);
      if (!outage) expect(batched).toBeLessThanOrEqual(served + late + undelivered);
      for (const [i, { thresholds, endMs }] of result.windows.entries()) {
        for (const [device, one] of thresholds.entries()) {
          expect(one >= 0 && one <= 1).toBe(true);
          const away = devices[device]!.presence && endMs > 1250 && endMs < 1000 + gap;
          if (away) expect(one).toBe(result.windows[i - 1]!.thresholds[device]);
        }
      }
    }),
    { seed: 5, numRuns: 60 },
  );
});

test.each([
  [{ sloMs: 0 }, "sloMs must be a finite number above 0, got 0"],
  [{ warmupMs: 60_000 }, "warmupMs must be from 0 to below durationMs (60000), got 60000"],
  [{ samples: [3, 900] as const }, "samples must be a span of the table's 500, got 3 to 900"],
  [{ outages: [{ server: 1, fromMs: 0 }] }, "outages must name a server from 0 to 0, got 1"],
])("%o is refused", (options, message) => {
  const controller = createStaticController();
  const cascade = { table, devices: makeDevices(1), serverModels: fast, controller };
  expect(() => simulateCascade(cascade, options)).toThrow(message);
});
