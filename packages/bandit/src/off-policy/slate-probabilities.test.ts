import fc from "fast-check";
import { expect, test } from "vitest";
import { betaSlateProbabilities } from "./slate-probabilities.js";

// scipy.integrate.quad over stats.beta densities and distributions, epsrel 1e-11 and tighter, by place and arm.
test.each([
  {
    alphas: [3, 6, 100],
    betas: [2367, 3100, 24665],
    expected: [
      [0.005057181124418746, 0.018822312476043313, 0.9761205063995374],
      [0.24564639451126952, 0.730634516967286, 0.02371908852144335],
      [0.7492964243643115, 0.25054317055666986, 0.00016040507901869352],
    ],
  },
  {
    alphas: [0.5, 2, 1],
    betas: [0.5, 3, 4],
    expected: [
      [0.5456237792964891, 0.3651624407087061, 0.08921377999441901],
      [0.2056274414062499, 0.4850769042968755, 0.3092956542968756],
      [0.24874877929687497, 0.14976065499441935, 0.6014905657087054],
    ],
  },
])("places of $alphas, $betas equal scipy's quadrature", ({ alphas, betas, expected }) => {
  const places = betaSlateProbabilities(alphas, betas, 3);
  expected.forEach((row, n) => {
    row.forEach((probability, i) => {
      expect(Math.abs(places[n]![i]! - probability)).toBeLessThan(1e-6);
    });
  });
});

test("places sum to 1, and over all places every arm does; equal arms share evenly", () => {
  const parameters = fc.array(
    fc.tuple(
      fc.double({ min: 1, max: 200, noNaN: true }),
      fc.double({ min: 1, max: 200, noNaN: true }),
    ),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(parameters, (arms) => {
      const places = betaSlateProbabilities(
        arms.map(([a]) => a),
        arms.map(([, b]) => b),
        arms.length,
      );
      for (const place of places) {
        expect(place.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      }
      arms.forEach((_, i) => {
        const everywhere = places.reduce((sum, place) => sum + place[i]!, 0);
        expect(Math.abs(everywhere - 1)).toBeLessThan(1e-5);
      });
    }),
    { seed: 4, numRuns: 30 },
  );
  for (const p of betaSlateProbabilities([2, 2, 2, 2], [5, 5, 5, 5], 2).flatMap((x) => [...x])) {
    expect(p).toBeCloseTo(0.25, 12);
  }
});

test("refuses parameters and places that cannot be", () => {
  expect(() => betaSlateProbabilities([1, 0], [1, 1], 1)).toThrow(
    "arm 1: finite parameters above 0",
  );
  expect(() => betaSlateProbabilities([1], [1, 1], 1)).toThrow("as many betas as alphas (1)");
  expect(() => betaSlateProbabilities([1, 1], [1, 1], 3)).toThrow("places from 1 to the 2 arms");
});
