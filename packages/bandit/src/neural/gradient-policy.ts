import { EdgewrightError, type Rng } from "@edgewright/core";
import type { Evaluation } from "../policy/policy.js";
import {
  diagonalConfidence,
  fullConfidence,
  type GradientConfidence,
} from "./gradient-confidence.js";
import { createMlp } from "./mlp.js";
import { outputIndices } from "./network.js";
import { NeuralLearner } from "./neural-learner.js";
import {
  kernelsFor,
  type NeuralOptions,
  requireWhole,
  resolveNeuralOptions,
} from "./neural-options.js";
import type { NeuralPolicy } from "./neural-policy.js";
import { pretrainLearner } from "./pretrain.js";
import { sketchedConfidence } from "./sketched-confidence.js";

/** What NeuralUCB and neural Thompson sampling have in common. */
export interface GradientPolicyOptions extends NeuralOptions {
  /**
   * What is kept of Z, the sum of outer products of gradients. `"full"`: all of it, in time and memory that grow with
   * the square of the number of parameters. `"sketched"`: all of it for gradients hashed to `sketchSize` numbers.
   * `"diagonal"`: its diagonal, as in the experiments of the papers; it does not see that arms differ which use the
   * same units, and may then never try some of them.
   *
   * @default "full" for at most 256 parameters, else "sketched"
   */
  readonly confidence?: "full" | "sketched" | "diagonal";
  /** Numbers that a gradient is hashed to for `"sketched"`. @default 128 */
  readonly sketchSize?: number;
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
  const count = createMlp(settings.shape).parameterCount;
  const confidence = chooseConfidence(where, options, count, settings.ridge);
  const { kernels, own } = await kernelsFor(options);
  const learner = new NeuralLearner(name, settings, kernels, own);
  const { network } = learner;
  const { mlp } = network;
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

function chooseConfidence(
  where: string,
  options: GradientPolicyOptions,
  count: number,
  ridge: number,
): GradientConfidence {
  const { confidence = count <= 256 ? "full" : "sketched", sketchSize = 128 } = options;
  requireWhole(where, "sketchSize", sketchSize, 1);
  if (confidence === "full") return fullConfidence(count, ridge);
  if (confidence === "diagonal") return diagonalConfidence(count, ridge);
  if (confidence === "sketched") return sketchedConfidence(count, ridge, sketchSize);
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a confidence of "full", "sketched" or "diagonal" was expected, got "${confidence}"`,
  );
}
