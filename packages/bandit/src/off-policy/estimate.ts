import { mean } from "@edgewright/core";

/** The estimators there are here. */
export type EstimatorName =
  | "ips"
  | "clipped-ips"
  | "snips"
  | "dm"
  | "dr"
  | "sndr"
  | "switch-dr"
  | "dros"
  | "replay";

/**
 * What an estimate is made of, row by row: mean(summands) + sum(numerators) / sum(denominators). Resampling rows
 * resamples these.
 */
export interface EstimateTerms {
  /** [rows] */
  readonly summands?: Float64Array;
  /** [rows] */
  readonly numerators?: Float64Array;
  /** [rows], from 0 */
  readonly denominators?: Float64Array;
}

/** An estimate of what a target policy earns per decision. */
export interface Estimate {
  readonly estimator: EstimatorName;
  /** Estimated mean reward; NaN where nothing in the log speaks for the target. */
  readonly value: number;
  /** Of `value`, from the spread of the rows; by the delta method where the estimate is a ratio. */
  readonly standardError: number;
  /**
   * How many rows of equal weight tell as much: (sum w)^2 / sum w^2 of the weights that the estimator uses (Kish,
   * 1965). All rows for the direct method, the matched ones for replay.
   */
  readonly effectiveSampleSize: number;
  /** The largest weight that the estimator uses; 0 for the direct method. */
  readonly maxWeight: number;
  /** The clipping, switching or shrinking parameter, where the estimator has one. */
  readonly lambda?: number;
  readonly terms: EstimateTerms;
}

/** Value and standard error from terms, with what the weights say. */
export function completeEstimate(
  estimator: EstimatorName,
  terms: EstimateTerms,
  weights: ArrayLike<number> | undefined,
  lambda?: number,
): Estimate {
  const { summands, numerators, denominators } = terms;
  const rows = (summands ?? numerators)!.length;
  const base = summands ? mean(summands) : 0;
  let ratio = 0;
  let scale = 1;
  if (numerators && denominators) {
    scale = mean(denominators);
    ratio = scale > 0 ? mean(numerators) / scale : Number.NaN;
  }
  // Each row's pull on the estimate: for a ratio R its linearisation (b - R c) / mean(c).
  let squares = 0;
  for (let i = 0; i < rows; i++) {
    let pull = summands ? summands[i]! - base : 0;
    if (numerators && denominators) pull += (numerators[i]! - ratio * denominators[i]!) / scale;
    squares += pull * pull;
  }
  const used = weights ? describeWeights(weights) : { effective: rows, largest: 0 };
  return {
    estimator,
    value: base + ratio,
    standardError: rows > 1 ? Math.sqrt(squares / (rows - 1) / rows) : Infinity,
    effectiveSampleSize: used.effective,
    maxWeight: used.largest,
    ...(lambda !== undefined && { lambda }),
    terms,
  };
}

/** (sum w)^2 / sum w^2, the effective sample size of Kish (Survey Sampling, 1965); 0 when all weights are. */
export function effectiveSampleSize(weights: ArrayLike<number>): number {
  return describeWeights(weights).effective;
}

function describeWeights(weights: ArrayLike<number>): { effective: number; largest: number } {
  let largest = 0;
  for (let i = 0; i < weights.length; i++) if (weights[i]! > largest) largest = weights[i]!;
  if (largest === 0) return { effective: 0, largest };
  // In units of the largest: squares of very large or small weights leave the range of doubles.
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]! / largest;
    sum += weight;
    squares += weight * weight;
  }
  return { effective: (sum * sum) / squares, largest };
}
