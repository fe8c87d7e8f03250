import { EdgewrightError, quantiles } from "@edgewright/core";
import { needWeights } from "./check-inputs.js";
import type { Estimate } from "./estimate.js";
import { shrunkDoublyRobust, switchDoublyRobust } from "./model-based-estimators.js";
import type { WeightedLog } from "./weigh-log.js";
import { clippedIps, ips } from "./weighting-estimators.js";

/** Estimators with a parameter that trades bias for variance. */
export type TunableEstimator = "clipped-ips" | "switch-dr" | "dros";

/** Options of {@link chooseLambda}. */
export interface ChooseLambdaOptions {
  /**
   * How to choose. `"mse"` takes the least estimate of the mean squared error: variance, and the squared distance from
   * the unbiased estimate less what noise adds to it (in the style of the tuning in Su et al., ICML 2020, section 5).
   * `"slope"` takes the least variable estimate that all less biased ones still agree with (Su, Srinath, Krishnamurthy:
   * Adaptive Estimator Selection for Off-Policy Evaluation, ICML 2020, with the test of Tucker and Lee, 2021), within
   * one standard error: with the 95 % that theory asks for, nearly everything agrees on logs of thousands of rows.
   *
   * @default "mse"
   */
  readonly method?: "mse" | "slope";
  /**
   * Values to choose from, each from 0.
   *
   * @default for clipping and switching, quantiles of the weights above 0 and Infinity; their squares for shrinkage,
   * which halves a weight of sqrt(lambda); for the two that have a model, also 0, the model alone
   */
  readonly candidates?: readonly number[];
}

/**
 * Chooses the lambda of {@link clippedIps}, {@link switchDoublyRobust} or {@link shrunkDoublyRobust} from the log
 * itself.
 *
 * @throws EdgewrightError `invalid-argument` when the log has no propensities, or no predictions and needs them
 *
 * @example
 * const data = createLoggedData({
 *   arms: ["a", "b"],
 *   chosen: ["a", "b", "a", "b"],
 *   rewards: [0, 1, 1, 1],
 *   propensities: [0.9, 0.1, 0.9, 0.1],
 * });
 * const weighted = weighLog(data, uniformTarget());
 * console.log(clippedIps(weighted, chooseLambda("clipped-ips", weighted)).value);
 */
export function chooseLambda(
  estimator: TunableEstimator,
  log: WeightedLog,
  options: ChooseLambdaOptions = {},
): number {
  const { method = "mse", candidates = proposeLambdas(estimator, log) } = options;
  if (candidates.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      "chooseLambda: at least one candidate was expected, got none",
    );
  }
  // From the least biased, which has the most variance, on.
  const lambdas = [...new Set(candidates)].sort((a, b) => (a < b ? 1 : -1));
  const estimates = lambdas.map((lambda) => estimateWith(estimator, log, lambda));
  const best =
    method === "slope" ? chooseBySlope(estimates) : chooseByMse(estimator, log, estimates);
  return lambdas[best]!;
}

/** One of the tunable estimators by its name. */
export function estimateWith(
  estimator: TunableEstimator,
  log: WeightedLog,
  lambda: number,
): Estimate {
  if (estimator === "clipped-ips") return clippedIps(log, lambda);
  return estimator === "switch-dr"
    ? switchDoublyRobust(log, lambda)
    : shrunkDoublyRobust(log, lambda);
}

function proposeLambdas(estimator: TunableEstimator, log: WeightedLog): number[] {
  const positive = needWeights("chooseLambda", log).filter((w) => w > 0);
  if (positive.length === 0) return [Infinity];
  const cuts = quantiles(positive, [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]);
  if (estimator === "clipped-ips") return [...cuts, Infinity];
  return [0, ...(estimator === "dros" ? cuts.map((w) => w * w) : cuts), Infinity];
}

function chooseBySlope(estimates: readonly Estimate[]): number {
  // Half widths must not grow along the way, which noise in them could make them do.
  let narrowest = Infinity;
  const halves = estimates.map(({ standardError }) => {
    narrowest = Math.min(narrowest, standardError);
    return narrowest;
  });
  for (let i = 1; i < estimates.length; i++) {
    for (let j = 0; j < i; j++) {
      const apart = Math.abs(estimates[i]!.value - estimates[j]!.value);
      if (!(apart <= halves[i]! + (Math.sqrt(6) - 1) * halves[j]!)) return i - 1;
    }
  }
  return estimates.length - 1;
}

function chooseByMse(
  estimator: TunableEstimator,
  log: WeightedLog,
  estimates: readonly Estimate[],
): number {
  const unbiased = estimator === "clipped-ips" ? ips(log) : switchDoublyRobust(log, Infinity);
  const reference = unbiased.terms.summands!;
  let best = 0;
  let least = Infinity;
  estimates.forEach(({ terms, standardError }, i) => {
    const own = terms.summands!;
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < log.rows; row++) {
      const apart = own[row]! - reference[row]!;
      sum += apart;
      squares += apart * apart;
    }
    const bias = sum / log.rows;
    const noise = (squares / log.rows - bias * bias) / log.rows;
    const error = standardError ** 2 + Math.max(0, bias * bias - noise);
    if (error >= least) return;
    least = error;
    best = i;
  });
  return best;
}
