import { EdgewrightError } from "@edgewright/core";
import { QOE_METRICS, type QoeMetric, type QoeMetrics } from "./qoe-metrics.js";
import type { MetricUtility, UserType } from "./user-types.js";

/**
 * Utility of one metric's value, from 0 to 1: logistic in the logarithm of a latency, an energy or a size, where less
 * is better, `1 / (1 + (value / midpoint) ** slope)`, and logistic in an accuracy, where more is better.
 *
 * @throws EdgewrightError `invalid-argument` unless the value is finite and not below 0
 */
export function metricUtility(metric: QoeMetric, value: number, utility: MetricUtility): number {
  if (!(value >= 0 && value < Infinity)) {
    throw refusal(`metricUtility: ${metric} finite and from 0 was expected, got ${value}`);
  }
  const { midpoint, slope } = utility;
  if (metric === "accuracy") return 1 / (1 + Math.exp(-slope * (value - midpoint)));
  return 1 / (1 + (value / midpoint) ** slope);
}

/**
 * What quality of experience is to a user, as a function of the metrics: the weighted mean of the metrics' utilities
 * (see {@link metricUtility}), from 0 to 1. A metric that is not known is left out, and the others' weights
 * make up for it.
 *
 * Utilities of this form are in the style of Lu, Yang, Chen and Ren, "Automating DNN Model Selection for Edge Inference"
 * (2019), whose own are not public.
 *
 * @example
 * import { qoeUtility, USER_TYPES } from "@edgewright/bandit/qoe";
 *
 * const qoe = qoeUtility(USER_TYPES.impatient);
 * console.log(qoe({ latencyMs: 10, accuracy: 0.72 }) > qoe({ latencyMs: 100, accuracy: 0.78 })); // true
 *
 * @throws EdgewrightError `invalid-argument` for weights, midpoints or slopes that are out of range
 */
export function qoeUtility(user: UserType): (metrics: QoeMetrics) => number {
  checkUser(user, "qoeUtility");
  return (metrics) => {
    let sum = 0;
    let weights = 0;
    for (const metric of QOE_METRICS) {
      const value = metrics[metric];
      const utility = user.utilities[metric];
      if (value === undefined || utility === undefined) continue;
      sum += utility.weight * metricUtility(metric, value, utility);
      weights += utility.weight;
    }
    if (weights > 0) return sum / weights;
    throw refusal(
      `qoeUtility: none of the metrics that matter to user "${user.name}" is known: give one of ${Object.keys(user.utilities).join(", ")}`,
    );
  };
}

/** Refuses a user type whose figures make no sense, naming the function that was called. */
export function checkUser(user: UserType, where: string): void {
  let total = 0;
  for (const [metric, utility] of Object.entries(user.utilities)) {
    const { weight, midpoint, slope } = utility;
    const fine = weight >= 0 && weight < Infinity && midpoint > 0 && slope > 0;
    if (!(fine && midpoint < Infinity && slope < Infinity && isMetric(metric))) {
      throw refusal(
        `${where}: user "${user.name}", ${metric}: a known metric, a weight from 0, a midpoint and a slope above 0, all finite, were expected, got weight ${weight}, midpoint ${midpoint}, slope ${slope}`,
      );
    }
    total += weight;
  }
  if (total > 0) return;
  throw refusal(`${where}: user "${user.name}": a metric with a weight above 0 was expected`);
}

function isMetric(name: string): boolean {
  return (QOE_METRICS as readonly string[]).includes(name);
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}
