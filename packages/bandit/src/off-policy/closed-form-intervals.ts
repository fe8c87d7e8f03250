import { EdgewrightError, type Interval, mean, normalQuantile, variance } from "@edgewright/core";
import { checkLevel } from "./bootstrap.js";
import type { Estimate } from "./estimate.js";

/**
 * Confidence interval by normal approximation: value -+ z standardError. Too narrow where few rows carry the weight or
 * the reward.
 *
 * @param level probability between 0 and 1. @default 0.95
 */
export function normalInterval(
  estimate: Pick<Estimate, "value" | "standardError">,
  level = 0.95,
): Interval {
  const z = normalQuantile((1 + checkLevel("normalInterval", level)) / 2);
  const half = z * estimate.standardError;
  return { low: estimate.value - half, high: estimate.value + half };
}

/** Options of {@link empiricalBernsteinInterval}. */
export interface EmpiricalBernsteinOptions {
  /** The least that a value can be, known beforehand rather than seen. */
  readonly low: number;
  /** The most that a value can be, known beforehand rather than seen. */
  readonly high: number;
  /** Probability, between 0 and 1, with which the interval holds the mean at least. @default 0.95 */
  readonly level?: number;
}

/**
 * Confidence interval of the mean of independent values within a known range, which holds for any number of them
 * (Maurer and Pontil: Empirical Bernstein Bounds and Sample Variance Penalization, COLT 2009, theorem 4, on both
 * sides): mean -+ (sqrt(2 V ln(4/delta) / n) + 7 (high - low) ln(4/delta) / (3 (n - 1))), cut to the range.
 *
 * For an IPS estimate the values are its summands w r and the range is that of the rewards times the largest weight
 * that could have come, not the largest that came.
 *
 * @throws EdgewrightError `invalid-argument` when a value lies outside the range
 *
 * @example
 * const { low, high } = empiricalBernsteinInterval([0, 1, 1, 0, 1, 1, 1, 0, 1, 1], { low: 0, high: 1 });
 * console.log(low, high); // 0 1: ten values are few
 */
export function empiricalBernsteinInterval(
  values: ArrayLike<number>,
  options: EmpiricalBernsteinOptions,
): Interval {
  const { low, high, level = 0.95 } = options;
  const range = high - low;
  if (!(range >= 0 && range < Infinity)) {
    throw refusal(`a finite range low <= high was expected, got ${low} to ${high}`);
  }
  const n = values.length;
  const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
  for (let i = 0; i < n; i++) {
    if (values[i]! >= low - slack && values[i]! <= high + slack) continue;
    throw refusal(`value ${i}: one from ${low} to ${high} was expected, got ${values[i]}`);
  }
  const delta = 1 - checkLevel("empiricalBernsteinInterval", level);
  if (n < 2) return { low, high };
  const logTerm = Math.log(4 / delta);
  const half =
    Math.sqrt((2 * variance(values) * logTerm) / n) + (7 * range * logTerm) / (3 * (n - 1));
  const centre = mean(values);
  return { low: Math.max(low, centre - half), high: Math.min(high, centre + half) };
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `empiricalBernsteinInterval: ${message}`);
}
