import { createRng } from "@edgewright/core";
import { expect, test } from "vitest";
import { betaThompson } from "../counting/beta-thompson.js";
import {
  evaluateArms,
  meanRegret,
  playBernoulli,
  teach,
  type World,
  withArms,
} from "../counting/play-policy.test-support.js";
import { ucb1 } from "../counting/ucb1.js";
import { linUcb } from "../linear/lin-ucb.js";
import type { Policy } from "../policy/policy.js";
import { adwin } from "./adwin.js";
import type { DetectorKind } from "./change-detector.js";
import { cusum } from "./cusum.js";
import { glr } from "./glr.js";
import { pageHinkley } from "./page-hinkley.js";
import { type DetectedChange, restartOnChange } from "./restart-on-change.js";

const switching: World = (round) => (Math.floor(round / 1000) % 2 === 0 ? [0.8, 0.2] : [0.2, 0.8]);

/** Gives alarm at a value above 1: an alarm at will. */
const atWill: DetectorKind = {
  name: "atWill",
  start: () => ({ add: (value) => value > 1, state: () => null, restore: () => {} }),
};

test("in a world that switches, restarts save more than half of the regret", () => {
  const kept = meanRegret(() => betaThompson(), switching, 4000, 2);
  for (const detector of [cusum(), pageHinkley(), adwin(), glr()]) {
    const create = () => restartOnChange(betaThompson(), { detector });
    expect(meanRegret(create, switching, 4000, 2)).toBeLessThan(kept / 2);
  }
});

test("alarms are told where there was a change, and nowhere else", () => {
  const changes: DetectedChange[] = [];
  const policy = restartOnChange(ucb1(), {
    detector: glr(),
    onChange: (change) => changes.push(change),
  });
  playBernoulli(withArms(policy, 2), switching, 3000, 5);
  expect(changes.length).toBeGreaterThanOrEqual(2);
  for (const { rounds } of changes) expect(rounds % 1000).toBeLessThan(300);
});

test("forgets one arm, or all; the reward that gave alarm is learnt anew", () => {
  for (const scope of ["arm", "all"] as const) {
    const changes: DetectedChange[] = [];
    const policy = restartOnChange(ucb1(), {
      detector: atWill,
      scope,
      onChange: (change) => changes.push(change),
    });
    withArms(policy, 2);
    for (let i = 0; i < 6; i++) teach(policy, i % 2, 0.5);
    expect(changes).toEqual([]);
    teach(policy, 0, 7);
    expect(changes).toEqual([{ slot: 0, rounds: 7 }]);
    const { means } = evaluateArms(policy, [0, 1]);
    expect(means[0]).toBe(7);
    expect(means[1]).toEqual(scope === "all" ? Number.NaN : 0.5);
  }
});

test("with all that was learnt goes what other arms' detectors saw; one arm's alarm leaves theirs", () => {
  for (const scope of ["arm", "all"] as const) {
    const seen: number[] = [];
    const countFrom = (): DetectorKind => ({
      name: "counting",
      start: () => {
        let count = 0;
        return {
          add: (value) => {
            seen.push(++count);
            return value > 1;
          },
          state: () => null,
          restore: () => {},
        };
      },
    });
    const policy = withArms(restartOnChange(ucb1(), { detector: countFrom(), scope }), 2);
    teach(policy, 1, 0.5);
    teach(policy, 0, 7);
    teach(policy, 1, 0.5);
    expect(seen).toEqual([1, 1, scope === "all" ? 1 : 2]);
  }
});

test("a reward that the policy refuses leaves everything as it was", () => {
  const policy = withArms(restartOnChange(ucb1(), { detector: atWill }), 2);
  teach(policy, 0, 0.5);
  const before = policy.state();
  expect(() => teach(policy, 0, 1e101)).toThrow("a reward of at most 1e100");
  expect(policy.state()).toEqual(before);
});

test("detectors for values from 0 to 1 see rewards of other ranges scaled, or refuse them", () => {
  for (const detector of [glr(), adwin()]) {
    const changes: DetectedChange[] = [];
    const onChange = (change: DetectedChange) => changes.push(change);
    const policy = withArms(
      restartOnChange(ucb1(), { detector, rewardRange: [0, 60], onChange }),
      1,
    );
    const rng = createRng(4);
    for (let i = 0; i < 2000; i++) teach(policy, 0, (i < 1000 ? 45 : 15) + rng.normal());
    expect(changes.length).toBeGreaterThan(0);
    for (const { rounds } of changes) expect(Math.abs(rounds - 1100)).toBeLessThan(100);
    const narrow = withArms(restartOnChange(ucb1(), { detector }), 1);
    teach(narrow, 0, 1);
    const before = narrow.state();
    expect(() => teach(narrow, 0, 45)).toThrow("expects rewards from 0 to 1, got 45; give rewardR");
    expect(narrow.state()).toEqual(before);
  }
  expect(() => restartOnChange(ucb1(), { detector: glr(), rewardRange: [1, 1] })).toThrow(
    "a rewardRange from a finite low to a higher high was expected, got 1 to 1",
  );
});

test("residuals of a linear policy give no alarm in a world that stays", () => {
  for (const detector of [glr(), adwin(), cusum(), pageHinkley()]) {
    const changes: DetectedChange[] = [];
    const onChange = (change: DetectedChange) => changes.push(change);
    const policy = restartOnChange(linUcb({ dimension: 2 }), { detector, onChange });
    withArms(policy, 1);
    const rng = createRng(3);
    const armFeatures = new Float64Array(0);
    for (let i = 0; i < 2000; i++) {
      const x = rng.uniform();
      const reward = rng.uniform() < 0.3 + 0.2 * x ? 1 : 0;
      const context = Float64Array.of(1, x);
      policy.learn({ slot: 0, context, armFeatures, reward, propensity: 1, weight: 1 }, rng);
    }
    expect(changes).toEqual([]);
  }
});

