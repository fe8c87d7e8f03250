import { createRng } from "@edgewright/core";
import { needLambda, needWeights } from "./check-inputs.js";
import { completeEstimate, type Estimate } from "./estimate.js";
import type { WeightedLog } from "./weigh-log.js";

/**
 * Inverse propensity scoring (Horvitz and Thompson, 1952): mean of w r. Unbiased where the logging policy chose
 * everything that the target may choose; its variance grows with the weights.
 */
export function ips(log: WeightedLog): Estimate {
  const weights = needWeights("ips", log);
  return completeEstimate("ips", { summands: multiply(weights, log.rewards) }, weights);
}

/**
 * IPS with weights cut off at `lambda` (Bottou et al., JMLR 2013; Strehl et al., NeurIPS 2010): mean of
 * min(w, lambda) r. Less variance for a bias towards 0.
 *
 * @param lambda from 0; Infinity gives {@link ips}
 */
export function clippedIps(log: WeightedLog, lambda: number): Estimate {
  needLambda("clippedIps", lambda);
  const weights = needWeights("clippedIps", log).map((w) => Math.min(w, lambda));
  return completeEstimate(
    "clipped-ips",
    { summands: multiply(weights, log.rewards) },
    weights,
    lambda,
  );
}

/**
 * Self-normalised IPS (Swaminathan and Joachims, NeurIPS 2015): sum w r / sum w. Never leaves the range of the
 * rewards and does not change with their origin; biased by order 1 / rows.
 */
export function snips(log: WeightedLog): Estimate {
  const weights = needWeights("snips", log);
  return completeEstimate(
    "snips",
    { numerators: multiply(weights, log.rewards), denominators: weights },
    weights,
  );
}

/**
 * Replay (Li, Chu, Langford, Wang: Unbiased Offline Evaluation of Contextual-bandit-based News Article
 * Recommendation Algorithms, WSDM 2011): the mean reward of the rows on which target and log agree. A row is kept
 * with probability w / max w, which for a deterministic target over a uniform log is exactly Li's matching, and makes
 * rejection sampling of it where either is not.
 *
 * @param options.seed of the rejection; not used up where weights are 0 or the largest. @default 0
 */
export function replay(log: WeightedLog, options: { readonly seed?: number } = {}): Estimate {
  const weights = needWeights("replay", log);
  const rng = createRng(options.seed ?? 0);
  const largest = weights.reduce((most, w) => Math.max(most, w), 0);
  const kept = weights.map((w) => {
    if (w === 0) return 0;
    return w >= largest * (1 - 1e-12) || rng.uniform() * largest < w ? 1 : 0;
  });
  return completeEstimate(
    "replay",
    { numerators: multiply(kept, log.rewards), denominators: kept },
    kept,
  );
}

function multiply(weights: Float64Array, rewards: Float64Array): Float64Array {
  return weights.map((w, i) => w * rewards[i]!);
}
