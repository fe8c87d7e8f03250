import { createRng, EdgewrightError } from "@edgewright/core";
import type { LoggedDecision } from "../log/logged-decision.js";
import { createDelayQuantiles } from "./delay-quantiles.js";
import type { ArmSummary, LogSummary } from "./log-summary.js";
import {
  emptyStatistics,
  mergeRewards,
  type RewardStatistics,
  singleReward,
} from "./reward-statistics.js";
import { createWindowSeries } from "./window-series.js";

/** Options of {@link summarizeLog} and {@link createLogSummarizer}. */
export interface SummarizeLogOptions {
  /** What the report calls the log. @default "log" */
  readonly name?: string;
  /** Answered decisions kept for off-policy evaluation, drawn evenly from all. @default 10000 */
  readonly sampleSize?: number;
}

/** Takes in the decisions of a log one after another, in bounded memory. */
export interface LogSummarizer {
  /** Takes in the next decision; one whose numbers are none is left out and counted. */
  add(decision: LoggedDecision): void;
  /**
   * What the log came to so far.
   *
   * @param reading what reading left out, as `readLog` says it
   */
  summary(reading?: {
    readonly skipped: number;
    readonly firstProblem?: string | undefined;
  }): LogSummary;
}

const MOST_ARMS = 1000;
const MOST_POLICIES = 20;
const STEPS = 20;

/**
 * What a log came to.
 *
 * @throws EdgewrightError `invalid-argument` for a sample size that is no whole number from 0
 *
 * @example
 * const lines: string[] = [];
 * const log = (record: LogRecord) => lines.push(formatLogLine(record));
 * const bandit = createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, log });
 * for (let t = 0; t < 10; t++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 1 : 0);
 * }
 * const { rewards } = summarizeLog(readLog(lines).decisions);
 * console.log(rewards.count); // 10
 */
export function summarizeLog(
  decisions: Iterable<LoggedDecision>,
  options: SummarizeLogOptions = {},
): LogSummary {
  const summarizer = createLogSummarizer(options);
  for (const decision of decisions) summarizer.add(decision);
  return summarizer.summary();
}

/**
 * Starts a summary that is told decisions one by one: of logs larger than memory, together with `streamLog`.
 *
 * @throws EdgewrightError `invalid-argument` for a sample size that is no whole number from 0
 */
