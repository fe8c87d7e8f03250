import type { Interval } from "@edgewright/core";
import { diagnoseOverlap, type OverlapWarning } from "./diagnose-overlap.js";
import { type Estimate, effectiveSampleSize } from "./estimate.js";
import {
  type EstimatedTargets,
  estimateTargets,
  intervalFor,
  type TargetEstimates,
} from "./estimate-targets.js";
import type { EvaluationOptions } from "./evaluation-options.js";
import type { LoggedData } from "./logged-data.js";
import type { TargetPolicy } from "./target-policy.js";

/** One row of an evaluation's table. */
export interface OffPolicyEstimate extends Omit<Estimate, "terms"> {
  /** Undefined where none was asked for, or the kind asked for does not exist for the estimator. */
  readonly interval: Interval | undefined;
}

/** What a log says about one target. */
export interface OffPolicyEvaluation {
  /** One for every estimator. */
  readonly estimates: readonly OffPolicyEstimate[];
  /** What the policy that made the log earned: the mean of its rewards. */
  readonly logging: {
    readonly value: number;
    readonly standardError: number;
    readonly interval: Interval | undefined;
  };
  /** Of the importance weights as they are; absent without propensities. */
  readonly weights?: {
    readonly mean: number;
    readonly max: number;
    readonly effectiveSampleSize: number;
  };
  /** Where the log cannot speak for the target. */
  readonly warnings: readonly OverlapWarning[];
}

/**
 * Estimates from a log what another policy would have earned per decision, by every estimator that the log allows,
 * with intervals and with plain words on where the log cannot tell.
 *
 * Intervals take the reward model and lambda as given. That of the direct method, and those of switch-dr and dros where
 * lambda is small, therefore show how contexts vary, not how wrong the model may be: look at dr beside them.
 *
 * 10,000 rows of 34 arms with 1,000 resamples take about a second; long work pauses for the event loop and ends early
 * by `options.signal`.
 *
 * @throws EdgewrightError `invalid-argument` for options out of range or a target that gives no probabilities,
 * `aborted` by the signal
 *
 * @example
 * const rng = createRng(1);
 * const arms = ["a", "b", "c"];
 * const chosen = Array.from({ length: 500 }, () => rng.integer(0, 3));
 * const data = createLoggedData({
 *   arms,
 *   chosen,
 *   rewards: chosen.map((arm) => (rng.uniform() < [0.2, 0.5, 0.8][arm]! ? 1 : 0)),
 *   propensities: chosen.map(() => 1 / 3),
 * });
 * const { estimates, warnings } = await evaluateOffPolicy(data, fixedTarget({ c: 1 }), { seed: 1 });
 * for (const { estimator, value, interval } of estimates) console.log(estimator, value, interval);
 * for (const { message } of warnings) console.log(message);
 */
export async function evaluateOffPolicy(
  data: LoggedData,
  target: TargetPolicy,
  options: EvaluationOptions,
): Promise<OffPolicyEvaluation> {
  const where = "evaluateOffPolicy";
  const found = await estimateTargets(where, data, [target], options, isResampled(options));
  return describeTarget(where, data, found, found.targets[0]!, options);
}

/** Whether the kind of interval asked for comes from resamples. */
function isResampled({ interval = "bootstrap" }: EvaluationOptions): boolean {
  return interval === "bootstrap" || interval === "percentile";
}

/** One target's part of what {@link estimateTargets} found, with intervals and warnings. */
export function describeTarget(
  where: string,
  data: LoggedData,
  found: EstimatedTargets,
  one: TargetEstimates,
  options: EvaluationOptions,
): OffPolicyEvaluation {
  const { log } = one;
  const { logging } = found;
  // The log itself is a target whose weights are 1.
  const asLogged = { ...log, weightBound: 1 };
  return {
    estimates: one.estimates.map(({ terms, ...rest }, i) => ({
      ...rest,
      interval: intervalFor(where, { terms, ...rest }, one.resampled?.[i], log, options),
    })),
    logging: {
      value: logging.value,
      standardError: logging.standardError,
      interval: intervalFor(where, logging, found.loggingResampled, asLogged, {
        ...options,
        weightBound: 1,
      }),
    },
    ...(log.weights && {
      weights: {
        mean: log.weights.reduce((sum, w) => sum + w, 0) / log.rows,
        max: log.weights.reduce((most, w) => Math.max(most, w), 0),
        effectiveSampleSize: effectiveSampleSize(log.weights),
      },
    }),
    warnings: [
      ...diagnoseOverlap(data, log),
      ...diagnoseModelAlone(one.estimates),
      ...diagnoseSpread(one.estimates),
    ],
  };
}

// A lambda that was chosen may leave no weight at all: a doubly robust name on what is the direct method.
function diagnoseModelAlone(estimates: readonly Estimate[]): OverlapWarning[] {
  const alone = estimates.filter(
    ({ estimator, lambda }) => lambda === 0 && (estimator === "switch-dr" || estimator === "dros"),
  );
  if (alone.length === 0) return [];
  const names = alone.map(({ estimator }) => estimator).join(" and ");
  return [
    {
      code: "model-alone",
      message: `With lambda 0, ${names} use the reward model alone: like the direct method's, the interval leaves out how wrong the model is. Look at dr beside it.`,
    },
  ];
}

function diagnoseSpread(estimates: readonly Estimate[]): OverlapWarning[] {
  const flat = estimates.filter(({ standardError }) => standardError === 0);
  if (flat.length === 0) return [];
  const names = flat.map(({ estimator }) => estimator).join(", ");
  return [
    {
      code: "no-spread",
      message: `Every row that ${names} uses says the same, so the interval has no width: that is too little to go by, not certainty.`,
    },
  ];
}
