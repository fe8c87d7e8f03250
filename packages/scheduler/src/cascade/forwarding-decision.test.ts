import fc from "fast-check";
import { expect, test } from "vitest";
import { forwards, measureCertainty } from "./forwarding-decision.js";

const logits = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), {
  minLength: 2,
  maxLength: 12,
});
const measures = ["margin", "top1", "entropy"] as const;

function softmax(scores: readonly number[]): number[] {
  const weights = scores.map((one) => Math.exp(one - Math.max(...scores)));
  const total = weights.reduce((sum, one) => sum + one, 0);
  return weights.map((one) => one / total);
}

test("margin, best probability and entropy of a known case", () => {
  const probabilities = [0.5, 0.25, 0.125, 0.125];
  expect(measureCertainty(probabilities)).toBe(0.25);
  expect(measureCertainty(probabilities, { measure: "top1" })).toBe(0.5);
  // 1.75 bits of entropy out of 2.
  expect(measureCertainty(probabilities, { measure: "entropy" })).toBeCloseTo(1 - 1.75 / 2, 12);
  for (const measure of measures) expect(measureCertainty([0, 1, 0], { measure })).toBe(1);
  expect(measureCertainty([1 / 3, 1 / 3, 1 / 3], { measure: "entropy" })).toBeCloseTo(0, 12);
});

test("logits give what their softmax gives", () => {
  fc.assert(
    fc.property(logits, fc.constantFrom(...measures), (scores, measure) => {
      const direct = measureCertainty(scores, { measure, scale: "logits" });
      expect(direct).toBeCloseTo(measureCertainty(softmax(scores), { measure }), 9);
      expect(direct).toBeGreaterThanOrEqual(0);
      expect(direct).toBeLessThanOrEqual(1);
    }),
    { seed: 5 },
  );
});

test("a larger threshold forwards at least as much", () => {
  const threshold = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      logits,
      threshold,
      threshold,
      fc.constantFrom(...measures),
      (scores, a, b, measure) => {
        const options = { measure, scale: "logits" } as const;
        const low = forwards(scores, Math.min(a, b), options);
        expect(!low || forwards(scores, Math.max(a, b), options)).toBe(true);
        expect(forwards(scores, 0, options)).toBe(false);
      },
    ),
    { seed: 5 },
  );
});

test("scores that are not finite, or of one class, are refused", () => {
  for (const measure of measures) {
    expect(() => measureCertainty([0.2, Number.NaN, 0.1], { measure })).toThrow(/not finite/);
  }
  expect(() => forwards([1], 0.5)).toThrow("two classes at least were expected, got 1");
});
