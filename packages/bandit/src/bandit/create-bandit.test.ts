import { createRng, EdgewrightError, ShapeError } from "@edgewright/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { LogRecord } from "../log/log-record.js";
import type { Policy } from "../policy/policy.js";
import { createBandit } from "./create-bandit.js";
import { createFixedPolicy, createMeanPolicy } from "./test-policies.test-support.js";

const fixed = (more: Parameters<typeof createFixedPolicy>[1] = {}) =>
  createFixedPolicy([1, 2, 5], more);

describe("createBandit", () => {
  it("knows its arms by the names of its options", () => {
    const bandit = createBandit({ policy: fixed(), arms: ["a", "b"], seed: 1 });
    expectTypeOf(bandit.decide().arm).toEqualTypeOf<"a" | "b">();
    expectTypeOf(bandit.arms).toEqualTypeOf<readonly ("a" | "b")[]>();
    // @ts-expect-error not an arm
    expect(() => bandit.slotOf("c")).toThrow(/one of the arms "a", "b" was expected, got "c"/);
    expect(bandit.slotOf("b")).toBe(1);
    const live = createBandit<string>({ policy: fixed(), arms: ["a"], seed: 1 });
    live.addArm("new");
    expect(live.arms).toEqual(["a", "new"]);
  });

  it.each<[string, object, RegExp]>([
    ["no arms", { arms: [] }, /at least one arm/],
    ["a name twice", { arms: ["a", "a"] }, /a new arm was expected, got "a"/],
    ["an empty name", { arms: [""] }, /a name was expected for an arm, got ""/],
    ["a number for a name", { arms: [5] }, /a name was expected for an arm, got 5/],
    ["text for arms", { arms: "ab" }, /an array of names or a Map .* got "ab"/],
    ["a seed of NaN", { seed: Number.NaN }, /seed/],
    ["a time to live without clock", { feedback: { timeToLiveMs: 5 } }, /needs a clock, got none/],
    ["a negative time to live", { feedback: { timeToLiveMs: -1 } }, /timeToLiveMs above 0/],
    ["no capacity", { feedback: { capacity: 0 } }, /whole feedback.capacity above 0/],
    ["a bad reward on expiry", { feedback: { onExpire: { reward: 2 } } }, /onExpire: fixed/],
    ["an idPrefix that is no text", { idPrefix: 3 }, /text was expected as idPrefix/],
    ["features of NaN", { arms: new Map([["a", [Number.NaN]]]) }, /finite features of the arm "a"/],
  ])("refuses %s", (_, options, message) => {
    const make = () =>
      createBandit({ policy: fixed(), arms: ["a"], seed: 1, ...(options as object) });
    expect(make).toThrow(EdgewrightError);
    expect(make).toThrow(message);
  });

  it("refuses features of arms of another dimension", () => {
    const make = () =>
      createBandit({ policy: fixed({ armDimension: 2 }), arms: new Map([["a", [1]]]), seed: 1 });
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(/2 features of the arm "a" were expected, got 1/);
  });
});

