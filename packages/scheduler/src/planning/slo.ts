/**
 * What an objective is about. Of a model: `accuracy`, `latency` (ms), `throughput` (inferences a second), `memory` and
 * `size` (bytes), `workload` (multiply-accumulates), `energy` (mJ), `ntt` (time beside the others over time alone). Of all
 * models together (Eyerman and Eeckhout): `antt` (mean of the ntt), `stp` (sum of 1 / ntt), `fairness` (least over greatest
 * progress, 0 to 1).
 */
export type SloMetric =
  | "accuracy"
  | "latency"
  | "throughput"
  | "memory"
  | "size"
  | "workload"
  | "energy"
  | "ntt"
  | "antt"
  | "stp"
  | "fairness";

/** What of a metric's distribution counts. */
export type SloStatistic = "mean" | "median" | "std" | "min" | "max" | "p90" | "p95" | "p99";

/** An objective: more or less of something is better. */
export interface BroadSlo {
  readonly kind: "broad";
  readonly direction: "max" | "min";
  readonly metric: SloMetric;
  /** @default the mean, or the median where there is no mean; of memory, first the greatest */
  readonly statistic?: SloStatistic;
  /** How much it counts beside the other objectives, above 0. @default 1 */
  readonly weight?: number;
  /**
   * Whose. @default of all tasks: the sum of memory, size, workload and energy, the mean of the others
   */
  readonly task?: string;
}

/** A constraint: a bound that a design has to hold. */
export interface NarrowSlo {
  readonly kind: "narrow";
  readonly metric: SloMetric;
  /** @default the mean, or the median where there is no mean; of memory, first the greatest */
  readonly statistic?: SloStatistic;
  readonly comparison: "<=" | ">=";
  /** In ms, bytes, mJ, inferences a second or multiply-accumulates; accuracy as its source states it, or in percent. */
  readonly bound: number;
  /** Whether the bound of an accuracy is in percent, whatever the scale of the source. @default false */
  readonly percent?: boolean;
  /**
   * Whose. @default of all tasks: the sum of memory, size, workload and energy, and every task's of the others
   */
  readonly task?: string;
}

/** A service-level objective. */
export type Slo = BroadSlo | NarrowSlo;

/** The words of the language for each metric, its own name first. */
export function sloMetricNames(): Record<SloMetric, readonly string[]> {
  return {
    accuracy: ["accuracy", "acc", "quality"],
    latency: ["latency", "delay"],
    throughput: ["throughput", "tp", "rate"],
    memory: ["memory", "mem", "ram", "footprint"],
    size: ["size", "storage"],
    workload: ["workload", "macs", "work"],
    energy: ["energy"],
    ntt: ["ntt"],
    antt: ["antt"],
    stp: ["stp"],
    fairness: ["fairness"],
  };
}

/** The words of the language for each statistic, its own name first. */
export function sloStatisticNames(): Record<SloStatistic, readonly string[]> {
  return {
    mean: ["mean", "avg", "average"],
    median: ["median", "p50"],
    std: ["std", "sd", "stddev"],
    min: ["min"],
    max: ["max"],
    p90: ["p90"],
    p95: ["p95"],
    p99: ["p99"],
  };
}

/**
 * The units in which a metric's bound may be written, each with what it is in the metric's own unit, the greatest first;
 * empty where the bound is a bare number.
 */
export function sloUnits(metric: SloMetric): readonly (readonly [unit: string, scale: number])[] {
  switch (metric) {
    case "latency":
      return [
        ["s", 1e3],
        ["ms", 1],
        ["us", 1e-3],
      ];
    case "memory":
    case "size":
      return [
        ["GB", 1e9],
        ["GiB", 2 ** 30],
        ["MB", 1e6],
        ["MiB", 2 ** 20],
        ["kB", 1e3],
        ["KiB", 2 ** 10],
        ["B", 1],
      ];
    case "energy":
      return [
        ["J", 1e3],
        ["mJ", 1],
        ["uJ", 1e-3],
      ];
    case "throughput":
      return [["fps", 1]];
    case "workload":
      return [
        ["GMACs", 1e9],
        ["MMACs", 1e6],
        ["MACs", 1],
      ];
    default:
      return [];
  }
}