test("mixes exploration in, exactly", () => {
  const policy = withArms(restartOnChange(ucb1(), { detector: cusum(), exploration: 0.2 }), 4);
  const { probabilities } = evaluateArms(policy, [0, 1, 2, 3]);
  expect(probabilities[0]).toBeCloseTo(0.85, 15);
  expect(probabilities[3]).toBeCloseTo(0.05, 15);
  const plain = withArms(restartOnChange(ucb1(), { detector: cusum(), exploration: 0 }), 4);
  expect([...evaluateArms(plain, [0, 1, 2, 3]).probabilities]).toEqual([1, 0, 0, 0]);
});

test("watches what rewards differ from the expectation, where that is asked for", () => {
  const seen: number[] = [];
  const spy: DetectorKind = {
    name: "spy",
    start: () => ({
      add(value) {
        seen.push(value);
        return false;
      },
      state: () => null,
      restore: () => {},
    }),
  };
  const real = withArms(restartOnChange(ucb1(), { detector: spy, observe: "residual" }), 1);
  for (const reward of [4, 5, 3]) teach(real, 0, reward);
  expect(seen).toEqual([0, 1, -1.5]);
  seen.length = 0;
  const unit = withArms(restartOnChange(betaThompson(), { detector: spy, observe: "residual" }), 1);
  teach(unit, 0, 1);
  expect(seen).toEqual([0.75]);
});

test("a snapshot goes on bit for bit, arms coming and going", () => {
  const create = (): Policy => restartOnChange(ucb1(), { detector: glr({ every: 3 }) });
  const policy = withArms(create(), 3);
  const rng = createRng(8);
  const play = (each: readonly Policy[], from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const slot = i % 2;
      const reward = rng.uniform() < (i < 150 ? 0.1 : 0.9) ? 1 : 0;
      for (const one of each) teach(one, slot, reward);
    }
  };
  play([policy], 0, 140);
  policy.removeArm(2);
  policy.addArm(5, 0);
  const copy = create();
  copy.restore(JSON.parse(JSON.stringify(policy.state())));
  expect(copy.state()).toEqual(policy.state());
  play([policy, copy], 140, 300);
  expect(copy.state()).toEqual(policy.state());
  expect(evaluateArms(copy, [0, 1, 5])).toEqual(evaluateArms(policy, [0, 1, 5]));
});

test("damaged states are refused and change nothing", () => {
  const policy = withArms(restartOnChange(ucb1(), { detector: cusum() }), 2);
  for (let i = 0; i < 9; i++) teach(policy, i % 2, 0.5);
  const state = policy.state() as Record<string, unknown>;
  const other = withArms(restartOnChange(ucb1(), { detector: cusum({ warmUp: 7 }) }), 2);
  const damages = [
    null,
    other.state(),
    { ...state, rounds: -1 },
    { ...state, inner: null },
    { ...state, detectors: null },
    { ...state, detectors: [[0]] },
    { ...state, detectors: [0, 0].map(() => (state.detectors as unknown[])[0]) },
    { ...state, detectors: [[0, "AAAA"]] },
    ...Object.keys(state).map((key) => ({ ...state, [key]: undefined })),
  ];
  for (const damage of damages) {
    expect(() => policy.restore(damage)).toThrow(expect.objectContaining({ code: "invalid-data" }));
    expect(policy.state()).toEqual(state);
  }
  expect(() => restartOnChange(ucb1(), { detector: cusum(), exploration: 2 })).toThrow(
    "an exploration from 0 to 1 was expected, got 2",
  );
});

test("a contextual policy whose world turns over: residuals give alarm, contexts alone do not", () => {
  const turned = 1500;
  const play = (policy: Policy): number => {
    withArms(policy, 2);
    const rng = createRng(14);
    const out = {
      scores: new Float64Array(2),
      probabilities: new Float64Array(2),
      means: new Float64Array(2),
      widths: new Float64Array(2),
    };
    const armFeatures = new Float64Array(0);
    let regret = 0;
    for (let round = 0; round < 3000; round++) {
      const x = rng.uniform();
      const context = Float64Array.of(1, x);
      const first = 0.1 + 0.8 * x;
      const means = round < turned ? [first, 1 - first] : [1 - first, first];
      policy.evaluate({ slots: [0, 1], context, armFeatures }, rng, out);
      const slot = rng.categorical(out.probabilities);
      regret += Math.max(...means) - means[slot]!;
      const reward = rng.uniform() < means[slot]! ? 1 : 0;
      const propensity = out.probabilities[slot]!;
      policy.learn({ slot, context, armFeatures, reward, propensity, weight: 1 }, rng);
    }
    return regret;
  };
  const create = () => linUcb({ dimension: 2, alpha: 0.5 });
  const changes: DetectedChange[] = [];
  const detector = pageHinkley();
  const restarted = play(restartOnChange(create(), { detector, onChange: (c) => changes.push(c) }));
  expect(restarted).toBeLessThan(play(create()) / 2);
  expect(changes[0]!.rounds).toBeGreaterThan(turned);
  expect(changes[0]!.rounds).toBeLessThan(turned + 300);
});
