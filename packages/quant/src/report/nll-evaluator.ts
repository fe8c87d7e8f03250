import {
  createLanguageModel,
  type EvaluateNllOptions,
  evaluateNll,
} from "@edgewright/autograd/language";
import type { DecoderWeights } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";

/**
 * Makes the measure of models that {@link reportQuantization} takes: the mean negative log-likelihood a token of
 * some texts, by the forward pass of `@edgewright/autograd/language` in 32-bit floats. Nested and binary-coded
 * weights count at full width; see {@link decoderAtWidth} for others.
 *
 * @param kernels loaded by `loadTrainingKernels`
 * @param texts token ids, each beginning as the model was trained to begin
 */
export function createNllEvaluator(
  kernels: Kernels,
  texts: readonly ArrayLike<number>[],
  options: EvaluateNllOptions = {},
): (weights: DecoderWeights) => Promise<number> {
  return async (weights) => {
    const model = createLanguageModel({ weights, trainable: false, ternary: false });
    return (await evaluateNll(kernels, model, texts, options)).nll;
  };
}
