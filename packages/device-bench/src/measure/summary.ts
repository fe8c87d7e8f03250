import { mean, median, medianAbsoluteDeviation, medianInterval, quantile } from "@edgewright/core";

/** What one clock said about one candidate; times are milliseconds for one run. */
export interface TimeSummary {
  readonly median: number;
  readonly mean: number;
  readonly p95: number;
  readonly min: number;
  readonly max: number;
  /** 95 % confidence interval of the median, by order statistics. */
  readonly interval: { readonly low: number; readonly high: number };
  /** Noise: the median absolute deviation over the median, scaled to be a relative standard deviation on normal data. */
  readonly noise: number;
  /** Every sample in the order taken. */
  readonly samples: readonly number[];
}

const MAD_TO_SD = 1.4826;

/** Summarises samples of milliseconds per run. */
export function summariseTimes(samples: readonly number[]): TimeSummary {
  const middle = median(samples);
  let min = Infinity;
  let max = -Infinity;
  for (const sample of samples) {
    min = Math.min(min, sample);
    max = Math.max(max, sample);
  }
  return {
    median: middle,
    mean: mean(samples),
    p95: quantile(samples, 0.95),
    min,
    max,
    interval: medianInterval(samples),
    noise: middle > 0 ? (MAD_TO_SD * medianAbsoluteDeviation(samples)) / middle : 0,
    samples,
  };
}

/** Half the width of the median's confidence interval over the median; infinite for a zero median. */
export function relativePrecision(summary: TimeSummary): number {
  const { low, high } = summary.interval;
  return summary.median > 0 ? (high - low) / 2 / summary.median : Infinity;
}