describe("decide", () => {
  it("draws arms with the probabilities that it reports", () => {
    const bandit = createBandit({ policy: fixed(), arms: ["a", "b", "c"], seed: 5 });
    const counts = new Map<string, number>();
    const rounds = 8000;
    for (let i = 0; i < rounds; i++) {
      const { arm, propensity, arms, probabilities } = bandit.decide();
      expect(propensity).toBe(probabilities[arms.indexOf(arm)]);
      counts.set(arm, (counts.get(arm) ?? 0) + 1);
    }
    // Five standard errors of a share are at most 0.028.
    for (const [arm, share] of [
      ["a", 1 / 8],
      ["b", 2 / 8],
      ["c", 5 / 8],
    ] as const) {
      expect(Math.abs(counts.get(arm)! / rounds - share)).toBeLessThan(0.028);
    }
  });

  it("never draws an arm of probability 0, and draws nothing where one is certain", () => {
    const bandit = createBandit({
      policy: createFixedPolicy([0, 1, 0]),
      arms: ["a", "b", "c"],
      seed: 1,
    });
    for (let i = 0; i < 20; i++) expect(bandit.decide().arm).toBe("b");
    expect(bandit.snapshot().rng.drawn).toBe(0);
  });

  it("offers a part of the arms, in the order given", () => {
    const bandit = createBandit({ policy: fixed(), arms: ["a", "b", "c"], seed: 1 });
    const { arms, probabilities, scores } = bandit.decide(undefined, ["c", "a"]);
    expect(arms).toEqual(["c", "a"]);
    expect([...scores]).toEqual([5, 1]);
    expect([...probabilities]).toEqual([5 / 6, 1 / 6]);
  });

  it("shows the policy features of arms: their own, or those of this time", () => {
    const shown: number[][] = [];
    const policy: Policy = {
      ...fixed({ armDimension: 2 }),
      evaluate(choices, _, out) {
        shown.push([...choices.armFeatures]);
        out.probabilities.fill(0).fill(1, 0, 1);
      },
    };
    const arms = new Map([
      ["a", [1, 2]],
      ["b", [3, 4]],
    ]);
    const bandit = createBandit({ policy, arms, seed: 1 });
    bandit.decide();
    bandit.decide(undefined, ["b"]);
    bandit.decide(undefined, new Map([["b", [5, 6]]]));
    expect(shown).toEqual([
      [1, 2, 3, 4],
      [3, 4],
      [5, 6],
    ]);
  });

  it("teaches the features that were shown, not those that came later", () => {
    const policy = createFixedPolicy([1, 0], { contextDimension: 1, armDimension: 1 });
    const own = new Map([
      ["a", Float64Array.of(1)],
      ["b", Float64Array.of(2)],
    ]);
    const bandit = createBandit({ policy, arms: own, seed: 1 });
    const context = [7];
    const { id, propensity } = bandit.decide(context);
    const other = bandit.decide([8], new Map([["a", [9]]]));
    context[0] = 0;
    own.get("a")![0] = 0;
    bandit.update(other.id, 0.5);
    bandit.update(id, 1, { weight: 3 });
    expect(
      policy.examples.map(({ context: seen, armFeatures, reward, weight }) => [
        seen[0],
        armFeatures[0],
        reward,
        weight,
      ]),
    ).toEqual([
      [8, 9, 0.5, 1],
      [7, 1, 1, 3],
    ]);
    expect(propensity).toBe(1);
  });

  it("turns contexts into features by the encoder", () => {
    const policy = createFixedPolicy([1], { contextDimension: 2 });
    const bandit = createBandit({
      policy,
      arms: ["a"],
      seed: 1,
      features: ({ load }: { load: number }) => [1, load],
    });
    bandit.update(bandit.decide({ load: 0.5 }).id, 1);
    expect([...policy.examples[0]!.context]).toEqual([1, 0.5]);
  });

  it("spares a policy without context what it does not look at, but not the log", () => {
    const policy = fixed();
    const records: LogRecord[] = [];
    const arms = new Map([
      ["a", [1]],
      ["b", [2]],
    ]);
    const bandit = createBandit({ policy, arms, seed: 1, log: (record) => records.push(record) });
    bandit.update(bandit.decide([4, 5]).id, 1);
    expect(policy.examples[0]).toMatchObject({ context: new Float64Array(0) });
    expect(records[0]).toMatchObject({ context: [4, 5], armFeatures: [[1], [2]] });
    bandit.decide([4], new Map([["b", [3, 3]]]));
    expect(records[2]).toMatchObject({ context: [4], armFeatures: [[3, 3]] });
  });

  const failing: [string, unknown, unknown, RegExp, string][] = [
    [
      "no context",
      undefined,
      undefined,
      /2 context features were expected, got none/,
      "shape-mismatch",
    ],
    [
      "a short context",
      [1],
      undefined,
      /2 context features were expected, got 1/,
      "shape-mismatch",
    ],
    [
      "NaN",
      [1, Number.NaN],
      undefined,
      /finite context features .* got NaN at 1/,
      "invalid-argument",
    ],
    ["infinity", [-Infinity, 1], undefined, /got -Infinity at 0/, "invalid-argument"],
    ["text", ["1", 1], undefined, /got "1" at 0/, "invalid-argument"],
    ["a hole", [1, undefined], undefined, /got undefined at 1/, "invalid-argument"],
    ["no array", 5, undefined, /an array of numbers, got 5/, "invalid-argument"],
    ["null", null, undefined, /an array of numbers, got null/, "invalid-argument"],
    ["an unknown arm", [1, 1], ["a", "z"], /got "z"; add it with addArm/, "invalid-argument"],
    [
      "an arm twice",
      [1, 1],
      ["a", "b", "a"],
      /different arms .* got "a" twice/,
      "invalid-argument",
    ],
    ["no arm", [1, 1], [], /at least one arm/, "invalid-argument"],
    ["an empty map", [1, 1], new Map(), /at least one arm/, "invalid-argument"],
    ["arms of text", [1, 1], "a", /an array of names or a Map/, "invalid-argument"],
    [
      "a map to text",
      [1, 1],
      new Map([["a", "x"]]),
      /arm "a" were expected as an array/,
      "invalid-argument",
    ],
    [
      "a map to NaN",
      [1, 1],
      new Map([["a", [Number.NaN]]]),
      /finite features of the arm "a"/,
      "invalid-argument",
    ],
    [
      "a map to too many",
      [1, 1],
      new Map([["a", [1, 2]]]),
      /1 features of the arm "a" .* got 2/,
      "shape-mismatch",
    ],
    [
      "a map to nothing",
      [1, 1],
      new Map([["a", undefined]]),
      /1 features .* got none; give/,
      "shape-mismatch",
    ],
    [
      "an arm without features",
      [1, 1],
      ["bare"],
      /1 features of the arm "bare" .* got none/,
      "shape-mismatch",
    ],
    ["all arms, one without features", [1, 1], undefined, /"bare" .* got none/, "shape-mismatch"],
  ];
  it.each(failing)("refuses %s, and stays as it was", (_, context, offer, message, code) => {
    const bandit = createBandit<string>({
      policy: fixed({ contextDimension: 2, armDimension: 1 }),
      arms: new Map([["a", [1]]]),
      seed: 1,
    });
    bandit.addArm("b", { features: [2] });
    bandit.addArm("bare");
    const before = bandit.snapshot();
    const calls = [
      () => bandit.decide(context as never, offer as never),
      () => bandit.probabilities(context as never, offer as never),
    ];
    for (const call of calls) {
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ code }));
    }
    expect(bandit.snapshot()).toEqual(before);
  });

  it.each<[string, number[], RegExp]>([
    ["a sum below 1", [0.5, 0.25], /policy "fixed": a sum of 1 was expected, got 0.75/],
    ["NaN", [Number.NaN, 1], /policy "fixed": finite probabilities .* got NaN at 0/],
    ["less than nothing", [1.5, -0.5], /got -0.5 at 1/],
  ])("refuses a policy's probabilities with %s, and stays as it was", (_, values, message) => {
    const policy: Policy = {
      ...fixed(),
      evaluate(_choices, rng, out) {
        rng.uniform();
        out.probabilities.set(values);
      },
    };
    const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
    const before = bandit.snapshot();
    expect(() => bandit.decide()).toThrow(message);
    expect(() => bandit.decide()).toThrow(expect.objectContaining({ code: "diverged" }));
    expect(bandit.snapshot()).toEqual(before);
  });

  it("stays as it was when log, clock or encoder throw", () => {
    let fails = "";
    const failFor = (who: string) => {
      if (fails === who) throw new Error(`${who} failed`);
    };
    const bandit = createBandit({
      policy: fixed({ contextDimension: 1 }),
      arms: ["a", "b", "c"],
      seed: 1,
      clock: () => {
        failFor("clock");
        return fails === "NaN" ? Number.NaN : 1;
      },
      log: () => failFor("log"),
      features: (context: number[]) => {
        failFor("encoder");
        return context;
      },
    });
    bandit.decide([1]);
    const before = bandit.snapshot();
    for (const who of ["clock", "NaN", "log", "encoder"]) {
      fails = who;
      expect(() => bandit.decide([1])).toThrow(who);
      if (who !== "encoder") expect(() => bandit.update("d0", 1)).toThrow(who);
      expect(bandit.snapshot()).toEqual(before);
    }
    fails = "";
    bandit.update("d0", 1);
  });
});

