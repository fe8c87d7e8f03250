import { createRng } from "@edgewright/core";
import { expect, test } from "vitest";
import { probabilitiesOfBest } from "../policy/best-arm-probabilities.js";
import { estimateShares } from "./draw-shares.js";

test("shares of independent variables approach the exact probabilities, and sum to 1", () => {
  const means = [0.2, 0, 0.3, -0.4];
  const deviations = [0.5, 0.9, 0.1, 0.3];
  const directions = deviations.map((deviation, i) =>
    Float64Array.from({ length: 6 }, (_, k) => (k === i ? deviation : 0)),
  );
  const exact = new Float64Array(4);
  probabilitiesOfBest(means, deviations, 4, exact);
  const shares = new Float64Array(4);
  estimateShares(means, directions, 4, 20_000, createRng(1), shares);
  // Three standard errors of a share from so many draws are below 0.011.
  exact.forEach((value, i) => {
    expect(Math.abs(shares[i]! - value)).toBeLessThan(0.011);
  });
  expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
});

test("of variables that move together the one with the larger mean is best", () => {
  const direction = Float64Array.of(0.6, 0.8);
  const shares = new Float64Array(3);
  const opposite = direction.map((value) => -value);
  estimateShares([0.1, 0.2, 0.2], [direction, direction, opposite], 3, 999, createRng(2), shares);
  expect(shares[0]).toBeCloseTo(1 / 3000, 12); // never drawn: the even draw alone
  expect(Math.abs(shares[1]! - 0.5)).toBeLessThan(0.05);
});
