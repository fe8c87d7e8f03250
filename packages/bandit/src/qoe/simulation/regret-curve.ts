import { mean, meanInterval } from "@edgewright/core";

/** A curve over rounds with a confidence band, ready to be drawn: all arrays have the same length. */
export interface RegretCurve {
  readonly name: string;
  /** Rounds at which the curve is given, rising, from 1. */
  readonly rounds: readonly number[];
  /** Mean over the runs. */
  readonly mean: readonly number[];
  /** Lower end of the confidence interval of the mean (95 %, Student's t); the mean itself for a single run. */
  readonly low: readonly number[];
  /** Upper end. */
  readonly high: readonly number[];
}

/**
 * The mean curve of some runs, with its band.
 *
 * @param runs values of every run, each as long as `rounds`
 */
export function createRegretCurve(
  name: string,
  rounds: readonly number[],
  runs: readonly ArrayLike<number>[],
): RegretCurve {
  const columns = rounds.map((_, i) => runs.map((run) => run[i]!));
  const bands = columns.map(meanWithBand);
  return {
    name,
    rounds,
    mean: bands.map(({ mean }) => mean),
    low: bands.map(({ low }) => low),
    high: bands.map(({ high }) => high),
  };
}

/** A mean and its 95 % confidence interval. */
export interface MeanWithBand {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean with its Student interval; of a single value the interval is that value. */
export function meanWithBand(values: readonly number[]): MeanWithBand {
  const centre = mean(values);
  if (values.length < 2) return { mean: centre, low: centre, high: centre };
  return { mean: centre, ...meanInterval(values) };
}
