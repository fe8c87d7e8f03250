import { EdgewrightError, type Interval } from "@edgewright/core";
import { compareTargets } from "../off-policy/compare-targets.js";
import type { EstimatorName } from "../off-policy/estimate.js";
import type { OffPolicyEstimate } from "../off-policy/evaluate-off-policy.js";
import type { EvaluationProgress } from "../off-policy/evaluation-options.js";
import type { LoggedData } from "../off-policy/logged-data.js";
import { loggedDataFromLog } from "../off-policy/logged-data-from-log.js";
import { type TargetPolicy, uniformTarget } from "../off-policy/target-policy.js";
import type { LogSummary } from "./log-summary.js";

/** Options of {@link estimateLogTargets}. */
export interface EstimateLogTargetsOptions {
  /** Seed of what is drawn at random: a whole number from 0. @default 1 */
  readonly seed?: number;
  /**
   * What to evaluate: `"uniform"`, `"logging"`, or arms that are always chosen. An arm of the name `uniform` or
   * `logging` can be had as `"arm:uniform"`.
   *
   * @default uniform, logging, and the six arms that were chosen most
   */
  readonly targets?: readonly string[];
  /** @default ips, snips, dm, dr, sndr */
  readonly estimators?: readonly EstimatorName[];
  /** Resamples of the intervals. @default 1000 */
  readonly resamples?: number;
  /** Stops the work. */
  readonly signal?: AbortSignal;
  /** Told of progress. */
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

/** What other policies would have earned, as far as a log can tell. */
export interface LogEstimates {
  /** Answered decisions that the estimates are made from. */
  readonly rows: number;
  readonly targets: readonly LogTargetEstimates[];
}

/** What one target would have earned. */
export interface LogTargetEstimates {
  readonly name: string;
  readonly estimates: readonly (Pick<
    OffPolicyEstimate,
    "value" | "interval" | "effectiveSampleSize"
  > & {
    readonly estimator: EstimatorName | "mean";
  })[];
  /** Where the log cannot speak for the target, in sentences. */
  readonly warnings: readonly string[];
}

const MOST_ARMS = 6;

/**
 * Estimates what a few plain policies would have earned: all arms alike, each of the arms chosen most, and, to
 * compare with, the policy that ran. From the sample that the summary holds.
 *
 * @returns undefined where no decision has a reward, or rewards are too large to compute with
 * @throws EdgewrightError `invalid-argument` for a target that is neither an arm nor one of the names
 * @throws AbortError when the signal fires
 *
 * @example
 * const lines: string[] = [];
 * const log = (record: LogRecord) => lines.push(formatLogLine(record));
 * const bandit = createBandit({ policy: epsilonGreedy({ epsilon: 0.5 }), arms: ["a", "b"], seed: 1, log });
 * for (let t = 0; t < 200; t++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 1 : 0);
 * }
 * const summary = summarizeLog(readLog(lines).decisions);
 * const estimates = await estimateLogTargets(summary);
 * const page = renderBanditReport({ ...summary, estimates });
 * console.log(page.includes("always b")); // true
 */
export async function estimateLogTargets(
  summary: LogSummary,
  options: EstimateLogTargetsOptions = {},
): Promise<LogEstimates | undefined> {
  const { seed = 1, targets = chooseTargets(summary), signal, onProgress } = options;
  const { estimators = ["ips", "snips", "dm", "dr", "sndr"], resamples = 1000 } = options;
  const known = new Set(summary.arms.map(({ arm }) => arm));
  const policies = targets.map((target) => resolveTarget(target, known));
  if (!isComputable(summary)) return undefined;
  const data = loggedDataFromLog(summary.sample);
  // Names of outside data, which an object's own fields must not meet.
  const named = Object.fromEntries(
    policies.map(({ policy }, i) => [`t${i}`, policy?.(data) ?? uniformTarget()]),
  );
  const { evaluations } = await compareTargets(data, named, {
    seed,
    estimators,
    resamples,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return {
    rows: data.rows,
    targets: policies.map(({ name, policy }, i) => {
      const { estimates, warnings, logging } = evaluations[`t${i}`]!;
      if (!policy) return { name, estimates: [describeLogging(logging, data.rows)], warnings: [] };
      return {
        name,
        estimates: estimates.map(({ estimator, value, interval, effectiveSampleSize }) => ({
          estimator,
          value,
          interval,
          effectiveSampleSize,
        })),
        warnings: warnings.map(({ message }) => message),
      };
    }),
  };
}

interface NamedTarget {
  readonly name: string;
  /** Undefined: the policy that ran, whose mean the log has. */
  readonly policy: ((data: LoggedData) => TargetPolicy) | undefined;
}

function chooseTargets({ arms }: LogSummary): string[] {
  const ranked = arms
    .filter(({ arm, chosen }) => chosen > 0 && arm !== "other arms")
    .sort((a, b) => b.chosen - a.chosen);
  return ["logging", "uniform", ...ranked.slice(0, MOST_ARMS).map(({ arm }) => `arm:${arm}`)];
}

function resolveTarget(target: string, arms: ReadonlySet<string>): NamedTarget {
  if (target === "logging") return { name: "the log's own policy", policy: undefined };
  if (target === "uniform") return { name: "all arms alike", policy: () => uniformTarget() };
  const arm = target.startsWith("arm:") && !arms.has(target) ? target.slice(4) : target;
  if (arms.has(arm)) return { name: `always ${arm}`, policy: (data) => alwaysTarget(arm, data) };
  const some = [...arms].slice(0, 10).join(", ");
  throw new EdgewrightError(
    "invalid-argument",
    `estimateLogTargets: uniform, logging or an arm was expected, got "${target}"; the arms are ${some}${arms.size > 10 ? " ..." : ""}`,
  );
}

// Where the arm is not on offer, what the log did.
function alwaysTarget(arm: string, { loggingProbabilities }: LoggedData): TargetPolicy {
  return ({ arms, index }) => {
    const place = arms.indexOf(arm);
    if (place < 0) return loggingProbabilities![index]!;
    const probabilities = new Float64Array(arms.length);
    probabilities[place] = 1;
    return probabilities;
  };
}

function describeLogging(
  { value, interval }: { readonly value: number; readonly interval: Interval | undefined },
  rows: number,
): LogTargetEstimates["estimates"][number] {
  return { estimator: "mean", value, interval, effectiveSampleSize: rows };
}

// Squares of what is larger have no end.
function isComputable({ sample, rewards }: LogSummary): boolean {
  return sample.length > 0 && Math.max(Math.abs(rewards.least), Math.abs(rewards.most)) < 1e100;
}
