import { createRng, ValidationError } from "@edgewright/core";
import { expect, test } from "vitest";
import { exp3 } from "../counting/exp3.js";
import { playRounds, roomFor, type World } from "../kernel/play-world.test-support.js";
import { linGreedy } from "../linear/lin-greedy.js";
import { logisticUcb } from "../logistic/logistic-ucb.js";
import type { Example } from "../policy/policy.js";
import { bootstrapped } from "./bootstrapped.js";

const WORLD: World = {
  contextDimension: 2,
  arms: [0, 1, 2].map((arm) => Float64Array.of(arm)),
  mean: ([x, y], arm) => [0.9 * x!, 0.9 * y!, 0.45 * x! + 0.45 * y!][arm]!,
};

const ONE: Example = {
  ...{ slot: 0, context: Float64Array.of(1), armFeatures: new Float64Array(0) },
  ...{ reward: 1, propensity: 1, weight: 1 },
};

function withArms(policy: ReturnType<typeof bootstrapped>, count: number): typeof policy {
  for (let slot = 0; slot < count; slot++) policy.addArm(slot);
  return policy;
}

test("probabilities are the replicates' votes, and widths their spread", () => {
  // Replicates that estimate what a test tells them.
  const told = [
    [0.1, 0.9, 0.3],
    [0.5, 0.4, 0.3],
    [0.2, 0.7, 0.7],
    [0.8, 0.1, 0.2],
  ];
  let made = 0;
  const policy = () => {
    const means = told[made++]!;
    const base = linGreedy({ dimension: 1 });
    const evaluate: typeof base.evaluate = (_choices, _rng, out) => {
      means.forEach((mean, i) => {
        out.means[i] = mean;
      });
    };
    return Object.assign(Object.create(base), {
      ...{ name: "told", contextDimension: 1, armDimension: 0, rewards: "real", evaluate },
      addArm: () => {},
    });
  };
  const prior = { strength: 0 };
  const out = roomFor(3);
  const choices = {
    slots: [0, 1, 2],
    context: Float64Array.of(1),
    armFeatures: new Float64Array(0),
  };
  const thompson = withArms(bootstrapped({ policy, replicates: 4, prior }), 3);
  thompson.evaluate(choices, createRng(1), out);
  expect([...out.probabilities]).toEqual([0.5, 0.375, 0.125]);
  expect(out.means[0]).toBeCloseTo(0.4, 12);
  // The sample deviation of 0.1, 0.5, 0.2 and 0.8.
  expect(out.widths[0]).toBeCloseTo(Math.sqrt((0.09 + 0.01 + 0.04 + 0.16) / 3), 12);
  made = 0;
  const ucb = withArms(
    bootstrapped({ policy, replicates: 4, prior, explore: "ucb", quantile: 0.9 }),
    3,
  );
  ucb.evaluate(choices, createRng(1), out);
  // Place 2.7 of the ordered estimates.
  expect(out.scores[0]).toBeCloseTo(0.5 + 0.7 * 0.3, 12);
  expect(out.scores[1]).toBeCloseTo(0.7 + 0.7 * 0.2, 12);
  expect([...out.probabilities]).toEqual([0, 1, 0]);
});

test("weights have the mean 1 that an unbiased resampling needs, and the variance 1 of the bootstrap", () => {
  for (const resampling of ["poisson", "double-or-nothing"] as const) {
    const policy = withArms(
      bootstrapped({ policy: () => linGreedy({ dimension: 1 }), replicates: 50, resampling }),
      1,
    );
    const rng = createRng(3);
    for (let n = 0; n < 200; n++) policy.learn(ONE, rng);
    const [arm] = (policy.state() as { arms: { counts: string }[] }).arms;
    const bytes = Uint8Array.from(atob(arm!.counts), (c) => c.charCodeAt(0));
    const counts = [...new Float64Array(bytes.buffer)];
    const mean = counts.reduce((sum, value) => sum + value) / 50;
    const variance = counts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 49;
    // Sums of 200 weights: 200 with variance 200; three standard errors of the mean of 50, and of the variance.
    expect(Math.abs(mean - 200)).toBeLessThan(3 * Math.sqrt(200 / 50));
    expect(Math.abs(variance - 200)).toBeLessThan(3 * 200 * Math.sqrt(2 / 49));
  }
});

test("before anything is known all arms are tried, and the better one is found", () => {
  const random = 300 * 0.225;
  for (const options of [
    { policy: () => linGreedy({ dimension: 2 }) },
    { policy: () => linGreedy({ dimension: 2 }), explore: "ucb" as const },
    { policy: () => linGreedy({ dimension: 2 }), resampling: "double-or-nothing" as const },
    { policy: () => logisticUcb({ dimension: 2 }), replicates: 5 },
  ]) {
    const policy = withArms(bootstrapped(options), 3);
    playRounds(policy, WORLD, 500, 1, createRng(2));
    expect(playRounds(policy, WORLD, 300, 3, createRng(4))).toBeLessThan(random / 2);
  }
});

