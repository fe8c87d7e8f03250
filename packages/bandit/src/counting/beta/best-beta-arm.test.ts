import { createRng } from "@edgewright/core";
import { expect, test } from "vitest";
import { createBestBetaArm } from "./best-beta-arm.js";
import { incompleteBeta, logBetaPeak } from "./incomplete-beta.js";

/** The trapezoid rule over u = ln(x / (1 - x)), distribution functions by their continued fraction. */
function bruteForce(a: readonly number[], b: readonly number[]): number[] {
  const out = a.map(() => 0);
  const step = 0.02;
  for (let u = -40; u <= 40; u += step) {
    const x = 1 / (1 + Math.exp(-u));
    const y = 1 / (1 + Math.exp(u));
    const below = a.map((shape, i) => incompleteBeta(x, shape, b[i]!, y));
    for (let i = 0; i < a.length; i++) {
      const mean = a[i]! / (a[i]! + b[i]!);
      const density = Math.exp(
        logBetaPeak(a[i]!, b[i]!) + a[i]! * Math.log(x / mean) + b[i]! * Math.log(y / (1 - mean)),
      );
      let product = density * step;
      for (let j = 0; j < a.length; j++) if (j !== i) product *= below[j]!;
      out[i]! += product;
    }
  }
  return out;
}

test("agrees with brute force to 1e-6, few examples and many, whatever was asked before", () => {
  const rng = createRng(2);
  const best = createBestBetaArm(); // one for all, as what it keeps must not show
  for (let world = 0; world < 16; world++) {
    const count = rng.integer(2, 7);
    const [prior, most] = [
      [0.5, 3],
      [1, 30],
      [1, 1000],
      [0.3, 300],
    ][world % 4]! as [number, number];
    const a = Array.from({ length: count }, () => prior + rng.integer(0, most));
    const b = Array.from({ length: count }, () => prior + rng.integer(0, most));
    for (let change = 0; change < 2; change++) {
      const out = new Float64Array(count);
      best.probabilities(Float64Array.from(a), Float64Array.from(b), count, out);
      bruteForce(a, b).forEach((expected, i) => {
        expect(Math.abs(out[i]! - expected)).toBeLessThan(1e-6);
      });
      a[rng.integer(0, count)]! += 1;
    }
  }
});

test("goes on the same after others were asked about: nothing that is kept changes a bit", () => {
  const a = Float64Array.of(3, 5, 2.5, 40);
  const b = Float64Array.of(4, 5, 1.5, 60);
  const used = createBestBetaArm();
  const first = new Float64Array(4);
  used.probabilities(a, b, 4, first);
  used.probabilities(b, a, 4, new Float64Array(4));
  used.probabilities(a, b, 2, new Float64Array(4));
  const again = new Float64Array(4);
  used.probabilities(a, b, 4, again);
  expect(again).toEqual(first);
  const fresh = new Float64Array(4);
  createBestBetaArm().probabilities(a, b, 4, fresh);
  expect(fresh).toEqual(first);
});

test("a million examples, and arms that are out of the question", () => {
  const out = new Float64Array(3);
  const best = createBestBetaArm();
  best.probabilities(Float64Array.of(5e5, 5e5, 10), Float64Array.of(5e5, 5e5, 1e6), 3, out);
  expect(out[0]).toBeCloseTo(0.5, 9);
  expect(out[2]).toBe(0);
  best.probabilities(Float64Array.of(1e9, 1), Float64Array.of(1, 1e9), 2, out);
  expect([...out.subarray(0, 2)]).toEqual([1, 0]);
});