export function createLogSummarizer(options: SummarizeLogOptions = {}): LogSummarizer {
  const { name = "log", sampleSize = 10_000 } = options;
  if (!(Number.isSafeInteger(sampleSize) && sampleSize >= 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createLogSummarizer: a whole sampleSize from 0 was expected, got ${sampleSize}`,
    );
  }
  const policies = new Set<string>();
  const arms = createArmTable();
  const series = createWindowSeries();
  const delays = createDelayQuantiles();
  const histogram = new Array<number>(STEPS).fill(0);
  const sample: LoggedDecision[] = [];
  const rng = createRng(1);
  const count = { decisions: 0, answered: 0, assumed: 0, expired: 0, asked: 0, judged: 0 };
  const sum = { regret: 0, propensity: 0 };
  const least = { propensity: 1, probability: 1 };
  const times = { first: 0, last: 0, backwards: 0, previous: 0, uneven: 0 };
  let rewards = emptyStatistics();
  let [asks, certain, unusable] = [false, 0, 0];

  function takeTime({ time, rewardTime }: LoggedDecision): void {
    if (count.decisions === 0)
      Object.assign(times, { first: time, last: time, previous: time - 1 });
    if (time !== times.previous + 1) times.uneven++;
    if (time < times.previous) times.backwards++;
    times.previous = time;
    times.first = Math.min(times.first, time);
    times.last = Math.max(times.last, time, rewardTime ?? time);
    if (rewardTime !== undefined) delays.add(rewardTime - time);
  }

  // Every answered decision so far is in the sample with the same probability (Vitter's algorithm R, 1985).
  function takeSample(decision: LoggedDecision): void {
    if (sample.length < sampleSize) sample.push(decision);
    else if (sampleSize > 0) {
      const place = rng.integer(0, count.answered);
      if (place < sampleSize) sample[place] = decision;
    }
  }

  return {
    add(decision) {
      if (!isUsable(decision)) {
        unusable++;
        return;
      }
      const { propensity, probabilities, reward, weight, expected, best } = decision;
      takeTime(decision);
      count.decisions++;
      if (policies.size < MOST_POLICIES) policies.add(decision.policy);
      const leastProbability = probabilities.reduce((a, b) => Math.min(a, b), 1);
      const statistics = reward === undefined ? undefined : singleReward(reward, weight);
      if (statistics) {
        rewards = mergeRewards(rewards, statistics);
        count.answered++;
        if (decision.assumed) count.assumed++;
        takeSample(decision);
      }
      if (decision.expired) count.expired++;
      if (decision.asked !== undefined) asks = true;
      if (decision.asked) count.asked++;
      const achieved = expected ?? reward;
      const regret = best === undefined || achieved === undefined ? undefined : best - achieved;
      if (regret !== undefined) {
        sum.regret += regret;
        count.judged++;
      }
      histogram[Math.min(STEPS - 1, Math.floor(propensity * STEPS))]!++;
      sum.propensity += propensity;
      if (propensity === 1 && probabilities.length > 1) certain++;
      least.propensity = Math.min(least.propensity, propensity);
      least.probability = Math.min(least.probability, leastProbability);
      series.add(decision, arms.add(decision, statistics), statistics, regret, leastProbability);
    },
    summary(reading) {
      const armList = arms.list();
      const { first, last, backwards, uneven } = times;
      return {
        name,
        policies: [...policies],
        decisions: count.decisions,
        rewards,
        assumed: count.assumed,
        expired: count.expired,
        asked: asks ? count.asked : undefined,
        regret: count.judged > 0 ? sum.regret : undefined,
        // Without a clock decisions are numbered one after another; a few may be missing.
        time: { first, last, backwards, clock: uneven > 0.01 * count.decisions },
        windows: series.windows(armList.length),
        arms: armList,
        otherArms: arms.others(),
        propensities: {
          histogram: [...histogram],
          mean: sum.propensity / count.decisions,
          least: least.propensity,
          leastProbability: least.probability,
          certain,
        },
        delay:
          count.answered === 0
            ? undefined
            : { median: delays.quantile(0.5), p90: delays.quantile(0.9), most: delays.most },
        sample: [...sample],
        skipped: reading?.skipped ?? 0,
        firstProblem: reading?.firstProblem,
        unusable,
      };
    },
  };
}

// Logs that were read are checked; decisions from elsewhere need not be.
function isUsable({ propensity, probabilities, reward, weight, time }: LoggedDecision): boolean {
  return (
    propensity > 0 &&
    propensity <= 1 &&
    probabilities.every((probability) => probability >= 0 && probability <= 1) &&
    (reward === undefined || Number.isFinite(reward)) &&
    weight > 0 &&
    Number.isFinite(weight) &&
    Number.isFinite(time)
  );
}

interface ArmTable {
  /** @returns the place of the chosen arm in `list` */
  add(decision: LoggedDecision, reward: RewardStatistics | undefined): number;
  list(): ArmSummary[];
  others(): number;
}

type OpenArm = { -readonly [Field in keyof ArmSummary]: ArmSummary[Field] };

// A log may name arms without end; those after the first 1,000 are one.
function createArmTable(): ArmTable {
  const places = new Map<string, number>();
  const arms: OpenArm[] = [];
  const hidden = new Set<string>();
  const start = (arm: string): number =>
    arms.push({
      arm,
      offered: 0,
      chosen: 0,
      rewards: emptyStatistics(),
      lastMean: Number.NaN,
      lastWidth: Number.NaN,
    }) - 1;
  const placeOf = (arm: string): number => {
    const known = places.get(arm);
    if (known !== undefined) return known;
    if (places.size < MOST_ARMS) {
      const place = start(arm);
      places.set(arm, place);
      return place;
    }
    // Only to say how many they are; beyond 100,000 nobody counts.
    if (hidden.size < 100_000) hidden.add(arm);
    return arms.length > MOST_ARMS ? MOST_ARMS : start("other arms");
  };
  return {
    add(decision, reward) {
      const offered = new Set(decision.arms.map(placeOf));
      for (const place of offered) arms[place]!.offered++;
      const place = placeOf(decision.arm);
      const arm = arms[place]!;
      arm.chosen++;
      if (reward) arm.rewards = mergeRewards(arm.rewards, reward);
      arm.lastMean = decision.mean;
      arm.lastWidth = decision.width;
      return place;
    },
    list: () => arms.map((arm) => ({ ...arm })),
    others: () => hidden.size,
  };
}
