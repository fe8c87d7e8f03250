import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bernoulliDivergence, klUcb, klUpperBound } from "./kl-ucb.js";
import { discounted } from "./memory/discounted.js";
import { slidingWindow } from "./memory/sliding-window.js";
import {
  evaluateArms,
  meanRegret,
  teach,
  type World,
  withArms,
} from "./play-policy.test-support.js";
import { ucbTuned } from "./ucb-tuned.js";
import { ucb1 } from "./ucb1.js";

test("ucb1 by hand: means .75 of 4 and .5 of 2, n = 6", () => {
  const policy = withArms(ucb1(), 2);
  for (const reward of [1, 1, 1, 0]) teach(policy, 0, reward);
  for (const reward of [0, 1]) teach(policy, 1, reward);
  const { scores, probabilities, means, widths } = evaluateArms(policy, [0, 1]);
  expect(scores[0]).toBeCloseTo(0.75 + 0.9465, 3); // sqrt(2 * 1.791759 / 4)
  expect(scores[1]).toBeCloseTo(0.5 + 1.3386, 3); // sqrt(2 * 1.791759 / 2)
  expect([...probabilities]).toEqual([0, 1]);
  expect([...means]).toEqual([0.75, 0.5]);
  expect(widths[0]).toBeCloseTo(0.25, 14); // sqrt(.1875 / 3)
  const halved = withArms(ucb1({ alpha: 0.5 }), 2);
  halved.restore(policy.state());
  expect(evaluateArms(halved, [0, 1]).scores[0]).toBeCloseTo(0.75 + 0.9465 / 2, 3);
});

test("ucb-tuned by hand: the variance caps the term of a steady arm, 1/4 that of a new one", () => {
  const policy = withArms(ucbTuned(), 2);
  for (let i = 0; i < 400; i++) teach(policy, 0, 0.5);
  teach(policy, 1, 0.5);
  const { scores } = evaluateArms(policy, [0, 1]);
  const logTotal = Math.log(401);
  const steady = Math.sqrt((2 * logTotal) / 400); // 0.1731, below 1/4
  expect(scores[0]).toBeCloseTo(0.5 + Math.sqrt((logTotal / 400) * steady), 12);
  expect(scores[1]).toBeCloseTo(0.5 + Math.sqrt(logTotal / 4), 12);
});

test("untried arms come first, in the order of the choice", () => {
  for (const policy of [ucb1(), ucbTuned(), klUcb()]) {
    withArms(policy, 4);
    teach(policy, 0, 1);
    expect([...evaluateArms(policy, [0, 2, 1]).probabilities]).toEqual([0, 1, 0]);
    teach(policy, 2, 1);
    expect([...evaluateArms(policy, [0, 2, 1]).probabilities]).toEqual([0, 0, 1]);
    expect(evaluateArms(policy, [3]).widths[0]).toBe(Infinity);
    expect(evaluateArms(policy, [3]).means[0]).toBeNaN();
  }
});

test("rewards that are alike make no arm certain: it borrows the spread of all", () => {
  const policy = withArms(ucb1(), 3);
  for (const reward of [1, 1]) teach(policy, 0, reward);
  expect(evaluateArms(policy, [0]).widths[0]).toBe(0); // there is no other spread yet
  for (const reward of [0, 1]) teach(policy, 1, reward);
  const { widths } = evaluateArms(policy, [0, 1, 2]);
  expect(widths[0]).toBeCloseTo(Math.sqrt(3 / 16), 14); // of 1, 1, 0, 1, over one degree of freedom
  expect(widths[1]).toBeCloseTo(0.5, 14); // its own
  expect(widths[2]).toBe(Infinity);
  // Squares of large rewards have no digits left for a small spread: what remains is rounding.
  const large = withArms(ucb1(), 2);
  for (let i = 0; i < 10; i++) {
    teach(large, 0, 1e9 + (i % 2));
    teach(large, 1, 1e9 + 100 * (i % 2));
  }
  expect(evaluateArms(large, [0, 1]).widths[0]).toBeGreaterThan(0.1);
});

test("the KL bound solves its equation, and lies between the mean and Pinsker's bound", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 1e-12, max: 20, noNaN: true }),
      (mean, budget) => {
        const bound = klUpperBound(mean, budget);
        expect(bound).toBeGreaterThanOrEqual(mean);
        expect(bound).toBeLessThanOrEqual(Math.min(1, mean + Math.sqrt(budget / 2) + 1e-15));
        // The slope says what the last bit of the bound is worth: nothing much is known next to 1.
        const bit = 4e-15 * (1 + (bound - mean) / (bound * (1 - bound) || 1));
        if (mean < 1 && bound < 1 - 1e-9 && bound > 1e-9) {
          expect(Math.abs(bernoulliDivergence(mean, bound) - budget)).toBeLessThan(
            1e-9 * budget + bit,
          );
        }
      },
    ),
    { seed: 5, numRuns: 1000 },
  );
});

test("the KL bound, golden and at the edges", () => {
  // mpmath 1.2.1: findroot(lambda q: p * log(p / q) + (1 - p) * log((1 - p) / (1 - q)) - budget, start)
  expect(klUpperBound(0.5, 0.1)).toBeCloseTo(0.712878631455824, 14);
  expect(klUpperBound(0, 0.1)).toBeCloseTo(1 - Math.exp(-0.1), 15);
  expect(klUpperBound(1, 0.1)).toBe(1);
  expect(klUpperBound(0.3, 0)).toBe(0.3);
  expect(klUpperBound(0.3, 1000)).toBeLessThanOrEqual(1);
  expect(bernoulliDivergence(0.2, 0.2)).toBe(0);
});

test("kl-ucb agrees with bisection over its definition", () => {
  const rng = createRng(8);
  const policy = withArms(klUcb({ c: 3 }), 3);
  for (let i = 0; i < 60; i++) {
    const slot = i % 3;
    teach(policy, slot, rng.uniform() < 0.2 + 0.3 * slot ? 1 : 0);
  }
  const { scores, means } = evaluateArms(policy, [0, 1, 2]);
  const exploration = Math.log(60) + 3 * Math.log(Math.log(60));
  for (const slot of [0, 1, 2]) {
    let [low, high] = [means[slot]!, 1];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (20 * bernoulliDivergence(means[slot]!, middle) <= exploration) low = middle;
      else high = middle;
    }
    expect(scores[slot]).toBeCloseTo(low, 12);
  }
});

test("in a world that switches, UCB1 that forgets has less regret than one that does not", () => {
  const world: World = (round) => (Math.floor(round / 1000) % 2 === 0 ? [0.8, 0.2] : [0.2, 0.8]);
  const regret = (policy: () => ReturnType<typeof ucb1>) => meanRegret(policy, world, 4000, 4);
  const kept = regret(() => ucb1({ alpha: 0.5 }));
  expect(regret(() => ucb1({ alpha: 0.5, memory: discounted({ discount: 0.99 }) }))).toBeLessThan(
    0.75 * kept,
  );
  expect(regret(() => ucb1({ alpha: 0.5, memory: slidingWindow({ length: 200 }) }))).toBeLessThan(
    0.75 * kept,
  );
});

test("refuses parameters out of range", () => {
  expect(() => ucb1({ alpha: -1 })).toThrow("ucb1: an alpha from 0 was expected, got -1");
  expect(() => klUcb({ c: Number.NaN })).toThrow("klUcb: a c from 0 was expected, got NaN");
  expect(() => ucb1({ warmStart: 2 })).toThrow("a warmStart from 0 to 1 was expected, got 2");
});
