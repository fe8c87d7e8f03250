import { EdgewrightError, type Interval, normalQuantile, quantiles } from "@edgewright/core";
import { accelerationOf, correctTails } from "./bootstrap.js";
import type { Estimate, EstimatorName } from "./estimate.js";
import { estimateTargets } from "./estimate-targets.js";
import { describeTarget, type OffPolicyEvaluation } from "./evaluate-off-policy.js";
import type { EvaluationOptions } from "./evaluation-options.js";
import type { LoggedData } from "./logged-data.js";
import type { TargetPolicy } from "./target-policy.js";

/** Options of {@link compareTargets}. */
export interface CompareTargetsOptions extends EvaluationOptions {
  /**
   * What the others are compared with: the name of a target, or `"logging"`, the policy that made the log with the
   * mean of its rewards.
   *
   * @default "logging"
   */
  readonly baseline?: string;
}

/** How much more than the baseline a target earns, by one estimator. */
export interface TargetComparison {
  readonly target: string;
  readonly baseline: string;
  readonly estimator: EstimatorName;
  /** The target's estimate less the baseline's. */
  readonly difference: number;
  /** Standard deviation of the difference over resamples. */
  readonly standardError: number;
  /** Resampled with BCa's correction, or by normal approximation where the options ask for that. */
  readonly interval: Interval;
  /** Share of resamples in which the target comes out above, ties by half. */
  readonly probabilityBetter: number;
}

/** What {@link compareTargets} gives. */
export interface TargetsComparison {
  /** Every target's evaluation, by name. */
  readonly evaluations: Readonly<Record<string, OffPolicyEvaluation>>;
  /** Every target but the baseline, by every estimator. */
  readonly comparisons: readonly TargetComparison[];
}

/**
 * Evaluates several targets on one log and compares them by a paired bootstrap: all are resampled with the same rows,
 * so that what they have in common cancels, and differences are known far better than the values.
 *
 * @param targets by name; "logging" is taken
 *
 * @throws EdgewrightError as {@link evaluateOffPolicy}, and for an unknown baseline
 *
 * @example
 * const data = createLoggedData({
 *   arms: ["a", "b"],
 *   chosen: ["a", "b", "a", "b", "b", "a"],
 *   rewards: [0, 1, 0.5, 1, 0.5, 0],
 *   propensities: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
 * });
 * const { comparisons } = await compareTargets(
 *   data,
 *   { always: fixedTarget({ b: 1 }), often: fixedTarget({ a: 0.3, b: 0.7 }) },
 *   { seed: 1, estimators: ["snips"] },
 * );
 * for (const { target, difference, interval } of comparisons) console.log(target, difference, interval);
 */
export async function compareTargets(
  data: LoggedData,
  targets: Readonly<Record<string, TargetPolicy>>,
  options: CompareTargetsOptions,
): Promise<TargetsComparison> {
  const where = "compareTargets";
  const { baseline = "logging" } = options;
  const names = Object.keys(targets);
  if (names.length === 0 || (baseline !== "logging" && !names.includes(baseline))) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: targets and as baseline one of logging, ${names.join(", ")} were expected, got ${baseline}`,
    );
  }
  if (names.includes("logging")) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: a target of another name than logging, the policy that made the log, was expected`,
    );
  }
  const found = await estimateTargets(where, data, Object.values(targets), options, true);
  const logging = { one: found.logging, resampled: found.loggingResampled! };
  const base = names.indexOf(baseline);
  const comparisons: TargetComparison[] = [];
  for (const [t, target] of names.entries()) {
    if (t === base) continue;
    const { estimates, resampled } = found.targets[t]!;
    for (const [e, one] of estimates.entries()) {
      const other =
        base < 0
          ? logging
          : {
              one: found.targets[base]!.estimates[e]!,
              resampled: found.targets[base]!.resampled![e]!,
            };
      comparisons.push({
        target,
        baseline,
        estimator: one.estimator,
        ...compare({ one, resampled: resampled![e]! }, other, options),
      });
    }
  }
  const evaluations = names.map((name, t): [string, OffPolicyEvaluation] => [
    name,
    describeTarget(where, data, found, found.targets[t]!, options),
  ]);
  return { evaluations: Object.fromEntries(evaluations), comparisons };
}

interface Resampled {
  readonly one: Estimate;
  readonly resampled: Float64Array;
}

function compare(
  target: Resampled,
  baseline: Resampled,
  { level = 0.95, interval }: EvaluationOptions,
): Pick<TargetComparison, "difference" | "standardError" | "interval" | "probabilityBetter"> {
  const difference = target.one.value - baseline.one.value;
  const draws = target.resampled.map((value, i) => value - baseline.resampled[i]!);
  const usable = draws.filter(Number.isFinite);
  if (usable.length === 0 || !Number.isFinite(difference)) {
    const unknown = { low: Number.NaN, high: Number.NaN };
    return {
      difference,
      standardError: Number.NaN,
      interval: unknown,
      probabilityBetter: Number.NaN,
    };
  }
  const centre = usable.reduce((sum, one) => sum + one, 0) / usable.length;
  const squares = usable.reduce((sum, one) => sum + (one - centre) ** 2, 0);
  const standardError = Math.sqrt(squares / Math.max(1, usable.length - 1));
  const above = usable.reduce((sum, one) => sum + (one > 0 ? 1 : one === 0 ? 0.5 : 0), 0);
  const tail = (1 - level) / 2;
  const result = { difference, standardError, probabilityBetter: above / usable.length };
  if (interval === "normal") {
    const half = normalQuantile(1 - tail) * standardError;
    return { ...result, interval: { low: difference - half, high: difference + half } };
  }
  const acceleration = accelerationOf([target.one.terms, baseline.one.terms], [1, -1]);
  const corrected =
    interval === "percentile" ? undefined : correctTails(usable, difference, acceleration, tail);
  const [low, high] = quantiles(usable, corrected ?? [tail, 1 - tail]);
  return { ...result, interval: { low: low!, high: high! } };
}
