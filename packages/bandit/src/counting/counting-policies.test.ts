import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Policy } from "../policy/policy.js";
import { betaThompson } from "./beta-thompson.js";
import { epsilonGreedy } from "./epsilon-greedy.js";
import { exp3 } from "./exp3.js";
import { exp3Ix } from "./exp3-ix.js";
import { gaussianThompson } from "./gaussian-thompson.js";
import { klUcb } from "./kl-ucb.js";
import { discounted } from "./memory/discounted.js";
import { slidingWindow } from "./memory/sliding-window.js";
import { evaluateArms, meanRegret, teach, withArms } from "./play-policy.test-support.js";
import { randomChoice } from "./random-choice.js";
import { softmax } from "./softmax.js";
import { ucbTuned } from "./ucb-tuned.js";
import { ucb1 } from "./ucb1.js";

const policies: [string, () => Policy][] = [
  ["randomChoice", () => randomChoice()],
  ["epsilonGreedy", () => epsilonGreedy({ epsilon: 0.3, decay: 50 })],
  ["ucb1", () => ucb1()],
  ["ucb1, discounted", () => ucb1({ memory: discounted({ discount: 0.9 }) })],
  ["ucb1, window", () => ucb1({ memory: slidingWindow({ length: 7 }), warmStart: 0.5 })],
  ["ucbTuned", () => ucbTuned()],
  ["klUcb", () => klUcb({ c: 3 })],
  ["betaThompson", () => betaThompson()],
  [
    "betaThompson, window",
    () => betaThompson({ fractional: "trial", memory: slidingWindow({ length: 5 }) }),
  ],
  ["gaussianThompson", () => gaussianThompson({ priorDeviation: Infinity })],
  ["softmax", () => softmax({ temperature: 0.2, decay: 100 })],
  ["exp3", () => exp3()],
  ["exp3, constant", () => exp3({ gamma: 0.3 })],
  ["exp3Ix", () => exp3Ix()],
];

