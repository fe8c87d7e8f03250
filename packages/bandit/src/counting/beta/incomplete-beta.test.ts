import fc from "fast-check";
import { expect, test } from "vitest";
import { incompleteBeta, logBetaPeak } from "./incomplete-beta.js";

// mpmath 1.2.1, mp.dps = 40: betainc(a, b, 0, x, regularized=True); where that does not converge, both sides of x by
// quad over 30 standard deviations in 40 pieces each; Beta(200, 3) at 0.8 as the binomial tail that it equals.
test.each([
  [1, 1, 0.3, 0.3],
  [0.5, 0.5, 0.001, 0.020135041633377492],
  [0.5, 0.5, 0.9, 0.7951672353008665],
  [2, 3, 0.4, 0.5248],
  [10, 1, 0.5, 0.0009765625],
  [1, 1000, 0.002, 0.8649354775533163],
  [30, 70, 0.2, 0.009692085749007045],
  [30, 70, 0.3, 0.5116251045586091],
  [30, 70, 0.45, 0.9990071807924271],
  [5000, 5000, 0.48, 3.147091632030982e-5],
  [5000, 5000, 0.5, 0.5],
  [200, 3, 0.8, 3.506340655704476e-17],
  [200, 3, 0.99, 0.6712381710383889],
  [0.1, 0.2, 1e-20, 0.006849609933520636],
  [0.01, 5, 0.5, 0.9998897842885542],
  [3, 0.5, 0.9999, 0.981251249962501],
])("I of Beta(%f, %f) at %f agrees with mpmath", (a, b, x, expected) => {
  expect(Math.abs(incompleteBeta(x, a, b) / expected - 1)).toBeLessThan(1e-12);
});

test.each([
  [1e6, 2e6, 0.3325, 0.001095632252231272],
  [1e6, 2e6, 0.3334, 0.5968015448901117],
])("I of the narrow Beta(%f, %f) at %f agrees with mpmath to ten digits", (a, b, x, expected) => {
  expect(Math.abs(incompleteBeta(x, a, b) / expected - 1)).toBeLessThan(1e-10);
});

test("closed forms, symmetry and monotony", () => {
  const shape = fc.double({ min: 0.1, max: 500, noNaN: true });
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(shape, shape, place, place, (a, b, x, y) => {
      const value = incompleteBeta(x, a, b);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
      expect(Math.abs(value + incompleteBeta(1 - x, b, a, x) - 1)).toBeLessThan(1e-12);
      if (x < y) expect(incompleteBeta(y, a, b)).toBeGreaterThanOrEqual(value - 1e-12);
      expect(Math.abs(incompleteBeta(x, a, 1) - x ** a)).toBeLessThan(1e-12);
      expect(Math.abs(incompleteBeta(x, 1, b) - (1 - (1 - x) ** b))).toBeLessThan(1e-12);
      // Recurrence 8.17.20 of DLMF: I(a, b) - I(a + 1, b) = x^a (1 - x)^b / (a B(a, b)).
      const mean = a / (a + b);
      const rise =
        Math.exp(logBetaPeak(a, b) + a * Math.log(x / mean) + b * Math.log((1 - x) / (1 - mean))) /
        a;
      expect(Math.abs(value - incompleteBeta(x, a + 1, b) - rise)).toBeLessThan(1e-11);
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("ends", () => {
  expect(incompleteBeta(0, 2, 3)).toBe(0);
  expect(incompleteBeta(1, 2, 3)).toBe(1);
});
