import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { epsilonGreedy } from "../counting/epsilon-greedy.js";
import { linUcb } from "../linear/lin-ucb.js";
import { encodeFloat64 } from "../policy/float64-text.js";
import {
  DIMENSION,
  dyadicExamples,
  expectSameKnowledge,
  normalExamples,
  taughtBandit,
} from "./fleet.test-support.js";
import { mergeStatistics, readStatistics, writeStatistics } from "./fleet-statistics.js";

describe("mergeStatistics", () => {
  it("gives device A and device B what one device would know: exactly, on dyadic numbers", () => {
    const examples = dyadicExamples(80, ["a", "b"], 1);
    const [a, b] = [taughtBandit(examples.slice(0, 30)), taughtBandit(examples.slice(30))];
    writeStatistics(a, mergeStatistics(readStatistics(a), readStatistics(b)));
    expectSameKnowledge(a, taughtBandit(examples));
    // It goes on like the pooled one, too.
    const more = dyadicExamples(20, ["a", "b"], 2);
    for (const example of more) a.learn(example);
    expectSameKnowledge(a, taughtBandit([...examples, ...more]));
  });

  it("is within rounding of the pooled run on any numbers", () => {
    const examples = normalExamples(300, ["a", "b"], 1);
    const parts = [0, 100, 200].map((from) =>
      readStatistics(taughtBandit(examples.slice(from, from + 100))),
    );
    const merged = taughtBandit();
    writeStatistics(merged, parts.reduce(mergeStatistics));
    const pooled = taughtBandit(examples);
    for (const context of normalExamples(20, ["a"], 2).map((example) => example.context)) {
      const [found, wanted] = [merged, pooled].map((bandit) => bandit.estimate(context));
      for (const field of ["scores", "means", "widths"] as const) {
        found![field].forEach((value, i) => {
          const expected = wanted![field][i]!;
          expect(Math.abs(value - expected)).toBeLessThan(1e-12 * (1 + Math.abs(expected)));
        });
      }
    }
  });

  it("is commutative, associative, and nothing changes nothing", () => {
    const [a, b, c] = [1, 2, 3].map((seed) =>
      readStatistics(taughtBandit(dyadicExamples(9, ["a", "b"], seed))),
    ) as [
      ReturnType<typeof readStatistics>,
      ReturnType<typeof readStatistics>,
      ReturnType<typeof readStatistics>,
    ];
    expect(mergeStatistics(a, b)).toEqual(mergeStatistics(b, a));
    expect(mergeStatistics(mergeStatistics(a, b), c)).toEqual(
      mergeStatistics(a, mergeStatistics(b, c)),
    );
    expect(mergeStatistics(a, readStatistics(taughtBandit()))).toEqual(a);
  });

  it("joins arms by name, whatever slots they have", () => {
    const examples = dyadicExamples(60, ["a", "b", "__proto__"], 3);
    const [left, right] = [examples.slice(0, 30), examples.slice(30)];
    const a = taughtBandit(left, ["a", "b", "__proto__"]);
    const b = taughtBandit(right, ["__proto__", "b", "x", "a"]);
    b.removeArm("x");
    const merged = JSON.parse(
      JSON.stringify(mergeStatistics(readStatistics(a), readStatistics(b))),
    );
    writeStatistics(b, merged);
    const pooled = taughtBandit(examples, ["a", "b", "__proto__"]);
    expect(readStatistics(b)).toEqual(readStatistics(pooled));
    expect(Object.keys(merged.arms).sort()).toEqual(["__proto__", "a", "b"]);
  });

  it("lets arms that the statistics do not name begin anew", () => {
    const examples = dyadicExamples(20, ["a"], 4);
    const bandit = taughtBandit([...examples, ...dyadicExamples(5, ["b"], 5)]);
    writeStatistics(bandit, readStatistics(taughtBandit(examples, ["a", "c"])));
    expect(readStatistics(bandit)).toEqual(readStatistics(taughtBandit(examples)));
  });

  it("refuses other kinds, and policies that are no sums", () => {
    const wide = createBandit({ policy: linUcb({ dimension: 4 }), arms: ["a"], seed: 1 });
    const statistics = readStatistics(taughtBandit());
    expect(() => writeStatistics(wide, statistics)).toThrow(
      /dimension 4.*expected, got .*dimension 3/,
    );
    expect(() => mergeStatistics(statistics, readStatistics(wide))).toThrow(/same options/);
    const policy = linUcb({ dimension: DIMENSION, discount: 0.9 });
    const fading = createBandit({ policy, arms: ["a"], seed: 1 });
    expect(() => readStatistics(fading)).toThrow(/"lin-ucb".*not a sum/);
    expect(() => writeStatistics(fading, statistics)).toThrowError(
      expect.objectContaining({ code: "unsupported" }),
    );
  });

  it("works for counting policies", () => {
    const teach = (rewards: readonly number[]) => {
      const bandit = createBandit({ policy: epsilonGreedy(), arms: ["a", "b"], seed: 1 });
      for (const [i, reward] of rewards.entries()) bandit.learn({ arm: i % 2 ? "b" : "a", reward });
      return bandit;
    };
    const merged = teach([]);
    const parts = [teach([0.5, 1, 0.25, 0]), teach([1, 0.75])].map(readStatistics);
    writeStatistics(merged, parts.reduce(mergeStatistics));
    expect(merged.estimate().means).toEqual(teach([0.5, 1, 0.25, 0, 1, 0.75]).estimate().means);
  });

  it("writes all arms or none, where the policy refuses one of them", () => {
    const [bandit, other] = [1, 2].map((seed) => {
      const one = createBandit({ policy: epsilonGreedy(), arms: ["a", "b"], seed });
      for (const arm of ["a", "b"] as const) one.learn({ arm, reward: seed });
      return one;
    });
    const before = readStatistics(bandit!);
    const foreign = readStatistics(other!);
    const arms = { ...foreign.arms, b: encodeFloat64(Float64Array.of(-1, 0, 0)) };
    expect(() => writeStatistics(bandit!, { ...foreign, arms })).toThrow(/a weight from 0/);
    expect(readStatistics(bandit!)).toEqual(before);
  });

  it("refuses damage with a typed error, and changes nothing then", () => {
    const bandit = taughtBandit(dyadicExamples(10, ["a", "b"], 1));
    const whole = readStatistics(bandit);
    const before = JSON.stringify(whole);
    const fields = fc.constantFrom(
      "format",
      "version",
      "kind",
      "sharedLength",
      "armLength",
      "shared",
      "arms",
    );
    fc.assert(
      fc.property(fields, fc.jsonValue({ maxDepth: 2 }), (field, value) => {
        const damaged = JSON.parse(JSON.stringify({ ...whole, [field]: value }));
        for (const work of [
          () => writeStatistics(bandit, damaged),
          () => mergeStatistics(damaged, whole),
          () => mergeStatistics(whole, damaged),
        ]) {
          try {
            work();
            // What is left is an object of arms, or the value that was there.
            expect([JSON.stringify(whole[field]), "{}"]).toContain(JSON.stringify(damaged[field]));
            writeStatistics(bandit, whole);
          } catch (error) {
            expect(error).toMatchObject({ code: "invalid-data" });
          }
        }
        expect(JSON.stringify(readStatistics(bandit))).toBe(before);
      }),
      { seed: 6, numRuns: 200 },
    );
    const arms = { ...whole.arms, a: whole.arms.a!.slice(0, -8) };
    expect(() => writeStatistics(bandit, { ...whole, arms })).toThrow(/sums of arm "a"/);
    for (const nothing of [undefined, null, 5, "x", []]) {
      expect(() => writeStatistics(bandit, nothing as never)).toThrow(
        /as readStatistics gives them/,
      );
    }
  });
});
