import { type Interval, proportionInterval } from "@edgewright/core";

/** Mean and spread of rewards, in a form that adds up. */
export interface RewardStatistics {
  /** Rewards. */
  readonly count: number;
  /** Sum of their weights. */
  readonly weight: number;
  /** Sum of the rewards, each once. */
  readonly total: number;
  /** Sum of the squares of their weights. */
  readonly squaredWeight: number;
  /** Weighted mean; NaN of none. */
  readonly mean: number;
  /** Weighted sum of squared distances from the mean. */
  readonly squares: number;
  readonly least: number;
  readonly most: number;
  /** Whether every reward is 0 or 1. */
  readonly binary: boolean;
}

/** Statistics of no rewards. */
export function emptyStatistics(): RewardStatistics {
  return {
    count: 0,
    weight: 0,
    total: 0,
    squaredWeight: 0,
    mean: Number.NaN,
    squares: 0,
    least: Number.POSITIVE_INFINITY,
    most: Number.NEGATIVE_INFINITY,
    binary: true,
  };
}

/** Statistics of one reward. */
export function singleReward(reward: number, weight: number): RewardStatistics {
  return {
    count: 1,
    weight,
    total: reward,
    squaredWeight: weight * weight,
    mean: reward,
    squares: 0,
    least: reward,
    most: reward,
    binary: reward === 0 || reward === 1,
  };
}

/** Statistics of two lots of rewards together (Chan, Golub and LeVeque, 1979, with weights). */
export function mergeRewards(a: RewardStatistics, b: RewardStatistics): RewardStatistics {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const weight = a.weight + b.weight;
  const apart = b.mean - a.mean;
  return {
    count: a.count + b.count,
    weight,
    total: a.total + b.total,
    squaredWeight: a.squaredWeight + b.squaredWeight,
    mean: a.mean + (apart * b.weight) / weight,
    squares: a.squares + b.squares + (apart * apart * a.weight * b.weight) / weight,
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
    binary: a.binary && b.binary,
  };
}

/**
 * 95 % confidence interval of the mean: Wilson's score interval of rewards that are 0 or 1, else Student's t, with
 * Kish's effective number of rewards where weights differ, and no more than they weigh: ratings of several decisions
 * together count as one. None of fewer than 3 rewards that are not 0 or 1.
 */
export function rewardInterval(statistics: RewardStatistics): Interval | undefined {
  const { count, weight, squaredWeight, mean, squares, binary } = statistics;
  if (count === 0) return undefined;
  const effective = Math.min(weight, (weight * weight) / squaredWeight);
  if (binary) return proportionInterval(Math.min(mean * effective, effective), effective);
  if (count < 3 || effective < 3) return undefined;
  const deviation = Math.sqrt((squares / weight) * (effective / (effective - 1)));
  const half = (studentFactor(effective - 1) * deviation) / Math.sqrt(effective);
  return { low: mean - half, high: mean + half };
}

// The 97.5 % quantile of Student's distribution, within 1 % from 2 degrees of freedom on (Abramowitz and Stegun 26.7.5).
function studentFactor(degrees: number): number {
  const z = 1.959963984540054;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ];
  return terms.reduce((sum, term, k) => sum + term / degrees ** (k + 1), z);
}