describe("probabilities and estimate", () => {
  it("say what decide would do, and change nothing", () => {
    const bandit = createBandit({ policy: createMeanPolicy(), arms: ["a", "b", "c"], seed: 9 });
    const rng = createRng(2);
    for (let i = 0; i < 50; i++) {
      const before = bandit.snapshot();
      const offer = i % 3 === 0 ? (["c", "a"] as const) : undefined;
      const estimate = bandit.estimate(undefined, offer);
      expect(bandit.probabilities(undefined, offer)).toEqual(estimate.probabilities);
      expect(bandit.snapshot()).toEqual(before);
      const decision = bandit.decide(undefined, offer);
      expect(decision.arms).toEqual(estimate.arms);
      expect(decision.scores).toEqual(estimate.scores);
      expect(decision.probabilities).toEqual(estimate.probabilities);
      const chosen = decision.arms.indexOf(decision.arm);
      expect([decision.mean, decision.width]).toEqual([
        estimate.means[chosen],
        estimate.widths[chosen],
      ]);
      bandit.update(decision.id, rng.normal());
    }
  });
});

describe("arms that come and go", () => {
  it("stay while the log cannot take the end of their decisions", () => {
    let fails = true;
    const log = ({ type }: { readonly type: string }) => {
      if (fails && type === "expired") throw new Error("disk full");
    };
    const bandit = createBandit({ policy: fixed(), arms: ["a", "b"], seed: 1, log });
    bandit.decide(undefined, ["a"]);
    const before = bandit.snapshot();
    expect(() => bandit.removeArm("a")).toThrow("disk full");
    expect(bandit.snapshot()).toEqual(before);
    fails = false;
    bandit.removeArm("a");
    expect([bandit.arms, bandit.pending]).toEqual([["b"], 0]);
  });

  it("are not changed by who changes the list of a decision", () => {
    const bandit = createBandit({ policy: fixed(), arms: ["a", "b"], seed: 1 });
    expect(() => (bandit.decide().arms as string[]).reverse()).toThrow(TypeError);
    expect(bandit.decide().arms).toEqual(["a", "b"]);
  });

  it("take free slots, with the knowledge and features of another arm", () => {
    const calls: unknown[] = [];
    const policy: Policy = {
      ...fixed({ armDimension: 1 }),
      addArm: (...args) => calls.push(["add", ...args]),
      removeArm: (...args) => calls.push(["remove", ...args]),
    };
    const bandit = createBandit<string>({
      policy,
      arms: new Map([
        ["a", [1]],
        ["b", [2]],
      ]),
      seed: 1,
    });
    bandit.removeArm("a");
    bandit.addArm("c", { like: "b" });
    bandit.addArm("d", { features: [4] });
    expect(calls).toEqual([
      ["add", 0],
      ["add", 1],
      ["remove", 0],
      ["add", 0, 1],
      ["add", 2, undefined],
    ]);
    expect(bandit.arms).toEqual(["b", "c", "d"]);
    expect(bandit.arms.map((arm) => bandit.slotOf(arm))).toEqual([1, 0, 2]);
    expect(bandit.decide().arms).toEqual(["b", "c", "d"]);
  });

  it.each<[string, (bandit: ReturnType<typeof createBandit<string>>) => void, RegExp]>([
    ["a name that is taken", (bandit) => bandit.addArm("a"), /addArm: a new arm .* "a"/],
    ["no name", (bandit) => bandit.addArm(""), /addArm: a name was expected/],
    ["an unknown model", (bandit) => bandit.addArm("b", { like: "z" }), /addArm: one of .* "z"/],
    [
      "features of NaN",
      (bandit) => bandit.addArm("b", { features: [Number.NaN] }),
      /addArm: finite features of the arm "b"/,
    ],
    [
      "too many features",
      (bandit) => bandit.addArm("b", { features: [1, 2] }),
      /addArm: 1 features of the arm "b" were expected, got 2/,
    ],
    ["removing an unknown arm", (bandit) => bandit.removeArm("z"), /removeArm: one of .* "z"/],
    ["removing the last arm", (bandit) => bandit.removeArm("a"), /"a" is the last arm/],
  ])("refuse %s, and the bandit stays as it was", (_, call, message) => {
    const policy = fixed({ armDimension: 1 });
    const bandit = createBandit<string>({ policy, arms: new Map([["a", [1]]]), seed: 1 });
    const before = bandit.snapshot();
    expect(() => call(bandit)).toThrow(message);
    expect(bandit.snapshot()).toEqual(before);
  });
});

