import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseOptimalBatch, createBatchSignalController } from "./batch-signal-controller.js";
import { type CalibrationCurve, calibrateThresholds, readCalibration } from "./calibration.js";
import { createContinuousController } from "./continuous-controller.js";
import type { ThresholdController } from "./controller.js";
import { createGainController } from "./gain-controller.js";
import { createGainCurve } from "./gain-curve.js";
import { createStaticController } from "./static-controller.js";

// Certainties spread evenly; a light model right for a share that rises to 1 with them, a heavy one for 90 %.
function calibrationOf(lightest: number): CalibrationCurve {
  const thresholds = Array.from({ length: 101 }, (_, i) => i / 100);
  const gainUpTo = (c: number): number => (0.9 - lightest) * c - ((1 - lightest) * c * c) / 2;
  return {
    ...{ thresholds, forwardingRates: thresholds },
    accuracies: thresholds.map((c) => (lightest + 1) / 2 + gainUpTo(c)),
  };
}
const weak = calibrationOf(0.3);
const strong = calibrationOf(0.7);

const controllers: readonly [string, () => ThresholdController][] = [
  ["static", () => createStaticController()],
  ["multitasc", () => createBatchSignalController({ optimalBatch: 8, stepUp: 0.3 })],
  ["multitasc++", () => createContinuousController({ gain: 0.05 })],
  ["gain", () => createGainController({ budgetMs: 100, gain: 0.05 })],
];

describe.each(controllers)("%s", (name, create) => {
  test("thresholds stay from 0 to 1, those of devices away stay as they were", () => {
    const step = fc.record({
      device: fc.constantFrom("a", "b", "c"),
      act: fc.constantFrom("join", "leave", "report", "update"),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      size: fc.integer({ min: 0, max: 64 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const controller = create();
        expect(controller.name).toBe(name);
        const away = new Map<string, number | undefined>();
        let now = 0;
        for (const { device, act, share, size } of steps) {
          now += 500;
          if (act === "join") {
            away.delete(device);
            const calibration = device === "a" ? weak : strong;
            controller.join(device, device === "c" ? {} : { calibration }, now);
          } else if (act === "leave") {
            controller.leave(device, now);
            away.set(device, controller.thresholdOf(device));
          } else if (act === "report") {
            controller.report(device, { inSlo: Math.floor(share * 30), total: 30 }, now);
            if (size > 0) controller.observeBatch({ size, queued: size - 1, latencyMs: size }, now);
          } else {
            const changed = controller.update(now);
            for (const [one, threshold] of changed) {
              expect(controller.thresholdOf(one)).toBe(threshold);
            }
          }
          for (const one of ["a", "b", "c"]) {
            const threshold = controller.thresholdOf(one) ?? 0;
            expect(threshold).toBeGreaterThanOrEqual(0);
            expect(threshold).toBeLessThanOrEqual(1);
          }
          for (const [one, threshold] of away) expect(controller.thresholdOf(one)).toBe(threshold);
        }
      }),
      { seed: 5, numRuns: 150 },
    );
  });

  test("a device that returns goes on where it was; one that brings a threshold takes that", () => {
    const controller = create();
    controller.join("a", { threshold: 0.6 }, 0);
    controller.leave("a", 1);
    controller.join("a", {}, 2);
    expect(controller.thresholdOf("a")).toBe(0.6);
    controller.join("a", { threshold: 0.2 }, 3);
    expect(controller.thresholdOf("a")).toBe(0.2);
    expect(controller.thresholdOf("nobody")).toBeUndefined();
    expect(() => controller.join("b", { threshold: 1.1 }, 4)).toThrow("0 to 1 was expected");
    expect(() => controller.report("a", { inSlo: 2, total: 1 }, 5)).toThrow("0 <= inSlo <= total");
  });
});

test("multitasc++ follows the rule of the paper, by hand", () => {
  const controller = createContinuousController();
  controller.join("a", { threshold: 0.5 }, 0);
  controller.join("b", { threshold: 0.5 }, 0);
  const window = (a: number, b: number | undefined): readonly number[] => {
    controller.report("a", { inSlo: a, total: 100 }, 0);
    if (b !== undefined) controller.report("b", { inSlo: b, total: 100 }, 0);
    controller.update(0);
    return [controller.thresholdOf("a")!, controller.thresholdOf("b")!];
  };
  const expectNear = (got: readonly number[], wanted: readonly number[]): void => {
    for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 12);
  };
  expectNear(window(97, 85), [0.51, 0.45]); // 0.005 for each percent
  expectNear(window(97, 95), [0.51 + 0.01 * 1.05, 0.45]); // two active: the multiplier has grown by 0.05
  expectNear(window(97, undefined), [0.5205 + 0.01 * 1.1, 0.45]); // by 0.05 again; b is silent, frozen
  expectNear(window(95, 100), [0.5315, 0.45 + 0.025]); // on target: no change, the multiplier starts again
  expectNear(window(97, 95), [0.5415, 0.475]);
});