test("states resume bit for bit, and damaged ones change nothing", () => {
  const make = () =>
    withArms(bootstrapped({ policy: () => linGreedy({ dimension: 2 }), replicates: 4 }), 3);
  const policy = make();
  playRounds(policy, WORLD, 40, 1, createRng(2));
  const text = JSON.stringify(policy.state());
  const other = make();
  playRounds(other, WORLD, 7, 9, createRng(9));
  other.restore(JSON.parse(text));
  expect(playRounds(other, WORLD, 40, 3, createRng(4))).toBe(
    playRounds(policy, WORLD, 40, 3, createRng(4)),
  );
  policy.addArm(3);
  other.addArm(3);
  const before = JSON.stringify(other.state());
  expect(before).toBe(JSON.stringify(policy.state()));
  const good = JSON.parse(text);
  const [arm, ...arms] = good.arms;
  for (const bad of [
    null,
    { ...good, kind: "x" },
    { ...good, rng: { ...good.rng, drawn: -1 } },
    { ...good, arms: [arm, arm, ...arms] },
    { ...good, arms: [{ ...arm, rewards: "AAAA" }, ...arms] },
    { ...good, replicates: good.replicates.slice(1) },
    { ...good, replicates: [...good.replicates.slice(1), {}] },
  ]) {
    expect(() => other.restore(bad)).toThrow(ValidationError);
    expect(JSON.stringify(other.state())).toBe(before);
  }
});

test("arms that come after a snapshot was taken over begin as they would have without", () => {
  const make = () => bootstrapped({ policy: () => linGreedy({ dimension: 1 }), seed: 4 });
  const policy = withArms(make(), 2);
  const other = make();
  other.restore(JSON.parse(JSON.stringify(policy.state())));
  for (const one of [policy, other]) one.addArm(2);
  expect(other.state()).toEqual(policy.state());
});

test("a new arm like another begins as that one", () => {
  const policy = withArms(bootstrapped({ policy: () => linGreedy({ dimension: 1 }) }), 2);
  const rng = createRng(1);
  for (let n = 0; n < 10; n++) policy.learn(ONE, rng);
  policy.addArm(2, 0);
  policy.removeArm(1);
  const out = roomFor(2);
  policy.evaluate({ slots: [0, 2], context: ONE.context, armFeatures: ONE.armFeatures }, rng, out);
  expect(out.means[1]).toBe(out.means[0]);
  expect([...out.probabilities]).toEqual([0.5, 0.5]);
});

test("a made-up reward counts as many examples as its strength", () => {
  const meansAt = (strength: number): number => {
    const prior = { strength, mean: 0.25, deviation: 0 };
    // The quantile 1 is the estimate of a replicate that counted the example.
    const policy = withArms(
      bootstrapped({
        policy: () => linGreedy({ dimension: 1, ridge: 1e-9 }),
        ...{ replicates: 64, explore: "ucb", quantile: 1, resampling: "double-or-nothing", prior },
      }),
      1,
    );
    const rng = createRng(1);
    policy.learn(ONE, rng);
    const out = roomFor(1);
    policy.evaluate({ slots: [0], context: ONE.context, armFeatures: ONE.armFeatures }, rng, out);
    return out.scores[0]!;
  };
  // A reward of 1 counted twice, beside a quarter counted `strength` times.
  for (const strength of [1, 3, 10]) {
    expect(meansAt(strength)).toBeCloseTo((2 + strength * 0.25) / (2 + strength), 6);
  }
});

test("an example that a replicate might refuse is learnt by none", () => {
  const policy = withArms(bootstrapped({ policy: () => linGreedy({ dimension: 1 }) }), 1);
  const rng = createRng(1);
  const before = JSON.stringify([policy.state(), rng.state()]);
  for (const large of [{ reward: 1e75 }, { context: Float64Array.of(1e80) }, { weight: 1e300 }]) {
    expect(() => policy.learn({ ...ONE, ...large }, rng)).toThrow("scale them");
    expect(JSON.stringify([policy.state(), rng.state()])).toBe(before);
  }
});

test("options out of range are named", () => {
  const policy = () => linGreedy({ dimension: 1 });
  expect(() => bootstrapped({ policy, replicates: 0 })).toThrow("replicates");
  expect(() => bootstrapped({ policy, quantile: 2 })).toThrow("quantile");
  expect(() => bootstrapped({ policy, prior: { strength: -1 } })).toThrow("prior.strength");
  expect(() => bootstrapped({ policy, explore: "x" as never })).toThrow("explore");
  expect(() => bootstrapped({ policy, resampling: "x" as never })).toThrow("resampling");
  const same = policy();
  expect(() => bootstrapped({ policy: () => same })).toThrow("a new policy at every call");
  const blind = withArms(bootstrapped({ policy: () => exp3() }), 1);
  const choices = { slots: [0], context: new Float64Array(0), armFeatures: new Float64Array(0) };
  expect(() => blind.evaluate(choices, createRng(1), roomFor(1))).toThrow("that estimates means");
});
