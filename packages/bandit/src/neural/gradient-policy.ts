import type { Rng } from "@edgewright/core";
import type { Evaluation } from "../policy/policy.js";
import { diagonalConfidence, fullConfidence } from "./gradient-confidence.js";
import { outputIndices } from "./network.js";
import { NeuralLearner } from "./neural-learner.js";
import { kernelsFor, type NeuralOptions, resolveNeuralOptions } from "./neural-options.js";
import type { NeuralPolicy } from "./neural-policy.js";
import { pretrainLearner } from "./pretrain.js";

/** What NeuralUCB and neural Thompson sampling have in common. */
export interface GradientPolicyOptions extends NeuralOptions {
  /**
   * What is kept of Z, the sum of outer products of gradients: its diagonal, or all of it, which is narrower in
   * directions that parameters share and costs the square of their number in time and memory.
   *
   * @default "diagonal"
   */
  readonly confidence?: "diagonal" | "full";
}

/** Fills scores and probabilities from the means and widths of the first `count` arms. */
type Rank = (out: Evaluation, count: number, rng: Rng) => void;

/** A policy whose widths come from gradients of the network: sqrt(g' Z^-1 g) with g = grad f / sqrt(width). */
export async function createGradientPolicy(
  name: string,
  where: string,
  options: GradientPolicyOptions,
  rank: Rank,
): Promise<NeuralPolicy> {
  const settings = resolveNeuralOptions(where, options);
  const { kernels, own } = await kernelsFor(options);
  const learner = new NeuralLearner(name, settings, kernels, own);
  const { network } = learner;
  const { mlp } = network;
  const count = mlp.parameterCount;
  const makeConfidence = options.confidence === "full" ? fullConfidence : diagonalConfidence;
  const confidence = makeConfidence(count, settings.ridge);
  const width = settings.shape.hidden.at(-1)!;
  const narrow = 1 / Math.sqrt(width);
  const gradient = new Float64Array(count);

  return {
    name,
    contextDimension: settings.contextDimension,
    armDimension: settings.armDimension,
    rewards: "real",
    parameterCount: count,
    addArm(slot, like) {
      learner.requireHead(slot);
      if (settings.heads === 0 || like === undefined) return;
      network.resetOutput(slot, like);
      confidence.copy(outputIndices(mlp, like), outputIndices(mlp, slot));
    },
    removeArm(slot) {
      if (settings.heads === 0) return;
      network.resetOutput(slot);
      confidence.reset(outputIndices(mlp, slot));
      learner.replay.removeHead(slot);
    },
    evaluate(choices, rng, out) {
      learner.forEachArm(choices, (i, head) => {
        mlp.gradient(network.weights, head, gradient);
        out.means[i] = mlp.outputs[head]!;
        out.widths[i] = narrow * confidence.width(gradient);
      });
      rank(out, choices.slots.length, rng);
    },
    learn(example, rng) {
      learner.check(example);
      const head = learner.forwardExample(example);
      mlp.gradient(network.weights, head, gradient);
      confidence.add(gradient, example.weight / width);
      learner.keep(example, rng);
    },
    pretrain: (examples, pretraining = {}) =>
      pretrainLearner(learner, examples, pretraining, (example, trust) => {
        const { context, armFeatures, head, reward, weight } = example;
        learner.forwardExample({ slot: head, context, armFeatures, reward, weight, propensity: 1 });
        mlp.gradient(network.weights, head, gradient);
        confidence.add(gradient, (trust * weight) / width);
      }),
    state: () => ({ ...learner.state(), confidence: confidence.state() }),
    restore(state) {
      const takeConfidence = confidence.prepare(
        (state as { confidence?: unknown } | null)?.confidence,
        `${name}.restore: confidence`,
      );
      const takeLearner = learner.prepare(state);
      takeLearner();
      takeConfidence();
    },
    dispose: () => learner.dispose(),
    [Symbol.dispose]: () => learner.dispose(),
  };
}