/** Something that can happen to a policy, as arms come and go. */
const happening = fc.record({
  kind: fc.constantFrom("learn", "learn", "learn", "learn", "add", "like", "remove"),
  slot: fc.integer({ min: 0, max: 5 }),
  reward: fc.double({ min: 0, max: 1, noNaN: true }),
  weight: fc.constantFrom(1, 1, 0.25, 3),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** Lets it happen where it can; `arms` keeps what slots there are. */
function happen(policy: Policy, arms: Set<number>, { kind, slot, reward, weight }: Happening) {
  if (kind === "learn" && arms.has(slot)) teach(policy, slot, reward, weight);
  if (kind === "remove" && arms.has(slot) && arms.size > 1) {
    policy.removeArm(slot);
    arms.delete(slot);
  }
  if ((kind === "add" || kind === "like") && !arms.has(slot)) {
    policy.addArm(slot, kind === "like" ? [...arms][0] : undefined);
    arms.add(slot);
  }
}

describe.each(policies)("%s", (_name, create) => {
  test("probabilities sum to 1, and a snapshot goes on bit for bit, whatever happened", () => {
    fc.assert(
      fc.property(
        fc.array(happening, { maxLength: 40 }),
        fc.array(happening, { maxLength: 20 }),
        (before, after) => {
          const policy = withArms(create(), 2);
          const arms = new Set([0, 1]);
          for (const event of before) happen(policy, arms, event);
          const copy = create();
          copy.restore(JSON.parse(JSON.stringify(policy.state())));
          const copiedArms = new Set(arms);
          for (const event of after) {
            happen(policy, arms, event);
            happen(copy, copiedArms, event);
            const slots = [...arms];
            const evaluation = evaluateArms(policy, slots);
            expect(evaluateArms(copy, slots)).toEqual(evaluation);
            const { probabilities } = evaluation;
            for (const probability of probabilities) expect(probability).toBeGreaterThanOrEqual(0);
            expect(Math.abs(probabilities.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12);
          }
          expect(copy.state()).toEqual(policy.state());
        },
      ),
      { seed: 11, numRuns: 60 },
    );
  });

  test("damaged states are refused and change nothing", () => {
    const policy = withArms(create(), 3);
    for (let i = 0; i < 12; i++) teach(policy, i % 3, (i % 4) / 3);
    const state = policy.state() as { arms: Record<string, unknown> };
    const { arms } = state;
    const damages: unknown[] = [
      null,
      7,
      {},
      { ...state, policy: "other" },
      { ...state, rounds: -1 },
      { ...state, rounds: 1.5 },
      { ...state, arms: null },
      { ...state, arms: { ...arms, slots: [0, 0, 1] } },
      { ...state, arms: { ...arms, slots: [0, 1] } },
      { ...state, arms: { ...arms, slots: [0, 1, 2 ** 40] } },
      { ...state, arms: { ...arms, values: "AAAA" } },
      { ...state, arms: { ...arms, values: 5 } },
      ...Object.keys(arms).map((key) => ({ ...state, arms: { ...arms, [key]: undefined } })),
    ];
    for (const damage of damages) {
      expect(() => policy.restore(damage)).toThrow(
        expect.objectContaining({ code: "invalid-data" }),
      );
      expect(policy.state()).toEqual(state);
    }
  });

  test("slots that are taken or not there are refused", () => {
    const policy = withArms(create(), 1);
    const state = policy.state();
    expect(() => policy.addArm(0)).toThrow("a free slot");
    expect(() => policy.addArm(-1)).toThrow("a free slot");
    expect(() => policy.removeArm(4)).toThrow("the slot of an arm was expected, got 4");
    expect(policy.state()).toEqual(state);
  });

  test("an arm like another one is thought of alike, and a removed one is forgotten", () => {
    const policy = withArms(create(), 2);
    for (let i = 0; i < 5; i++) teach(policy, i % 2, 0.25 + (i % 2) / 2);
    policy.addArm(7, 1);
    const { means } = evaluateArms(policy, [1, 7]);
    if (!Number.isNaN(means[0]!)) expect(means[1]).toBeCloseTo(means[0]!, 12);
    policy.removeArm(7);
    policy.removeArm(1);
    policy.removeArm(0);
    policy.addArm(1);
    policy.addArm(7);
    // Rounds stay, so that decays go on.
    const { scores } = evaluateArms(withArms(create(), 2), [0, 1]);
    expect(evaluateArms(policy, [1, 7]).scores).toEqual(scores);
  });
});

const bernoulli = [0.8, 0.6, 0.4];
const random = 0.2 * 2000; // expected regret of random choices in 2000 rounds

test.each<[string, () => Policy, number]>([
  // About twice the mean regret over 8 seeds, where random choices have 400.
  ["ucbTuned", () => ucbTuned(), 40],
  ["klUcb", () => klUcb(), 35],
  ["betaThompson", () => betaThompson(), 25],
  ["betaThompson, trial", () => betaThompson({ fractional: "trial" }), 30],
  ["gaussianThompson", () => gaussianThompson({ noise: 0.5 }), 35],
  ["softmax", () => softmax({ temperature: 0.1 }), 120],
  ["epsilonGreedy", () => epsilonGreedy({ epsilon: 1, decay: 20 }), 50],
  ["exp3", () => exp3(), 150],
  ["exp3Ix", () => exp3Ix(), 130],
])("%s: regret on Bernoulli arms of means .8, .6, .4", (_name, create, bound) => {
  expect(meanRegret(create, () => bernoulli, 2000, 8)).toBeLessThan(bound);
});

test("ucb1: mean regret below the bound of theorem 1 of Auer et al., and above 0", () => {
  const rounds = 3000;
  let bound = 0;
  for (const gap of [0.2, 0.4]) {
    bound += (8 * Math.log(rounds)) / gap + (1 + Math.PI ** 2 / 3) * gap;
  }
  const regret = meanRegret(
    () => ucb1(),
    () => bernoulli,
    rounds,
    10,
  );
  expect(regret).toBeLessThan(bound); // 482, where random choices have 600
  expect(regret).toBeGreaterThan(10);
});

test("random choices: the regret they must have, within four standard errors", () => {
  const regret = meanRegret(
    () => randomChoice(),
    () => bernoulli,
    2000,
    8,
  );
  expect(Math.abs(regret - random)).toBeLessThan(4 * 0.1633 * Math.sqrt(2000 / 8));
});

test("sums of two devices are those of one that saw both", () => {
  for (const create of [epsilonGreedy, ucb1, betaThompson, gaussianThompson]) {
    const [left, right, both] = [create(), create(), create()].map((p) => withArms(p, 2));
    const rng = createRng(4);
    const shared = new Float64Array(left!.sums!.sharedLength);
    const arm = new Float64Array(left!.sums!.armLength);
    for (let i = 0; i < 200; i++) {
      const slot = rng.integer(0, 2);
      const reward = rng.uniform();
      const weight = 1 + (i % 2);
      teach(i % 3 === 0 ? left! : right!, slot, reward, weight);
      teach(both!, slot, reward, weight);
      const none = new Float64Array(0);
      const example = { slot, context: none, armFeatures: none, reward, propensity: 1, weight };
      if (slot === 0) both!.sums!.addExample(example, shared, arm);
    }
    const own = both!.sums!.readArm(0);
    for (let i = 0; i < 3; i++) expect(arm[i]).toBeCloseTo(own[i]!, 10);
    const merged = withArms(create(), 2);
    for (const slot of [0, 1]) {
      const a = left!.sums!.readArm(slot);
      const b = right!.sums!.readArm(slot);
      merged.sums!.writeArm(
        slot,
        a.map((value, i) => value + b[i]!),
      );
    }
    merged.sums!.writeShared(
      left!.sums!.readShared().map((value, i) => value + right!.sums!.readShared()[i]!),
    );
    const expected = evaluateArms(both!, [0, 1]);
    const evaluation = evaluateArms(merged, [0, 1]);
    for (const i of [0, 1]) {
      expect(evaluation.means[i]).toBeCloseTo(expected.means[i]!, 13);
      expect(evaluation.probabilities[i]).toBeCloseTo(expected.probabilities[i]!, 10);
    }
    expect(merged.sums!.readShared()).toEqual(Float64Array.of(200));
  }
});

test("sums leave out what an arm was warm-started from, and policies that forget have none", () => {
  const policy = withArms(ucb1(), 1);
  teach(policy, 0, 0.5);
  policy.addArm(1, 0);
  expect(policy.sums!.readArm(1)).toEqual(new Float64Array(3));
  expect(policy.sums!.readArm(0)).toEqual(Float64Array.of(1, 0.5, 0.25));
  expect(ucb1({ memory: discounted({ discount: 0.5 }) }).sums).toBeUndefined();
  expect(betaThompson({ fractional: "trial" }).sums).toBeUndefined();
  expect(() => policy.sums!.writeArm(0, new Float64Array(2))).toThrow("3 sums were expected");
  expect(() => policy.sums!.writeArm(0, Float64Array.of(-1, 0, 0))).toThrow("a weight from 0");
  expect(() => policy.sums!.writeShared(Float64Array.of(-1))).toThrow("rounds from 0");
  // Sums that no snapshot could be read back with, and arms that there are not.
  expect(() => policy.sums!.writeShared(Float64Array.of(Infinity))).toThrow("rounds from 0");
  for (const bad of [Float64Array.of(1, Number.NaN, 1), Float64Array.of(1, 1, Infinity)]) {
    expect(() => policy.sums!.writeArm(0, bad)).toThrow("a finite sum of rewards");
  }
  expect(() => policy.sums!.writeArm(7, Float64Array.of(1, 1, 1))).toThrow("slot of an arm");
});
