import { createRng, ValidationError } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exp3 } from "../counting/exp3.js";
import { playRounds, roomFor, type World } from "../kernel/play-world.test-support.js";
import { linGreedy } from "../linear/lin-greedy.js";
import { logisticUcb } from "../logistic/logistic-ucb.js";
import { squareCb, weighByInverseGap } from "./square-cb.js";

const WORLD: World = {
  contextDimension: 2,
  arms: [0, 1, 2, 3].map((arm) => Float64Array.of(arm)),
  mean: ([x, y], arm) => [0.6 * x!, 0.6 * y!, 0.3 * x! + 0.3 * y!, 0.1][arm]!,
};

test("probabilities are those of the paper by hand", () => {
  const out = new Float64Array(3);
  weighByInverseGap([0.2, 0.7, 0.5], 3, 10, out);
  // 1 / (3 + 10 * 0.5), 1 / (3 + 10 * 0.2), and the rest.
  expect(out[0]).toBeCloseTo(1 / 8, 12);
  expect(out[2]).toBeCloseTo(1 / 5, 12);
  expect(out[1]).toBeCloseTo(1 - 1 / 8 - 1 / 5, 12);
  weighByInverseGap([0.2, 0.7, 0.5], 3, 0, out);
  for (const value of out) expect(value).toBeCloseTo(1 / 3, 12);
});

test("they are a distribution in which a better prediction is never less likely", () => {
  const means = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), {
    minLength: 1,
    maxLength: 9,
  });
  fc.assert(
    fc.property(means, fc.double({ min: 0, max: 1e6, noNaN: true }), (values, gamma) => {
      const out = new Float64Array(values.length);
      weighByInverseGap(values, values.length, gamma, out);
      expect(out.every((value) => value > 0)).toBe(true);
      expect(out.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
      for (let i = 0; i < values.length; i++) {
        for (let j = 0; j < values.length; j++) {
          if (values[i]! > values[j]!) expect(out[i]! - out[j]!).toBeGreaterThan(-1e-15);
        }
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("over linear and logistic regression it loses far less than choosing at random", () => {
  for (const oracle of [linGreedy({ dimension: 2 }), logisticUcb({ dimension: 2 })]) {
    const policy = squareCb({ oracle, gammaScale: 30 });
    for (const slot of [0, 1, 2, 3]) policy.addArm(slot);
    const uniform = squareCb({ oracle: linGreedy({ dimension: 2 }), gamma: () => 0 });
    for (const slot of [0, 1, 2, 3]) uniform.addArm(slot);
    const random = playRounds(uniform, WORLD, 1500, 1, createRng(2));
    expect(playRounds(policy, WORLD, 1500, 1, createRng(2)), oracle.name).toBeLessThan(random / 3);
  }
});

test("states resume bit for bit, and damaged ones change nothing", () => {
  const make = () => squareCb({ oracle: linGreedy({ dimension: 2 }) });
  const policy = make();
  for (const slot of [0, 1, 2, 3]) policy.addArm(slot);
  playRounds(policy, WORLD, 40, 1, createRng(2));
  const text = JSON.stringify(policy.state());
  const other = make();
  other.restore(JSON.parse(text));
  expect(playRounds(other, WORLD, 40, 3, createRng(4))).toBe(
    playRounds(policy, WORLD, 40, 3, createRng(4)),
  );
  expect(JSON.stringify(other.state())).toBe(JSON.stringify(policy.state()));
  const before = JSON.stringify(other.state());
  const good = JSON.parse(text);
  for (const bad of [
    null,
    { ...good, kind: "x" },
    { ...good, examples: -1 },
    { ...good, oracle: {} },
  ]) {
    expect(() => other.restore(bad)).toThrow(ValidationError);
    expect(JSON.stringify(other.state())).toBe(before);
  }
});

test("arms come and go with the oracle's, and options out of range are named", () => {
  const policy = squareCb({ oracle: linGreedy({ dimension: 1 }) });
  for (const slot of [0, 1]) policy.addArm(slot);
  const none = new Float64Array(0);
  const context = Float64Array.of(1);
  policy.learn(
    { slot: 1, context, armFeatures: none, reward: 1, propensity: 1, weight: 1 },
    createRng(1),
  );
  policy.addArm(2, 1);
  policy.removeArm(0);
  const out = roomFor(2);
  policy.evaluate({ slots: [1, 2], context, armFeatures: none }, createRng(1), out);
  expect(out.means[1]).toBe(out.means[0]);
  expect(out.probabilities[0]).toBeCloseTo(0.5, 12);
  const oracle = linGreedy({ dimension: 1 });
  expect(() => squareCb({ oracle, gammaScale: Number.NaN })).toThrow("gammaScale");
  expect(() => squareCb({ oracle, gammaExponent: -1 })).toThrow("gammaExponent");
  const choices = { slots: [0], context, armFeatures: none };
  const lost = squareCb({ oracle, gamma: () => Number.NaN });
  lost.addArm(0);
  expect(() => lost.evaluate(choices, createRng(1), out)).toThrow("gamma that returns finite");
  const blind = squareCb({ oracle: exp3() });
  blind.addArm(0);
  const nothing = { ...choices, context: none };
  expect(() => blind.evaluate(nothing, createRng(1), out)).toThrow("oracle that estimates means");
});
