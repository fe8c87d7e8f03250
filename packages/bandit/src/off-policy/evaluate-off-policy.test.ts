import { createRng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { createResampler, intervalOf } from "./bootstrap.js";
import { compareTargets } from "./compare-targets.js";
import { diagnoseOverlap } from "./diagnose-overlap.js";
import { evaluateOffPolicy } from "./evaluate-off-policy.js";
import type { EvaluationProgress } from "./evaluation-options.js";
import { createLoggedData, type LoggedData } from "./logged-data.js";
import { ridgeRewardModel } from "./ridge-reward-model.js";
import { fixedTarget, uniformTarget } from "./target-policy.js";
import { weighLog } from "./weigh-log.js";
import { ips } from "./weighting-estimators.js";

const RATES = [0.2, 0.5, 0.8];

function uniformLog(rows: number, seed = 1): LoggedData {
  const rng = createRng(seed);
  const chosen = Array.from({ length: rows }, () => rng.integer(0, 3));
  return createLoggedData({
    arms: ["a", "b", "c"],
    chosen,
    rewards: chosen.map((arm) => (rng.uniform() < RATES[arm]! ? 1 : 0)),
    propensities: chosen.map(() => 1 / 3),
  });
}

describe("evaluateOffPolicy", () => {
  test("every estimator comes near the truth; intervals that do not hang on the model hold it", async () => {
    const { estimates, logging, weights, warnings } = await evaluateOffPolicy(
      uniformLog(1500),
      fixedTarget({ b: 0.25, c: 0.75 }),
      { seed: 1, resamples: 300 },
    );
    expect(estimates.map(({ estimator }) => estimator)).toEqual([
      "ips",
      "clipped-ips",
      "snips",
      "dm",
      "dr",
      "sndr",
      "switch-dr",
      "dros",
      "replay",
    ]);
    for (const { estimator, value, interval } of estimates) {
      expect(Math.abs(value - 0.725), estimator).toBeLessThan(0.08);
      // Those of the model alone show how contexts vary.
      const truth = ["dm", "switch-dr", "dros"].includes(estimator) ? value : 0.725;
      expect(interval!.low, estimator).toBeLessThan(truth);
      expect(interval!.high, estimator).toBeGreaterThan(truth);
    }
    expect(Math.abs(logging.value - 0.5)).toBeLessThan(0.06);
    expect(Math.abs(weights!.mean - 1)).toBeLessThan(0.1);
    expect(weights!.max).toBeCloseTo(2.25, 12);
    // Of a model that is right, weights can only add noise: it is left alone, which is said.
    expect(warnings.map(({ code }) => code)).toEqual(["model-alone"]);
  });

  test("the same seed gives the same figures", async () => {
    const data = uniformLog(200);
    const run = (seed: number) =>
      evaluateOffPolicy(data, fixedTarget({ c: 1 }), { seed, resamples: 50 });
    expect(await run(5)).toEqual(await run(5));
    expect(await run(6)).not.toEqual(await run(5));
  });

  test.each(["normal", "percentile", "empirical-bernstein", "none"] as const)(
    "intervals: %s",
    async (interval) => {
      const data = uniformLog(400);
      const options = { seed: 1, interval, resamples: 100 };
      const { estimates, logging } = await evaluateOffPolicy(data, uniformTarget(), options);
      for (const one of estimates) {
        const none =
          interval === "none" ||
          (interval === "empirical-bernstein" && ["snips", "sndr"].includes(one.estimator));
        if (none) expect(one.interval).toBeUndefined();
        else {
          expect(one.interval!.low).toBeLessThanOrEqual(one.value);
          expect(one.interval!.high).toBeGreaterThanOrEqual(one.value);
        }
      }
      expect(logging.interval === undefined).toBe(interval === "none");
    },
  );

  test("empirical Bernstein needs the range of rewards where it cannot be guessed", async () => {
    const data = uniformLog(50);
    const wide = { ...data, rewards: data.rewards.map((r) => 3 * r) };
    const options = { seed: 1, interval: "empirical-bernstein", rewardModel: "none" } as const;
    await expect(evaluateOffPolicy(wide, uniformTarget(), options)).rejects.toThrow(
      "evaluateOffPolicy: empirical Bernstein intervals need rewardRange",
    );
    const known = await evaluateOffPolicy(wide, uniformTarget(), {
      ...options,
      rewardRange: [0, 3],
    });
    expect(known.estimates[0]!.interval!.high).toBeLessThanOrEqual(3);
  });

  test("a larger bound of the weights widens empirical Bernstein intervals", async () => {
    const data = uniformLog(4000);
    const high = async (weightBound?: number): Promise<number> => {
      const { estimates, logging } = await evaluateOffPolicy(data, fixedTarget({ c: 1 }), {
        ...{ seed: 1, interval: "empirical-bernstein", rewardModel: "none" },
        estimators: ["ips"],
        ...(weightBound !== undefined && { weightBound }),
      });
      // Rewards from 0 to 1 of the log itself, whatever the target's weights.
      expect(logging.interval!.high).toBeLessThan(0.6);
      return estimates[0]!.interval!.high;
    };
    expect(await high(30)).toBeGreaterThan(await high());
    expect(await high(1)).toBe(await high());
  });

  test("without propensities, or a model, what remains possible is done", async () => {
    const { propensities: _, ...bare } = uniformLog(100);
    const options = { seed: 1, resamples: 20 };
    const unweighted = await evaluateOffPolicy(bare, uniformTarget(), options);
    expect(unweighted.estimates.map(({ estimator }) => estimator)).toEqual(["dm"]);
    expect(unweighted.weights).toBeUndefined();
    expect(unweighted.warnings.map(({ code }) => code)).toContain("no-propensities");
    const plain = await evaluateOffPolicy(uniformLog(100), uniformTarget(), {
      ...options,
      rewardModel: "none",
    });
    expect(plain.estimates.map(({ estimator }) => estimator)).toEqual([
      "ips",
      "clipped-ips",
      "snips",
      "replay",
    ]);
  });

  test("lambda as given, a model as given", async () => {
    const { estimates } = await evaluateOffPolicy(uniformLog(100), fixedTarget({ c: 1 }), {
      seed: 1,
      resamples: 20,
      estimators: ["switch-dr", "dm"],
      lambda: 0,
      rewardModel: ridgeRewardModel(),
    });
    expect(estimates[0]!.lambda).toBe(0);
    expect(estimates[0]!.value).toBe(estimates[1]!.value);
  });

  test("reports progress and stops by the signal", async () => {
    const phases = new Map<string, number>();
    const options = { seed: 1, resamples: 70 };
    await evaluateOffPolicy(uniformLog(1200), uniformTarget(), {
      ...options,
      onProgress: ({ phase, done, total }: EvaluationProgress) => {
        expect(done).toBeLessThanOrEqual(total);
        phases.set(phase, done / total);
      },
    });
    expect([...phases]).toEqual([
      ["fitting", 1],
      ["weighing", 1],
      ["resampling", 1],
    ]);
    const abort = new AbortController();
    const stopped = evaluateOffPolicy(uniformLog(1000), uniformTarget(), {
      ...options,
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
  });

  test("refuses an estimator it does not know, and levels that are none", async () => {
    const data = uniformLog(10);
    await expect(
      evaluateOffPolicy(data, uniformTarget(), { seed: 1, estimators: ["magic" as "ips"] }),
    ).rejects.toThrow("estimators among ips, clipped-ips");
    await expect(evaluateOffPolicy(data, uniformTarget(), { seed: 1, level: 1 })).rejects.toThrow(
      "a confidence level between 0 and 1 was expected, got 1",
    );
    await expect(evaluateOffPolicy(data, uniformTarget(), { seed: -1 })).rejects.toThrow("seed");
  });
});

test("a lambda that leaves the model alone is pointed out", async () => {
  const codes = async (lambda: number): Promise<string[]> => {
    const { warnings } = await evaluateOffPolicy(uniformLog(300), fixedTarget({ c: 1 }), {
      ...{ seed: 1, resamples: 20, lambda },
      estimators: ["dr", "dros"],
    });
    return warnings.map(({ code }) => code);
  };
  expect(await codes(0)).toEqual(["model-alone"]);
  expect(await codes(1)).toEqual([]);
});

describe("compareTargets", () => {
  test("pairing rows makes small differences known", async () => {
    const data = uniformLog(1500);
    const targets = {
      mostly: fixedTarget({ b: 0.5, c: 0.5 }),
      more: fixedTarget({ b: 0.4, c: 0.6 }),
    };
    const { comparisons, evaluations } = await compareTargets(data, targets, {
      seed: 1,
      resamples: 300,
      estimators: ["snips"],
      baseline: "mostly",
    });
    const [one] = comparisons;
    expect(comparisons).toHaveLength(1);
    expect(one).toMatchObject({ target: "more", baseline: "mostly", estimator: "snips" });
    expect(one!.difference).toBeCloseTo(
      evaluations.more!.estimates[0]!.value - evaluations.mostly!.estimates[0]!.value,
      12,
    );
    expect(Math.abs(one!.difference - 0.03)).toBeLessThan(0.02);
    expect(one!.interval.low).toBeGreaterThan(0);
    expect(one!.probabilityBetter).toBeGreaterThan(0.99);
    // Far better known than either value.
    expect(one!.standardError).toBeLessThan(evaluations.more!.estimates[0]!.standardError / 3);
  });

  test("against the log itself, a target that repeats it differs by nothing", async () => {
    const { comparisons } = await compareTargets(
      uniformLog(300),
      { same: uniformTarget(), best: fixedTarget({ c: 1 }) },
      { seed: 1, resamples: 200, estimators: ["ips"] },
    );
    expect(comparisons[0]!.difference).toBeCloseTo(0, 12);
    expect(comparisons[0]!.standardError).toBeLessThan(1e-12);
    expect(comparisons[1]!.interval.low).toBeGreaterThan(0);
  });

  test("the difference of two IPS estimates is one of differences, its interval as well", async () => {
    const data = uniformLog(200);
    const targets = { often: fixedTarget({ b: 0.3, c: 0.7 }), never: fixedTarget({ a: 1 }) };
    const { comparisons } = await compareTargets(data, targets, {
      ...{ seed: 5, resamples: 150, baseline: "never" },
      estimators: ["ips"],
    });
    const [often, never] = Object.values(targets).map((one) => ips(weighLog(data, one)));
    const summands = often!.terms.summands!.map((x, i) => x - never!.terms.summands![i]!);
    const apart = { value: often!.value - never!.value, terms: { summands } };
    const rng = createRng(5); // the third stream split off is that of the draws
    const resampler = createResampler(
      [apart.terms],
      [rng, rng, rng].map((r) => r.split())[2]!,
      150,
    );
    for (let i = 0; i < 150; i++) resampler.draw(i);
    const { low, high } = intervalOf(apart, resampler.values[0]!, 0.95, "bca");
    expect(comparisons[0]!.interval.low).toBeCloseTo(low, 12);
    expect(comparisons[0]!.interval.high).toBeCloseTo(high, 12);
  });

  test("of two targets that are the same none is better", async () => {
    const target = fixedTarget({ b: 0.5, c: 0.5 });
    const { comparisons } = await compareTargets(
      uniformLog(100),
      { one: target, other: target },
      { seed: 1, resamples: 50, baseline: "other", estimators: ["ips", "snips"] },
    );
    expect(comparisons.map((one) => one.probabilityBetter)).toEqual([0.5, 0.5]);
    expect(comparisons.map((one) => one.difference)).toEqual([0, 0]);
  });

  test("refuses a baseline that is none of them", async () => {
    await expect(
      compareTargets(uniformLog(10), { a: uniformTarget() }, { seed: 1, baseline: "b" }),
    ).rejects.toThrow("as baseline one of logging, a were expected, got b");
    await expect(
      compareTargets(uniformLog(10), { logging: uniformTarget() }, { seed: 1 }),
    ).rejects.toThrow("a target of another name than logging");
  });
});

describe("diagnoses", () => {
  const codes = (data: LoggedData, target = uniformTarget()): string[] =>
    diagnoseOverlap(data, weighLog(data, target)).map(({ code }) => code);

  test("arms that were never logged, weights that do not average 1", () => {
    const log = uniformLog(300);
    const data = { ...log, chosen: log.chosen.map((slot) => Math.min(slot, 1)) };
    const warnings = diagnoseOverlap(data, weighLog(data, fixedTarget({ a: 0.5, c: 0.5 })));
    expect(warnings.map(({ code }) => code)).toContain("unlogged-arms");
    expect(warnings.map(({ code }) => code)).toContain("mean-weight");
    expect(warnings.map(({ message }) => message).join("\n")).toContain(
      "never chose c, which the target would choose 50.0 % of the time",
    );
  });

  test("propensities that are not those of the log", () => {
    const log = uniformLog(300);
    expect(codes({ ...log, propensities: log.propensities!.map((p) => p / 4) })).toContain(
      "mean-weight",
    );
    expect(codes(log)).toEqual([]);
  });

  test("one row that carries the weight, few effective rows", () => {
    const log = uniformLog(300);
    const propensities = log.propensities!.map((p, row) => (row === 17 ? 1e-4 : p));
    const found = codes({ ...log, propensities });
    expect(found).toContain("dominant-row");
    expect(found).toContain("few-effective-rows");
  });

  test("no overlap at all; choices that the log gave no probability", () => {
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen: new Array(40).fill("a"),
      rewards: Array.from({ length: 40 }, (_, i) => i / 40),
      propensities: new Array(40).fill(1),
    });
    expect(codes(data, fixedTarget({ b: 1 }))).toContain("no-overlap");
    const logged = { ...data, loggingProbabilities: new Array(40).fill([1, 0]) };
    expect(codes(logged, fixedTarget({ a: 0.9, b: 0.1 }))).toContain("unsupported-choices");
  });

  test("a reward model that the rewards contradict", () => {
    const data = uniformLog(600);
    const off = { predict: (_: number, out: Float64Array) => void out.fill(0.9) };
    const warnings = diagnoseOverlap(data, weighLog(data, fixedTarget({ a: 1 }), off));
    expect(warnings.map(({ code }) => code)).toEqual(["model-bias"]);
    expect(warnings[0]!.message).toContain("gives the target 0.900, the rewards correct that to");
  });

  test("rare rewards, and intervals without width", async () => {
    const chosen = Array.from({ length: 200 }, (_, i) => i % 2);
    const data = createLoggedData({
      arms: ["a", "b"],
      chosen,
      rewards: chosen.map((arm, i) => (arm === 1 && i < 8 ? 1 : 0)),
      propensities: chosen.map(() => 0.5),
    });
    const options = { seed: 1, resamples: 20, estimators: ["replay"] } as const;
    const { warnings } = await evaluateOffPolicy(data, fixedTarget({ a: 1 }), options);
    expect(warnings.map(({ code }) => code)).toEqual(["rare-rewards", "no-spread"]);
    expect(warnings[0]!.message).toContain("Only 4 of 200 rewards differ");
    // Sums of money where most buy nothing: rare as well, though no yes or no.
    const sums = { ...data, rewards: data.rewards.map((r, i) => (r === 1 ? i : 0)) };
    expect(codes(sums)).toEqual(["rare-rewards"]);
    expect(codes({ ...data, rewards: data.rewards.map((_, i) => i) })).toEqual([]);
  });
});
