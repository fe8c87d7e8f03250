import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import { createGradientPolicy, type GradientPolicyOptions } from "./gradient-policy.js";
import { requireAtLeastZero } from "./neural-options.js";
import type { NeuralPolicy } from "./neural-policy.js";

/** Options of {@link neuralUcb}. */
export interface NeuralUcbOptions extends GradientPolicyOptions {
  /** How many widths are added to an estimate, in units of the reward. @default 0.3 */
  readonly gamma?: number;
}

/**
 * NeuralUCB: chooses the arm with the largest f + gamma sqrt(g' Z^-1 g), where f is a small network's estimate, g its
 * gradient over the root of the width of its last hidden layer, and Z = ridge I + the sum of g g' over the chosen arms
 * (Zhou, Li, Gu: Neural Contextual Bandits with UCB-based Exploration, ICML 2020, algorithm 1).
 *
 * Gamma is a constant, as in the paper's experiments. Other than there Z is kept whole, sketched for larger networks,
 * unless told otherwise, and the network is trained on a bounded buffer of the last rewards, a few steps of Adam at a
 * time, so that an update takes bounded time. `widths` of an evaluation are sqrt(g' Z^-1 g): standard errors, as
 * linear models have them, for rewards with a variance of 1. Scale features and rewards to about 1.
 *
 * Loads WebAssembly kernels, hence the promise; {@link NeuralPolicy.dispose} gives their memory back.
 *
 * @throws EdgewrightError `invalid-argument` for options out of range
 *
 * @example
 * ```ts
 * import { createBandit } from "@edgewright/bandit";
 * import { neuralUcb } from "@edgewright/bandit/neural";
 *
 * // One network over features of the device and of the models; arms differ by their features alone.
 * const policy = await neuralUcb({ contextDimension: 1, armDimension: 1, hidden: [16] });
 * const bandit = createBandit({
 *   policy,
 *   arms: new Map([["small", [0]], ["medium", [0.5]], ["large", [1]]]),
 *   seed: 1,
 * });
 * // The best model is as large as the device is fast: no linear policy finds that.
 * for (let round = 0; round < 500; round++) {
 *   const speed = (round * 0.37) % 1;
 *   const { id, arm } = bandit.decide([speed]);
 *   const size = { small: 0, medium: 0.5, large: 1 }[arm]!;
 *   bandit.update(id, 1 - Math.abs(size - speed));
 * }
 * console.log(bandit.decide([0.1]).arm, bandit.decide([0.5]).arm, bandit.decide([0.9]).arm);
 * policy.dispose();
 * ```
 */
export async function neuralUcb(options: NeuralUcbOptions): Promise<NeuralPolicy> {
  const { gamma = 0.3 } = options;
  requireAtLeastZero("neuralUcb", "gamma", gamma);
  return createGradientPolicy("neural-ucb", "neuralUcb", options, (out, count) => {
    for (let i = 0; i < count; i++) out.scores[i] = out.means[i]! + gamma * out.widths[i]!;
    putAllOn(indexOfBest(out.scores, count), out.probabilities, count);
  });
}
