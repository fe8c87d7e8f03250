import { createRng } from "@edgewright/core";
import { expect, test } from "vitest";
import {
  type CascadeOutcome,
  calibrateThresholds,
  readCalibration,
  thresholdForAccuracy,
  thresholdForRate,
} from "./calibration.js";

const rng = createRng(5);
const outcomes: CascadeOutcome[] = Array.from({ length: 500 }, () => {
  const certainty = Math.round(rng.uniform() * 100) / 100; // many lie exactly on a threshold
  const lightCorrect = rng.uniform() < 0.5 + certainty / 2;
  return { certainty, lightCorrect, heavyCorrect: rng.uniform() < 0.9 };
});
const curve = calibrateThresholds(outcomes);

test("rates and accuracies are those of the decision applied to every sample", () => {
  for (const [i, c] of curve.thresholds.entries()) {
    const forwarded = outcomes.filter(({ certainty }) => certainty < c).length;
    const correct = outcomes.filter(({ certainty, lightCorrect, heavyCorrect }) =>
      certainty < c ? heavyCorrect : lightCorrect,
    ).length;
    expect(curve.forwardingRates[i]).toBe(forwarded / 500);
    expect(curve.accuracies[i]).toBe(correct / 500);
    expect(readCalibration(curve, c)).toEqual({
      forwardingRate: forwarded / 500,
      accuracy: correct / 500,
    });
  }
});

test("thresholds for a rate and for an accuracy are the best on the curve", () => {
  const c = thresholdForRate(curve, 0.3);
  expect(readCalibration(curve, c).forwardingRate).toBeLessThanOrEqual(0.3);
  expect(readCalibration(curve, c + 0.01).forwardingRate).toBeGreaterThan(0.3);
  expect(thresholdForRate(curve, 1)).toBe(1);
  const sure = thresholdForAccuracy(curve, 0.85)!;
  expect(readCalibration(curve, sure).accuracy).toBeGreaterThanOrEqual(0.85);
  expect(readCalibration(curve, sure - 0.01).accuracy).toBeLessThan(0.85);
  expect(thresholdForAccuracy(curve, 1)).toBeUndefined();
});

test("no samples, or certainties that are none, are refused", () => {
  expect(() => calibrateThresholds([])).toThrow("got 0 and 100");
  expect(() =>
    calibrateThresholds([{ certainty: 1.5, lightCorrect: true, heavyCorrect: true }]),
  ).toThrow("certainties from 0 to 1 were expected, got 1.5");
});