describe("learn", () => {
  it("teaches an example from elsewhere", () => {
    const policy = fixed({ contextDimension: 1, armDimension: 1 });
    const arms = new Map([
      ["a", [1]],
      ["b", [2]],
    ]);
    const bandit = createBandit({ policy, arms, seed: 1 });
    bandit.learn({ context: [3], arm: "b", reward: 0.5 });
    bandit.learn({
      context: [4],
      arm: "a",
      armFeatures: [9],
      reward: 1,
      propensity: 0.5,
      weight: 2,
    });
    const plain = policy.examples.map(({ context, armFeatures, ...rest }) => ({
      ...rest,
      context: [...context],
      armFeatures: [...armFeatures],
    }));
    expect(plain).toEqual([
      { slot: 1, context: [3], armFeatures: [2], reward: 0.5, propensity: 1, weight: 1 },
      { slot: 0, context: [4], armFeatures: [9], reward: 1, propensity: 0.5, weight: 2 },
    ]);
    expect(bandit.pending).toBe(0);
  });

  it.each<[string, object, RegExp]>([
    ["a reward of NaN", { reward: Number.NaN }, /learn: a finite reward/],
    ["a reward above 1", { reward: 2 }, /learn: fixed expects a reward from 0 to 1, got 2/],
    ["a weight of 0", { weight: 0 }, /learn: a finite weight above 0/],
    ["a propensity of 0", { propensity: 0 }, /learn: a propensity above 0/],
    ["a propensity in words", { propensity: "0.5" }, /learn: a propensity above 0/],
    ["a propensity above 1", { propensity: 1.5 }, /at most 1 was expected, got 1.5/],
    ["an unknown arm", { arm: "z" }, /learn: one of the arms/],
    ["a context of NaN", { context: [Number.NaN] }, /learn: finite context features/],
    ["features of NaN", { armFeatures: [Number.NaN] }, /learn: finite features of the arm "a"/],
    ["no features", { armFeatures: undefined, arm: "bare" }, /learn: 1 features .* got none/],
  ])("refuses %s, and the bandit stays as it was", (_, wrong, message) => {
    const policy = fixed({ contextDimension: 1, armDimension: 1 });
    const bandit = createBandit<string>({ policy, arms: new Map([["a", [1]]]), seed: 1 });
    bandit.addArm("bare");
    const before = bandit.snapshot();
    const example = { context: [1], arm: "a", armFeatures: [1], reward: 1, ...wrong };
    expect(() => bandit.learn(example)).toThrow(message);
    expect(bandit.snapshot()).toEqual(before);
  });
});
