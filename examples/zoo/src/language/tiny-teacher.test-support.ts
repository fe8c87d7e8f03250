import { createLanguageModel } from "@edgewright/autograd/language";
import { createRng } from "@edgewright/core";
import type { DecoderConfig, DecoderWeights } from "@edgewright/core/model-files";
import type { LanguageRecipe, TrainingPhase } from "./language-recipes.js";

/** A teacher of 11 tokens that computes in a millisecond. */
export const TINY: DecoderConfig = {
  ...{ architecture: "llama", dim: 8, hiddenDim: 12, layers: 2, heads: 2, kvHeads: 1, headDim: 4 },
  ...{ vocabSize: 11, contextLength: 12, normEpsilon: 1e-5, ropeBase: 10_000 },
  ...{ ropePairing: "interleaved", activation: "silu", subNorms: false, int8Activations: false },
};

/** Weights of a tiny teacher whose opinions are firm enough to be learnt. */
export function tinyTeacher(): DecoderWeights {
  const model = createLanguageModel({ config: TINY, rng: createRng(5) });
  const { embedding } = model.parameters;
  embedding.write(embedding.read().map((value) => 12 * value));
  return model.toWeights();
}

/** Phases of a few steps for a tiny student. */
export function tinyRecipe(phases: readonly Partial<TrainingPhase>[]): LanguageRecipe {
  return {
    ...{ name: "tiny", description: "a trial", seed: 3, storySeeds: [1], storyTokens: 400 },
    config: { ...TINY, dim: 12, hiddenDim: 16, headDim: 6 },
    adamShare: 0.2,
    phases: phases.map((phase, i) => ({
      ...{ name: `phase ${i}`, steps: 6, length: 8, batch: 4, learningRate: [0.02, 0.01] },
      ...{ warmUp: 2, hiddenWeight: 1 },
      ...phase,
    })),
    target: 0,
  };
}
