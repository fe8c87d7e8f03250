import { createRng, type EdgewrightError, ValidationError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { createFixedPolicy, createMeanPolicy } from "../bandit/test-policies.test-support.js";
import { ucb1 } from "../counting/ucb1.js";
import type { ConstrainedChoice, Constraint } from "./constraint.js";
import { costBudget } from "./cost-budget.js";
import { propensityFloor } from "./propensity-floor.js";
import { safetyBaseline } from "./safety-baseline.js";

const arms = ["a", "b", "c"];

function choiceOf(
  probabilities: readonly number[],
  more: { scores?: readonly number[]; means?: readonly number[]; widths?: readonly number[] } = {},
): ConstrainedChoice {
  const list = (values?: readonly number[]) =>
    Float64Array.from(values ?? probabilities.map(() => Number.NaN));
  return {
    arms: arms.slice(0, probabilities.length),
    context: new Float64Array(0),
    scores: list(more.scores),
    means: list(more.means),
    widths: list(more.widths),
    probabilities: list(probabilities),
  };
}

function reshaped(constraint: Constraint, choice: ConstrainedChoice): number[] {
  constraint.reshape?.(choice);
  return [...choice.probabilities];
}

describe("propensityFloor", () => {
  it("mixes in the uniform distribution", () => {
    expect(reshaped(propensityFloor(0.1), choiceOf([1, 0, 0]))).toEqual([0.8, 0.1, 0.1]);
  });

  it("leaves a distribution with every arm at the minimum or above", () => {
    const weights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(weights, fc.double({ min: 0.001, max: 1 / 3, noNaN: true }), (raw, minimum) => {
        const total = raw.reduce((sum, weight) => sum + weight, 0) || 1;
        const result = reshaped(propensityFloor(minimum), choiceOf(raw.map((w) => w / total)));
        for (const probability of result) expect(probability).toBeGreaterThanOrEqual(minimum);
        if (raw.some((weight) => weight > 0)) {
          expect(result.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("refuses what cannot be, and the bandit stays as it was", () => {
    expect(() => propensityFloor(0)).toThrow(/minimum above 0 and at most 1 .* got 0/);
    const policy = createFixedPolicy([0.5, 0.3, 0.2]);
    const bandit = createBandit({ policy, arms, seed: 1, constraints: [propensityFloor(0.4)] });
    const before = bandit.snapshot();
    expect(() => bandit.decide()).toThrow(/propensityFloor: 3 arms .* at most 0.33/);
    expect(bandit.snapshot()).toEqual(before);
    expect([...bandit.decide(undefined, ["a", "b"]).probabilities].every((p) => p >= 0.4)).toBe(
      true,
    );
  });
});

describe("costBudget", () => {
  const costs = { a: 5, b: 2, c: 1 };

  it("rules out arms that no longer fit, and refuses when none does", () => {
    const budget = costBudget({ costs, total: 8 });
    const policy = createFixedPolicy([1, 0.5, 0.25]);
    const bandit = createBandit({ policy, arms, seed: 1, constraints: [budget] });
    expect(bandit.decide().arms).toEqual(["a", "b", "c"]);
    while (budget.spent < 8) {
      const left = 8 - budget.spent;
      const { arms: offered } = bandit.decide();
      expect(offered).toEqual(arms.filter((arm) => costs[arm as "a"] <= left));
      expect(budget.spent).toBeLessThanOrEqual(8);
    }
    const before = bandit.snapshot();
    expect(() => bandit.decide()).toThrow(
      /constraint "costBudget" admits none of the arms a, b, c/,
    );
    expect(bandit.snapshot()).toEqual(before);
    try {
      bandit.decide();
    } catch (error) {
      expect((error as EdgewrightError).code).toBe("limit-exceeded");
    }
  });

  it("reports probability 0 for arms that do not fit, in the order of the offer", () => {
    const policy = createFixedPolicy([1, 3, 1]);
    const constraints = [costBudget({ costs, total: 4 })];
    const bandit = createBandit({ policy, arms, seed: 1, constraints });
    expect([...bandit.probabilities(undefined, ["c", "a", "b"])]).toEqual([0.25, 0, 0.75]);
    expect(bandit.estimate().scores[0]).toBeNaN();
  });

  it("leaves every arm its own features when others do not fit", () => {
    const policy = createFixedPolicy([1, 1, 1], { armDimension: 2 });
    const features = { a: [1, 10], b: [2, 20], c: [3, 30] };
    const bandit = createBandit({
      policy,
      arms: new Map(Object.entries(features)),
      seed: 1,
      constraints: [costBudget({ costs, total: 4 })],
    });
    const { id, arm } = bandit.decide(undefined, ["a", "b"]);
    bandit.update(id, 1);
    expect(arm).toBe("b");
    expect(policy.examples.map(({ armFeatures }) => [...armFeatures])).toEqual([features.b]);
  });

  it.each([
    ["a policy that is sure of one arm", () => createMeanPolicy()],
    ["a policy that draws", () => createFixedPolicy([8, 1, 1])],
  ])("holds the average cost of %s", (_, make) => {
    const budget = costBudget({ costs, perDecision: 2.5 });
    const bandit = createBandit({ policy: make(), arms, seed: 3, constraints: [budget] });
    const rng = createRng(4);
    const means = { a: 0.8, b: 0.5, c: 0.2 };
    for (let i = 0; i < 3000; i++) {
      const { id, arm } = bandit.decide();
      bandit.update(id, rng.uniform() < means[arm as "a"] ? 1 : 0);
    }
    // What it was over is at most price / step in units of perDecision, and the price stays near what it takes.
    expect(budget.spent / 3000).toBeLessThan(2.6);
    expect(budget.spent / 3000).toBeGreaterThan(2.2);
  });

  it("earns nearly what the best mix of arms within the budget earns", () => {
    const means = { a: 0.8, b: 0.5, c: 0.2 };
    const constraints = [costBudget({ costs, perDecision: 2.5, step: 0.02 })];
    const bandit = createBandit({ policy: createMeanPolicy(), arms, seed: 3, constraints });
    const rng = createRng(4);
    let earned = 0;
    for (let i = 0; i < 5000; i++) {
      const { id, arm } = bandit.decide();
      if (i >= 1000) earned += means[arm as "a"];
      bandit.update(id, rng.uniform() < means[arm as "a"] ? 1 : 0);
    }
    // The linear program's answer: b in five of six decisions, a in one; 0.55. The other two mixes earn 0.43 and less.
    expect(earned / 4000).toBeGreaterThan(0.52);
    expect(earned / 4000).toBeLessThan(0.58);
  });

  it("costs nothing while there is enough", () => {
    const budget = costBudget({ costs, perDecision: 6 });
    for (let i = 0; i < 10; i++) budget.decided?.(choiceOf([1, 0, 0]), 0);
    expect(budget.price).toBe(0);
    const scores = [3, 2, 1];
    expect(reshaped(budget, choiceOf([1, 0, 0], { scores }))).toEqual([1, 0, 0]);
  });

  it("weighs scores against the price where one arm is certain, and tilts otherwise", () => {
    const budget = costBudget({ costs, perDecision: 1, step: 0.1 });
    budget.decided?.(choiceOf([1, 0, 0]), 0);
    expect(budget.price).toBeCloseTo(0.4, 12);
    const scores = [3, 2, 1]; // less 2, 0.8, 0.4
    expect(reshaped(budget, choiceOf([1, 0, 0], { scores }))).toEqual([0, 1, 0]);
    const [a, b, c] = reshaped(budget, choiceOf([0.5, 0.5, 0]));
    expect(a! / b!).toBeCloseTo(Math.exp(-0.4 * 3), 12);
    expect(c).toBe(0);
  });

  it("leaves the cheapest arm whatever the price", () => {
    const budget = costBudget({ costs: { a: 3, b: 2, c: 4 }, perDecision: 1 });
    budget.restore!({ spent: 0, price: 1e6 });
    expect(reshaped(budget, choiceOf([0.5, 0.25, 0.25]))).toEqual([0, 0.25, 0]);
  });

  it("refuses to hold perDecision where a policy left out scores, rather than not hold it", () => {
    const refused = choiceOf([0, 1, 0], { scores: [Number.NaN, 1, Number.NaN] });
    const costs = { a: 1, b: 2, c: 3 };
    expect(() => costBudget({ costs, perDecision: 1 }).reshape!(refused)).toThrow(
      /perDecision needs the scores of all arms, got NaN; make the policy without scores: "needed"/,
    );
    expect(reshaped(costBudget({ costs, total: 1 }), refused)).toEqual([0, 1, 0]);
    const none = choiceOf([0, 1, 0]);
    expect(reshaped(costBudget({ costs, perDecision: 1 }), none)).toEqual([0, 1, 0]);
  });

  it("takes costs from a function, and refuses what is no cost", () => {
    const budget = costBudget({ costs: (arm) => (arm === "a" ? 2 : Number.NaN), total: 3 });
    expect(budget.admits?.("a")).toBe(true);
    expect(() => budget.admits?.("b")).toThrow(/finite cost from 0 .* arm "b"/);
    expect(() => costBudget({ costs: { a: -1 } })).toThrow(/cost from 0 .* "a", got -1/);
    expect(() => costBudget({ costs, total: 0 })).toThrow(/a total above 0/);
    expect(() => costBudget({ costs, perDecision: Number.NaN })).toThrow(/a perDecision above 0/);
    expect(() => costBudget({ costs: {} }).admits?.("toString")).toThrow(/got none/);
  });
});

describe("safetyBaseline", () => {
  it("keeps the sum above the line, with an arm that turns out to bring nothing", () => {
    const safety = safetyBaseline({ arm: "a", share: 0.1, value: 0.8 });
    const bandit = createBandit({
      policy: createFixedPolicy([0.1, 0.45, 0.45]),
      arms,
      seed: 2,
      constraints: [safety],
    });
    let sum = 0;
    let explored = 0;
    for (let i = 1; i <= 2000; i++) {
      const { id, arm } = bandit.decide();
      const reward = arm === "a" ? 0.8 : 0;
      if (arm !== "a") explored++;
      sum += reward;
      bandit.update(id, reward);
      expect(sum).toBeGreaterThanOrEqual(0.9 * 0.8 * i - 1e-9);
    }
    // A tenth of the rewards may be lost, and exploring uses it up.
    expect(explored).toBe(200);
    expect(safety.slack).toBeCloseTo(0, 9);
  });

  it("keeps expected rewards above the line while UCB1 finds the better arm", () => {
    const names = ["in use", "better", ...Array.from({ length: 20 }, (_, i) => `bad ${i}`)];
    const meanOf = (arm: string) => (arm === "in use" ? 0.6 : arm === "better" ? 0.75 : 0.05);
    const play = (seed: number, safe: boolean) => {
      const safety = safetyBaseline({ arm: "in use", share: 0.1, value: 0.6 });
      const constraints = safe ? [safety] : [];
      const bandit = createBandit({ policy: ucb1(), arms: names, seed, constraints });
      const rng = createRng(seed);
      let sum = 0;
      let lowest = Infinity;
      let better = 0;
      for (let i = 1; i <= 4000; i++) {
        const { id, arm } = bandit.decide();
        sum += meanOf(arm);
        if (i > 3000 && arm === "better") better++;
        lowest = Math.min(lowest, sum - 0.9 * 0.6 * i);
        bandit.update(id, rng.uniform() < meanOf(arm) ? 1 : 0);
      }
      return { lowest, better };
    };
    for (const seed of [1, 2, 3]) {
      const safe = play(seed, true);
      // The line is held for the rewards, whose sum strays from that of their means by a few.
      expect(safe.lowest).toBeGreaterThan(-5);
      expect(play(seed, false).lowest).toBeLessThan(-30);
      expect(safe.better).toBeGreaterThan(500);
    }
  });

  it("explores freely where the lower bound is above the line", () => {
    const safety = safetyBaseline({ arm: "a", share: 0.1, value: 0.5, z: 2 });
    const means = [0.5, 0.6, 0.6];
    const widths = [0, 0.05, 0.1];
    const choice = choiceOf([0, 0.5, 0.5], { means, widths });
    expect(reshaped(safety, choice)).toEqual([0.5, 0.5, 0]);
  });

  it("books the lower bound of a decision until its reward comes", () => {
    const safety = safetyBaseline({ arm: "a", share: 0.5, value: 1 });
    const choice = choiceOf([0, 1, 0], { means: [0, 0.75, 0], widths: [0, 0.0625, 0] });
    const note = safety.decided!(choice, 1);
    expect(note).toBe(0.625);
    expect(safety.slack).toBe(0.125);
    safety.learned?.("b", 1, note);
    expect(safety.slack).toBe(0.5);
  });

  it("learns the baseline's mean from its rewards, and plays it until then", () => {
    const safety = safetyBaseline({ arm: "a", share: 0.2 });
    const bandit = createBandit({
      policy: createFixedPolicy([0, 1, 1]),
      arms,
      seed: 2,
      constraints: [safety],
    });
    const chosen = Array.from({ length: 13 }, () => {
      const { id, arm } = bandit.decide();
      bandit.update(id, arm === "a" ? 0.5 : 0);
      return arm;
    });
    expect(chosen.slice(0, 10).every((arm) => arm === "a")).toBe(true);
    expect(chosen.slice(10, 12).every((arm) => arm !== "a")).toBe(true);
    expect(chosen[12]).toBe("a");
  });

  it("refuses bad options and decisions without the baseline", () => {
    expect(() => safetyBaseline({ arm: "a", share: 1 })).toThrow(/share above 0 and below 1/);
    expect(() => safetyBaseline({ arm: "a", share: 0.1, value: -1 })).toThrow(/value above 0/);
    expect(() => safetyBaseline({ arm: "a", share: 0.1, z: -1 })).toThrow(/finite z/);
    expect(() => safetyBaseline({ arm: "a", share: 0.1, lowest: Number.NaN })).toThrow(/lowest/);
    const safety = safetyBaseline({ arm: "z", share: 0.1 });
    expect(() => safety.reshape?.(choiceOf([1, 0]))).toThrow(/"z" was expected among .* a, b/);
  });
});

describe("the order of constraints", () => {
  it("is that of the list", () => {
    const policy = createFixedPolicy([1, 0, 0]);
    const swap: Constraint = {
      name: "swap",
      reshape: ({ probabilities }) => probabilities.reverse(),
    };
    const first = createBandit({
      policy,
      arms,
      seed: 1,
      constraints: [swap, propensityFloor(0.1)],
    });
    expect([...first.probabilities()]).toEqual([0.1, 0.1, 0.8]);
    const blind: Constraint = {
      name: "no b",
      reshape: ({ arms: names, probabilities }) => {
        probabilities[names.indexOf("b")] = 0;
      },
    };
    const second = createBandit({
      policy: createFixedPolicy([1, 0, 0]),
      arms,
      seed: 1,
      constraints: [propensityFloor(0.2), blind],
    });
    const [a, b, c] = second.probabilities();
    expect(a).toBeCloseTo(0.75, 12);
    expect(b).toBe(0);
    expect(c).toBeCloseTo(0.25, 12);
  });

  it.each<[string, (p: Float64Array) => void, string, RegExp]>([
    ["nothing", (p) => p.fill(0), "limit-exceeded", /constraint "odd" left no arm/],
    ["NaN", (p) => p.fill(Number.NaN), "diverged", /constraint "odd": .* got NaN at 0/],
    ["less than nothing", (p) => p.fill(-1), "diverged", /got -1 at 0/],
  ])("refuses %s, and the bandit stays as it was", (_, change, code, message) => {
    const odd: Constraint = { name: "odd", reshape: ({ probabilities }) => change(probabilities) };
    const policy = createFixedPolicy([0.5, 0.25, 0.25]);
    const bandit = createBandit({ policy, arms, seed: 1, constraints: [odd] });
    const before = bandit.snapshot();
    for (const call of [() => bandit.decide(), () => bandit.probabilities()]) {
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ code }));
    }
    expect(bandit.snapshot()).toEqual(before);
  });
});

describe("the state of a constraint", () => {
  it("goes with what waiting decisions have to tell it", () => {
    const options = () => ({
      policy: createFixedPolicy([0, 1, 0]),
      arms,
      seed: 1,
      constraints: [safetyBaseline({ arm: "a", share: 0.5, value: 1, lowest: -0.25 })],
    });
    const first = options();
    const bandit = createBandit(first);
    bandit.learn({ arm: "a", reward: 1 });
    for (let i = 0; i < 3; i++) bandit.update(bandit.decide(undefined, ["a"]).id, 1);
    const { id, arm } = bandit.decide();
    expect(arm).toBe("b"); // booked with the lowest reward
    const second = options();
    const resumed = createBandit({ ...second, snapshot: bandit.snapshot() });
    for (const one of [bandit, resumed]) one.update(id, 0.75);
    expect(first.constraints[0]!.slack).toBe(3 + 0.75 - 0.5 * 4);
    expect(second.constraints[0]!.slack).toBe(first.constraints[0]!.slack);
  });

  it.each<[string, () => Constraint, readonly unknown[]]>([
    [
      "costBudget",
      () => costBudget({ costs: { a: 5, b: 2, c: 1 }, total: 50, perDecision: 2 }),
      [null, {}, { spent: -1, price: 0 }, { spent: 1, price: "0" }],
    ],
    [
      "safetyBaseline",
      () => safetyBaseline({ arm: "a", share: 0.3 }),
      [null, {}, { decided: 1, chosen: 2, rewards: 0, rewardSum: 0, others: 0 }],
    ],
  ])("of %s survives JSON and is refused when damaged", (_, make, damaged) => {
    const constraint = make();
    for (let i = 0; i < 4; i++) constraint.decided?.(choiceOf([1, 0, 0]), i % 3);
    constraint.learned?.("a", 0.3, 0);
    const saved = JSON.parse(JSON.stringify(constraint.state?.()));
    const other = make();
    other.restore?.(saved);
    expect(other.state?.()).toEqual(constraint.state?.());
    for (const state of damaged) {
      expect(() => other.restore?.(state)).toThrow(ValidationError);
      expect(other.state?.()).toEqual(saved);
    }
  });
});
