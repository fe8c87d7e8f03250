import { probabilitiesOfBest } from "../policy/best-arm-probabilities.js";
import { createGradientPolicy, type GradientPolicyOptions } from "./gradient-policy.js";
import { DEFAULT_RIDGE, requireAtLeastZero } from "./neural-options.js";
import type { NeuralPolicy } from "./neural-policy.js";

/** Options of {@link neuralThompson}. */
export interface NeuralThompsonOptions extends GradientPolicyOptions {
  /** Standard deviation of the sampled reward, in units of sqrt(ridge) widths: of the noise. @default 1 */
  readonly nu?: number;
}

/**
 * Neural Thompson sampling: draws every arm's reward from a normal distribution around the network's estimate f with
 * deviation nu sqrt(ridge g' Z^-1 g), and chooses the arm with the largest (Zhang, Zhou, Li, Gu: Neural Thompson
 * Sampling, ICLR 2021, algorithm 1). The draws of the arms are independent, so the probabilities are worked out by
 * quadrature instead of drawing. Otherwise as {@link neuralUcb}.
 *
 * @throws EdgewrightError `invalid-argument` for options out of range
 *
 * @example
 * ```ts
 * import { createBandit } from "@edgewright/bandit";
 * import { neuralThompson } from "@edgewright/bandit/neural";
 *
 * // Arms without features: an output of the network for each.
 * const policy = await neuralThompson({ contextDimension: 2, heads: 3 });
 * const bandit = createBandit({ policy, arms: ["a", "b", "c"], seed: 1 });
 * const { id, propensity } = bandit.decide([0.2, 0.7]); // propensity 0.33 before anything is known
 * bandit.update(id, 1);
 * policy.dispose();
 * ```
 */
export async function neuralThompson(options: NeuralThompsonOptions): Promise<NeuralPolicy> {
  const { nu = 1, ridge = DEFAULT_RIDGE } = options;
  requireAtLeastZero("neuralThompson", "nu", nu);
  const scale = nu * Math.sqrt(ridge);
  let deviations = new Float64Array(0);
  return createGradientPolicy("neural-thompson", "neuralThompson", options, (out, count) => {
    if (deviations.length < count) deviations = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      deviations[i] = scale * out.widths[i]!;
      out.scores[i] = out.means[i]!;
    }
    probabilitiesOfBest(out.means, deviations, count, out.probabilities);
  });
}
