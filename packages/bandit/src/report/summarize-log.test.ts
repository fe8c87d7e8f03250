import { quantile, standardDeviation } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loggedDecision, randomLog } from "./logged-decisions.test-support.js";
import {
  emptyStatistics,
  mergeRewards,
  rewardInterval,
  singleReward,
} from "./reward-statistics.js";
import { createLogSummarizer, summarizeLog } from "./summarize-log.js";
import { joinWindows } from "./window-series.js";

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe("summarizeLog", () => {
  // More decisions than windows, so that windows were joined twice.
  const log = randomLog(1500, 4);
  const summary = summarizeLog(log, { name: "test" });
  const rewards = log.flatMap(({ reward }) => reward ?? []);

  it("has the figures that counting over the whole log gives", () => {
    expect(summary.decisions).toBe(1500);
    expect(summary.rewards.count).toBe(rewards.length);
    expect(summary.rewards.mean).toBeCloseTo(sum(rewards) / rewards.length, 12);
    expect(summary.asked).toBe(log.filter(({ asked }) => asked).length);
    expect(summary.expired).toBe(log.filter(({ expired }) => expired).length);
    const regrets = log.flatMap(({ best, expected }) =>
      best === undefined ? [] : best - expected!,
    );
    expect(summary.regret).toBeCloseTo(sum(regrets), 9);
    expect(summary.time).toMatchObject({ first: log[0]!.time, clock: true, backwards: 0 });
    for (const { arm, chosen, offered, rewards, lastWidth } of summary.arms) {
      const own = log.filter((decision) => decision.arm === arm);
      const earned = own.flatMap(({ reward }) => reward ?? []);
      expect([chosen, offered, rewards.count]).toEqual([own.length, 1500, earned.length]);
      expect(rewards.mean).toBeCloseTo(sum(earned) / earned.length, 12);
      expect(lastWidth).toBe(own.at(-1)!.width);
    }
  });

  it("has windows that are the log's stretches, however they were joined", () => {
    for (const windows of [summary.windows, joinWindows(summary.windows, 7)]) {
      expect(windows[0]!.from).toBe(0);
      expect(windows.at(-1)!.to).toBe(1500);
      windows.forEach((window, i) => {
        if (i > 0) expect(window.from).toBe(windows[i - 1]!.to);
        const own = log.slice(window.from, window.to);
        const earned = own.flatMap(({ reward }) => reward ?? []);
        expect(window.rewards.count).toBe(earned.length);
        if (earned.length > 0) {
          expect(window.rewards.mean).toBeCloseTo(sum(earned) / earned.length, 12);
        }
        expect(window.asked).toBe(own.filter(({ asked }) => asked).length);
        expect(window.meanPropensity).toBeCloseTo(
          sum(own.map(({ propensity }) => propensity)) / own.length,
          12,
        );
        expect(window.leastPropensity).toBe(Math.min(...own.map((one) => one.propensity)));
        expect(window.chosen).toEqual(
          summary.arms.map(({ arm }) => own.filter((one) => one.arm === arm).length),
        );
      });
    }
  });

  it("knows delays within 2 %, and probabilities by twentieths", () => {
    const delays = log.flatMap(({ time, rewardTime }) =>
      rewardTime === undefined ? [] : rewardTime - time,
    );
    expect(summary.delay!.most).toBe(Math.max(...delays));
    for (const [value, p] of [
      [summary.delay!.median, 0.5],
      [summary.delay!.p90, 0.9],
    ] as const) {
      // The sample's own quantiles lie a little apart.
      expect(Math.abs(value / quantile(delays, p) - 1)).toBeLessThan(0.03);
    }
    expect(sum(summary.propensities.histogram)).toBe(1500);
    expect(summary.propensities.histogram[10]).toBe(
      log.filter(({ chosen }) => chosen === 2).length,
    );
    expect(summary.propensities).toMatchObject({ least: 0.2, leastProbability: 0.2, certain: 0 });
  });

  it("draws its sample evenly from the answered decisions, and keeps to its size", () => {
    const { sample } = summarizeLog(log, { sampleSize: 200 });
    expect(sample).toHaveLength(200);
    expect(sample.every(({ reward }) => reward !== undefined)).toBe(true);
    expect(new Set(sample).size).toBe(200);
    // Of the first and the second half about as many: 100 and 6 times the standard deviation of 7.
    const early = sample.filter(({ id }) => Number(id.slice(1)) < 750).length;
    expect(Math.abs(early - 100)).toBeLessThan(42);
    expect(summarizeLog(log, { sampleSize: 0 }).sample).toEqual([]);
    expect(() => summarizeLog([], { sampleSize: 0.5 })).toThrow("a whole sampleSize from 0");
  });

  it("stays small over logs without end", () => {
    const summarizer = createLogSummarizer({ sampleSize: 50 });
    const decision = loggedDecision({ reward: 1, rewardTime: 3 });
    for (let i = 0; i < 100_000; i++) {
      summarizer.add({ ...decision, time: i, arm: `arm ${i % 3000}`, arms: [`arm ${i % 3000}`] });
    }
    const { windows, arms, otherArms, decisions } = summarizer.summary();
    expect(decisions).toBe(100_000);
    expect(windows.length).toBeLessThanOrEqual(512);
    expect(arms).toHaveLength(1001);
    expect(otherArms).toBe(2000);
    expect(sum(arms.map(({ chosen }) => chosen))).toBe(100_000);
  });

  it("takes times that count decisions for no clock", () => {
    const log = Array.from({ length: 50 }, (_, i) => loggedDecision({ time: i }));
    expect(summarizeLog(log).time.clock).toBe(false);
  });

  it("leaves out what is no number, and says how much", () => {
    const { unusable, decisions } = summarizeLog([
      loggedDecision(),
      loggedDecision({ reward: Number.NaN }),
      loggedDecision({ propensity: 0 }),
      loggedDecision({ probabilities: [Number.NaN, 0.5] }),
      loggedDecision({ weight: Infinity }),
      loggedDecision({ time: Number.NaN }),
    ]);
    expect([unusable, decisions]).toEqual([5, 1]);
  });
});

