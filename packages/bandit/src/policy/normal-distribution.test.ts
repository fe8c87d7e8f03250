import { expect, test } from "vitest";
import { millsRatio, normalCdf, normalDensity } from "./normal-distribution.js";
import { normalTable } from "./normal-table.js";

// mpmath 1.2.1: mp.dps = 40; float(erfc(-mpf(z) / sqrt(2)) / 2)
test.each([
  [-37.5, 4.605353009581955e-308],
  [-30, 4.906713927148187e-198],
  [-20, 2.7536241186062337e-89],
  [-10, 7.619853024160525e-24],
  [-7.5, 3.1908916729108963e-14],
  [-7, 1.279812543885835e-12],
  [-6.9, 2.600126965638166e-12],
  [-5, 2.866515718791939e-7],
  [-3, 0.0013498980316300946],
  [-1.5, 0.06680720126885807],
  [-0.5, 0.3085375387259869],
  [0, 0.5],
  [0.3, 0.6179114221889527],
  [1, 0.8413447460685429],
  [2.5, 0.9937903346742238],
  [5, 0.9999997133484281],
  [8, 0.9999999999999993],
])("the normal distribution at %f agrees with mpmath in its relative digits", (z, expected) => {
  expect(Math.abs(normalCdf(z) / expected - 1)).toBeLessThan(2e-14);
});

test("both tails together are everything, and the density is the slope", () => {
  for (let z = -6; z <= 6; z += 0.37) {
    expect(normalCdf(z) + normalCdf(-z)).toBeCloseTo(1, 15);
    const slope = (normalCdf(z + 1e-5) - normalCdf(z - 1e-5)) / 2e-5;
    expect(slope).toBeCloseTo(normalDensity(z), 9);
  }
  expect(normalCdf(-Infinity)).toBe(0);
  expect(normalCdf(40)).toBe(1);
});

test("Mills' ratio lies between its classical bounds (Gordon 1941)", () => {
  for (let y = 0.01; y < 1000; y *= 1.3) {
    expect(millsRatio(y)).toBeLessThanOrEqual((1 / y) * (1 + 1e-15));
    expect(millsRatio(y)).toBeGreaterThanOrEqual((y / (1 + y * y)) * (1 - 1e-15));
  }
});

test("the table's pieces join, and agree with the distribution and its density", () => {
  const { coefficients, reach, piecesPerUnit } = normalTable();
  const pieces = 2 * reach * piecesPerUnit;
  expect(coefficients).toHaveLength(4 * pieces);
  for (let piece = 0; piece < pieces; piece++) {
    const [c0, c1, c2, c3] = coefficients.subarray(4 * piece, 4 * piece + 4);
    for (const t of [0, 0.21, 0.5, 0.79, 1]) {
      const z = (piece + t) / piecesPerUnit - reach;
      const value = c0! + t * (c1! + t * (c2! + t * c3!));
      const slope = (c1! + t * (2 * c2! + 3 * t * c3!)) * piecesPerUnit;
      expect(Math.abs(value - normalCdf(z))).toBeLessThan(3e-10);
      expect(Math.abs(slope - normalDensity(z))).toBeLessThan(1e-7);
    }
  }
});
