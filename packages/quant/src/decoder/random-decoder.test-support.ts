import { createLanguageModel } from "@edgewright/autograd/language";
import { createRng } from "@edgewright/core";
import type { DecoderConfig, DecoderWeights } from "@edgewright/core/model-files";

/** A model small enough for a test, with two blocks and grouped queries. */
export const smallConfig: DecoderConfig = {
  architecture: "llama",
  dim: 32,
  hiddenDim: 40,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  vocabSize: 48,
  contextLength: 32,
  normEpsilon: 1e-5,
  ropeBase: 1e4,
  ropePairing: "interleaved",
  activation: "silu",
  subNorms: false,
  int8Activations: false,
};

/** A model of random weights. */
export function randomDecoder(seed = 1, config: DecoderConfig = smallConfig): DecoderWeights {
  return createLanguageModel({ config, rng: createRng(seed) }).toWeights();
}

/** Texts of random tokens. */
export function randomTexts(count: number, length: number, seed = 1): number[][] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length }, () => rng.integer(0, smallConfig.vocabSize)),
  );
}