describe("statistics of rewards", () => {
  const gather = (values: readonly number[], weight = 1) =>
    values.map((value) => singleReward(value, weight)).reduce(mergeRewards, emptyStatistics());

  it("are the same however they were put together", () => {
    const reward = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.array(reward), fc.array(reward), (a, b) => {
        const apart = mergeRewards(gather(a), gather(b));
        const whole = gather([...a, ...b]);
        expect(apart.count).toBe(whole.count);
        if (whole.count === 0) return;
        expect(apart.mean).toBeCloseTo(whole.mean, 9);
        expect(apart.squares).toBeCloseTo(whole.squares, 6);
      }),
      { seed: 6, numRuns: 100 },
    );
  });

  it("give Student's interval of rewards of any size", () => {
    const values = [0.4, 1.5, 2.2, 3.1, 0.7, 1.9, 2.4, 1.1];
    const interval = rewardInterval(gather(values))!;
    // t for 7 degrees of freedom, from tables.
    const half = (2.3646 * standardDeviation(values)) / Math.sqrt(8);
    expect((interval.high - interval.low) / 2).toBeCloseTo(half, 3);
    expect((interval.high + interval.low) / 2).toBeCloseTo(sum(values) / 8, 12);
    expect(rewardInterval(gather([0.4, 1.5]))).toBeUndefined();
    expect(rewardInterval(emptyStatistics())).toBeUndefined();
  });

  it("give Wilson's interval of thumbs", () => {
    // 7 of 10: 0.3968 to 0.8922 (Newcombe, Statistics in Medicine 1998, method 3).
    const interval = rewardInterval(gather([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]))!;
    expect(interval.low).toBeCloseTo(0.3968, 4);
    expect(interval.high).toBeCloseTo(0.8922, 4);
  });

  it("do not count a weight as so many rewards when all weigh the same", () => {
    const values = [0.4, 1.5, 2.2, 3.1];
    const [once, fivefold] = [rewardInterval(gather(values))!, rewardInterval(gather(values, 5))!];
    expect(fivefold.low).toBeCloseTo(once.low, 12);
    expect(fivefold.high).toBeCloseTo(once.high, 12);
    // A fifth each: ratings of five decisions together are one.
    const together = rewardInterval(
      gather(
        values.flatMap((value) => new Array(5).fill(value)),
        1 / 5,
      ),
    )!;
    expect(together.high - together.low).toBeGreaterThan(0.8 * (once.high - once.low));
  });
});