test("multitasc steps down above the optimal batch, up with slack, by the tier's factor", () => {
  expect(chooseOptimalBatch((size) => 10 + 2 * size, 107)).toBe(21);
  expect(chooseOptimalBatch((size) => 10 + 2 * size, 107, { maxBatch: 16 })).toBe(16);
  expect(chooseOptimalBatch((size) => 100 * size, 107)).toBe(1);
  const controller = createBatchSignalController({
    ...{ optimalBatch: () => 10, stepDown: 0.1, stepUp: 0.04, slackShare: 0.5 },
    tierFactors: { slow: 0.5 },
  });
  controller.join("a", { threshold: 0.5 }, 0);
  controller.join("b", { threshold: 0.5, tier: "slow" }, 0);
  const window = (...sizes: number[]): readonly number[] => {
    for (const device of ["a", "b"]) controller.report(device, { inSlo: 1, total: 1 }, 0);
    for (const size of sizes) controller.observeBatch({ size, queued: 0 }, 0);
    controller.update(0);
    return ["a", "b"].map((device) => Math.round(1000 * controller.thresholdOf(device)!) / 1000);
  };
  expect(window(9, 12)).toEqual([0.4, 0.45]);
  expect(window(8)).toEqual([0.4, 0.45]); // between slack and congestion
  expect(window(2, 4)).toEqual([0.44, 0.47]);
  expect(window()).toEqual([0.48, 0.49]); // no batch at all is slack
});

describe("gain curves", () => {
  test("the threshold falls with the price, from where gains end to 0", () => {
    const curve = createGainCurve(strong);
    let before = Infinity;
    for (let price = 0; price <= curve.highestPrice; price += 0.01) {
      const threshold = curve.thresholdAt(price);
      expect(threshold).toBeLessThanOrEqual(before);
      before = threshold;
    }
    expect(curve.thresholdAt(curve.highestPrice)).toBe(0);
    // Light: right for 0.7 + 0.3 c; heavy: for 0.9. Gains end at c = 2 / 3, and are 0.1 at 1 / 3.
    expect(curve.thresholdAt(0)).toBeCloseTo(2 / 3, 2);
    expect(curve.thresholdAt(0.1)).toBeCloseTo(1 / 3, 2);
  });

  test("a heavy model that never knows better is never asked", () => {
    const useless = calibrateThresholds([
      { certainty: 0.2, lightCorrect: true, heavyCorrect: true },
      { certainty: 0.6, lightCorrect: true, heavyCorrect: false },
    ]);
    expect(createGainCurve(useless).thresholdAt(0.5)).toBeLessThan(1);
    expect(createGainCurve(useless).thresholdAt(0)).toBe(0);
  });
});

describe("gain controller", () => {
  const report = (controller: ThresholdController, inSlo: number, at: number): void => {
    for (const device of ["a", "b"]) controller.report(device, { inSlo, total: 100 }, at);
    controller.observeBatch({ size: 20, queued: 0, latencyMs: 50 }, at);
    controller.update(at);
  };
  const start = (): ThresholdController => {
    const controller = createGainController({ budgetMs: 100, threshold: 0.4 });
    controller.join("a", { calibration: weak }, 0);
    controller.join("b", { calibration: strong }, 0);
    return controller;
  };
  const loadOf = (controller: ThresholdController, devices: readonly string[]): number =>
    devices.reduce((sum, device) => {
      const curve = device.startsWith("a") ? weak : strong;
      return sum + 100 * readCalibration(curve, controller.thresholdOf(device)!).forwardingRate;
    }, 0);

  test("spends the same load where it gains more", () => {
    const controller = start();
    report(controller, 95, 1000);
    expect(loadOf(controller, ["a", "b"])).toBeCloseTo(80, 1); // as before: it is on target
    // Gains of 0.6 - 0.7 c and 0.2 - 0.3 c are equal, and thresholds add up to 0.8, at a price of 0.152.
    expect(controller.thresholdOf("a")!).toBeCloseTo(0.64, 2);
    expect(controller.thresholdOf("b")!).toBeCloseTo(0.16, 2);
  });

  test("devices that join or leave change thresholds at once, not the load", () => {
    const controller = start();
    report(controller, 95, 1000);
    controller.join("a2", { calibration: weak }, 1100);
    expect(loadOf(controller, ["a", "a2", "b"])).toBeCloseTo(80, 1);
    controller.leave("b", 1200);
    expect(loadOf(controller, ["a", "a2"])).toBeCloseTo(80, 1);
    expect([...controller.update(1300).keys()].sort()).toEqual(["a", "a2", "b"]);
  });

  test("what piles up is served first; above the target the load grows, below it falls", () => {
    const controller = start();
    report(controller, 95, 1000);
    report(controller, 97, 2000);
    const grown = loadOf(controller, ["a", "b"]);
    expect(grown).toBeCloseTo(80 * Math.exp(0.003 * 2), 1);
    for (const device of ["a", "b"]) controller.report(device, { inSlo: 60, total: 100 }, 3000);
    controller.observeBatch({ size: 50, queued: 30, latencyMs: 100 }, 3000);
    controller.update(3000);
    expect(loadOf(controller, ["a", "b"])).toBeCloseTo(0.8 * 50 - 30, 1);
    report(controller, 70, 4000); // those of the pile: nothing new
    expect(loadOf(controller, ["a", "b"])).toBeCloseTo(0.8 * 50, 1);
  });
});

test.each([
  [() => createStaticController({ threshold: 2 }), "a threshold from 0 to 1 was expected, got 2"],
  [() => createBatchSignalController({ optimalBatch: -1 }), "optimalBatch must be a finite number"],
  [() => createContinuousController({ targetPercent: 101 }), "targetPercent must be a number from"],
  [() => createGainController({ budgetMs: 0 }), "budgetMs must be from 0.001 to"],
])("refused: %s", (create, message) => {
  expect(create).toThrow(message);
});
