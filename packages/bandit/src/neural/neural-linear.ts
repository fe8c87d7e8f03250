import { EdgewrightError, ValidationError } from "@edgewright/core";
import { dotProduct } from "../linear/packed-triangle.js";
import { probabilitiesOfBest } from "../policy/best-arm-probabilities.js";
import { estimateShares } from "./draw-shares.js";
import { LastLayerPosterior } from "./last-layer-posterior.js";
import { NeuralLearner } from "./neural-learner.js";
import {
  kernelsFor,
  type NeuralOptions,
  requireAbove,
  resolveNeuralOptions,
} from "./neural-options.js";
import type { NeuralPolicy } from "./neural-policy.js";
import { pretrainLearner } from "./pretrain.js";

/** Options of {@link neuralLinear}. */
export interface NeuralLinearOptions extends NeuralOptions {
  /** Standard deviation of a reward around its mean, which scales how widely is sampled. @default 0.3 */
  readonly noise?: number;
  /**
   * Draws from the posterior by which the probabilities of arms that share one output are estimated; with `heads`
   * they are worked out exactly. @default 100
   */
  readonly draws?: number;
}

/**
 * NeuralLinear: Thompson sampling with a Bayesian linear regression on the last hidden layer of a small network
 * (Riquelme, Tucker, Snoek: Deep Bayesian Bandits Showdown, ICLR 2018). The network is retrained now and then; the
 * regression, renewed after it, says how sure the estimates are.
 *
 * With `heads` every arm has its own output and regression, as in the paper; otherwise all share one. The noise is an
 * option instead of a part of the posterior, and both parts learn from a bounded buffer of the last rewards, so that
 * the time of an update is bounded: `retrainEvery` rewards apart it takes in all `replayCapacity` examples.
 *
 * @throws EdgewrightError `invalid-argument` for options out of range
 *
 * @example
 * ```ts
 * import { createBandit } from "@edgewright/bandit";
 * import { neuralLinear } from "@edgewright/bandit/neural";
 *
 * const policy = await neuralLinear({ contextDimension: 2, heads: 2, hidden: [16] });
 * const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
 * for (let round = 0; round < 300; round++) {
 *   const [x, y] = [Math.sin(round), Math.cos(3 * round)];
 *   const { id, arm } = bandit.decide([x, y]);
 *   bandit.update(id, (arm === "a") === x * y > 0 ? 1 : 0);
 * }
 * console.log(bandit.decide([-0.8, -0.8]).arm, bandit.decide([0.8, -0.8]).arm);
 * policy.dispose();
 * ```
 */
export async function neuralLinear(options: NeuralLinearOptions): Promise<NeuralPolicy> {
  const { noise = 0.3, draws = 100 } = options;
  const name = "neural-linear";
  const settings = resolveNeuralOptions("neuralLinear", options);
  requireAbove("neuralLinear", "noise", noise);
  if (!Number.isSafeInteger(draws) || draws < 1) {
    throw new EdgewrightError(
      "invalid-argument",
      `neuralLinear: a whole number of draws from 1 was expected, got ${draws}`,
    );
  }
  const { kernels, own } = await kernelsFor(options);
  const learner = new NeuralLearner(name, settings, kernels, own);
  const { mlp, weights } = learner.network;
  const width = mlp.features.length;
  const features = new Float64Array(width + 1);
  const posteriors = Array.from(
    { length: settings.shape.outputs },
    () => new LastLayerPosterior(width + 1, settings.ridge),
  );
  const directions: Float64Array[] = [];

  // The last hidden layer and a 1, after a forward pass.
  const readFeatures = (): Float64Array => {
    features.set(mlp.features);
    features[width] = 1;
    return features;
  };
  const rebuild = (): void => {
    posteriors.forEach((posterior, head) => {
      posterior.rebuild((take) => {
        const {
          inputs,
          rewards,
          heads,
          weights: counts,
          count,
          width: inputWidth,
        } = learner.replay;
        for (let row = 0; row < count; row++) {
          if (heads[row] !== head) continue;
          mlp.forward(weights, inputs, row * inputWidth);
          take(readFeatures(), rewards[row]!, counts[row]!);
        }
      });
    });
  };

  return {
    name,
    contextDimension: settings.contextDimension,
    armDimension: settings.armDimension,
    rewards: "real",
    parameterCount: mlp.parameterCount,
    addArm(slot, like) {
      learner.requireHead(slot);
      if (settings.heads === 0 || like === undefined) return;
      learner.network.resetOutput(slot, like);
      posteriors[slot]!.copyFrom(posteriors[like]!);
    },
    removeArm(slot) {
      if (settings.heads === 0) return;
      learner.network.resetOutput(slot);
      learner.replay.removeHead(slot);
      posteriors[slot]!.rebuild(() => {});
    },
    evaluate(choices, rng, out) {
      const count = choices.slots.length;
      while (directions.length < count) directions.push(new Float64Array(width + 1));
      learner.forEachArm(choices, (i, head) => {
        const direction = directions[i]!;
        posteriors[head]!.whiten(readFeatures(), direction);
        for (let k = 0; k <= width; k++) direction[k]! *= noise;
        out.means[i] = posteriors[head]!.mean(features);
        out.widths[i] = Math.sqrt(dotProduct(direction, direction, width + 1));
        out.scores[i] = out.means[i]!;
      });
      if (settings.heads > 0) {
        probabilitiesOfBest(out.means, out.widths, count, out.probabilities);
      } else {
        estimateShares(out.means, directions, count, draws, rng, out.probabilities);
      }
    },
    learn(example, rng) {
      learner.check(example);
      const head = learner.forwardExample(example);
      posteriors[head]!.add(readFeatures(), example.reward, example.weight);
      if (learner.keep(example, rng)) rebuild();
    },
    async pretrain(examples, pretraining = {}) {
      await pretrainLearner(learner, examples, pretraining, () => {});
      rebuild();
    },
    state: () => ({
      ...learner.state(),
      posteriors: posteriors.map((posterior) => posterior.state()),
    }),
    restore(state) {
      const takeLearner = learner.prepare(state);
      const given = (state as { posteriors?: unknown }).posteriors;
      if (!Array.isArray(given) || given.length !== posteriors.length) {
        throw new ValidationError(
          `${name}.restore: ${posteriors.length} posteriors were expected; the snapshot is damaged or of another policy`,
        );
      }
      const take = posteriors.map((posterior, head) =>
        posterior.prepare(given[head], `${name}.restore: posterior ${head}`),
      );
      takeLearner();
      for (const one of take) one();
    },
    dispose: () => learner.dispose(),
    [Symbol.dispose]: () => learner.dispose(),
  };
}
