import { EdgewrightError, quantiles } from "@edgewright/core";
import type { CompletedTask } from "../tasks/completed-task.js";

/** Median and tail of a quantity. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Figures of the requests of one model, or of all. */
export interface RequestMetrics {
  readonly requests: number;
  /** Requests that ran to their end. */
  readonly finished: number;
  /** Requests that ended after their deadline, or did not run to their end. */
  readonly violations: number;
  /** Violations over requests, in [0, 1]. */
  readonly violationRate: number;
  /**
   * Average normalised turnaround time: mean over the finished requests of (finish - arrival) / time alone, at
   * least 1. `NaN` when none finished.
   */
  readonly antt: number;
  /** Of finish - arrival over the finished requests, in seconds. */
  readonly latency: Percentiles;
  /** Of (finish - arrival) / time alone over the finished requests. */
  readonly normalizedTurnaround: Percentiles;
}

/** What {@link scheduleMetrics} finds out. */
export interface ScheduleMetrics extends RequestMetrics {
  /**
   * Requests that finished in a second between the first arrival and the last finish: the STP of Sparse-DySta.
   * `Infinity` when all of it took no time.
   */
  readonly throughput: number;
  /**
   * System throughput of Eyerman and Eeckhout: the sum over the finished requests of their normalised progress, time
   * alone over turnaround; at most their number.
   */
  readonly systemThroughput: number;
  /** Least over largest normalised progress, in (0, 1]: 1 when all are slowed down alike. */
  readonly fairness: number;
  /** Time that accelerators were busy over what they had between the first arrival and the last finish, in [0, 1]; 0 when that is no time. */
  readonly utilization: number;
  /** From the first arrival to the last finish, in seconds. */
  readonly span: number;
  /** The same of every model by itself. */
  readonly models: Readonly<Record<string, RequestMetrics>>;
}

/** Options of {@link scheduleMetrics}. */
export interface ScheduleMetricsOptions {
  /** @default 1 */
  accelerators?: number;
  /**
   * Seconds that the accelerators were busy, all together. @default the sum of all segments where they were kept,
   * otherwise of the time alone of all that finished
   */
  busy?: number;
}

/**
 * What a schedule was worth to its requests and to the system, by the definitions of Eyerman and Eeckhout (IEEE
 * Micro 28(3), 2008) and of Sparse-DySta: of a simulation, or of the live executor. A request that was cancelled,
 * rejected or failed counts as a violation of its deadline; means and percentiles are over those that finished.
 *
 * @example
 * const { completed } = simulate({ policy: fcfs(), models, requests });
 * const { violationRate, antt } = scheduleMetrics(completed);
 */
export function scheduleMetrics(
  completed: readonly CompletedTask[],
  options: ScheduleMetricsOptions = {},
): ScheduleMetrics {
  const { accelerators = 1 } = options;
  if (!(Number.isInteger(accelerators) && accelerators >= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `scheduleMetrics: a whole number of accelerators from 1 was expected, got ${accelerators}`,
    );
  }
  const byModel = new Map<string, CompletedTask[]>();
  let firstArrival = Infinity;
  let lastFinish = -Infinity;
  let systemThroughput = 0;
  let leastProgress = Infinity;
  let mostProgress = 0;
  for (const task of completed) {
    const same = byModel.get(task.model);
    if (same === undefined) byModel.set(task.model, [task]);
    else same.push(task);
    if (task.arrival < firstArrival) firstArrival = task.arrival;
    if (task.outcome !== "finished") continue;
    if (task.finish > lastFinish) lastFinish = task.finish;
    const progress = 1 / normalizedTurnaround(task);
    systemThroughput += progress;
    if (progress < leastProgress) leastProgress = progress;
    if (progress > mostProgress) mostProgress = progress;
  }
  const all = requestMetrics(completed);
  const span = Math.max(0, lastFinish - firstArrival);
  const models = [...byModel].map(([name, tasks]) => [name, requestMetrics(tasks)] as const);
  const { busy = busyTime(completed) } = options;
  return {
    ...all,
    throughput: all.finished === 0 ? 0 : all.finished / span,
    systemThroughput,
    fairness: all.finished === 0 ? Number.NaN : leastProgress / mostProgress,
    utilization: all.finished === 0 || span === 0 ? 0 : busy / (span * accelerators),
    span,
    models: Object.fromEntries(models),
  };
}

function requestMetrics(tasks: readonly CompletedTask[]): RequestMetrics {
  const latencies: number[] = [];
  const turnarounds: number[] = [];
  let violations = 0;
  let sum = 0;
  for (const task of tasks) {
    if (task.outcome !== "finished" || task.finish > task.deadline) violations++;
    if (task.outcome !== "finished") continue;
    const turnaround = normalizedTurnaround(task);
    latencies.push(task.finish - task.arrival);
    turnarounds.push(turnaround);
    sum += turnaround;
  }
  return {
    requests: tasks.length,
    finished: latencies.length,
    violations,
    violationRate: tasks.length === 0 ? 0 : violations / tasks.length,
    antt: sum / latencies.length,
    latency: percentiles(latencies),
    normalizedTurnaround: percentiles(turnarounds),
  };
}

// A task that takes no time has nothing to be slowed down.
function normalizedTurnaround({ finish, arrival, isolated }: CompletedTask): number {
  return isolated > 0 ? (finish - arrival) / isolated : 1;
}

function percentiles(values: readonly number[]): Percentiles {
  if (values.length === 0) return { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN };
  const [p50, p95, p99] = quantiles(values, [0.5, 0.95, 0.99]) as [number, number, number];
  return { p50, p95, p99 };
}

function busyTime(completed: readonly CompletedTask[]): number {
  let busy = 0;
  for (const { segments, outcome, isolated } of completed) {
    if (segments !== undefined) for (const { start, end } of segments) busy += end - start;
    else if (outcome === "finished") busy += isolated;
  }
  return busy;
}
