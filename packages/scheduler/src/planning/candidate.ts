import type { DeviceMeasurement, Engine, MetricStatistics, ModelVariant } from "@edgewright/core";
import type { SloMetric, SloStatistic } from "./slo.js";

/** One way to run one task: a variant of a model on an engine. */
export interface Candidate {
  readonly task: string;
  readonly variant: ModelVariant;
  readonly engine: Engine;
  /** What the engine occupies: models on one processor take turns. */
  readonly processor: string;
  readonly measurement: DeviceMeasurement;
}

/**
 * A metric of a candidate that runs alone, in the metric's unit; undefined where the profile does not know it. Without a
 * statistic the mean, or else the median; of memory first the greatest.
 */
export function readMetric(
  candidate: Candidate,
  metric: SloMetric,
  statistic?: SloStatistic,
): number | undefined {
  const value = lookUpMetric(candidate, metric, statistic);
  // Profiles that nobody checked may hold NaN, which would spread over all distances.
  return Number.isFinite(value) ? value : undefined;
}

function lookUpMetric(
  candidate: Candidate,
  metric: SloMetric,
  statistic: SloStatistic | undefined,
): number | undefined {
  const { variant, measurement } = candidate;
  switch (metric) {
    case "accuracy":
      return fixed(readAccuracy(variant), statistic);
    case "latency":
      return positive(readStatistic(measurement.latencyMs, statistic));
    case "throughput":
      return readThroughput(measurement, statistic);
    case "memory":
      return statistic === undefined
        ? (measurement.memoryBytes?.max ?? readStatistic(measurement.memoryBytes, statistic))
        : readStatistic(measurement.memoryBytes, statistic);
    case "size":
      return fixed(measurement.modelBytes ?? variant.bytes, statistic);
    case "workload":
      return fixed(variant.macs, statistic);
    case "energy":
      return readStatistic(measurement.energyMj, statistic);
    default:
      return 1; // of several models together; alone it is 1
  }
}

// An error rate counts as the accuracy that it leaves; other figures that shall be small cannot be read as one.
function readAccuracy({ accuracy }: ModelVariant): number | undefined {
  if (!accuracy) return undefined;
  if (accuracy.higherIsBetter !== false) return accuracy.value;
  return accuracy.value >= 0 && accuracy.value <= 1 ? 1 - accuracy.value : undefined;
}

function readThroughput(
  { latencyMs, batch = 1 }: DeviceMeasurement,
  statistic: SloStatistic | undefined,
): number | undefined {
  const of: Partial<Record<SloStatistic, SloStatistic>> = {
    mean: "mean",
    median: "median",
    min: "max",
    max: "min",
  };
  if (statistic !== undefined && !of[statistic]) return undefined;
  const latency = positive(readStatistic(latencyMs, statistic && of[statistic]));
  return latency === undefined ? undefined : (1e3 * batch) / latency;
}

/** The figure that a statistic names; without one the mean, or else the median. */
export function readStatistic(
  statistics: MetricStatistics | undefined,
  statistic: SloStatistic | undefined,
): number | undefined {
  if (!statistics) return undefined;
  if (statistic === undefined) return statistics.mean ?? statistics.median;
  return statistics[statistic === "std" ? "standardDeviation" : statistic];
}

// A figure without a spread.
function fixed(value: number | undefined, statistic: SloStatistic | undefined): number | undefined {
  return statistic === "std" && value !== undefined ? 0 : value;
}

// Tables hold a few times of 0 that were never taken.
function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
