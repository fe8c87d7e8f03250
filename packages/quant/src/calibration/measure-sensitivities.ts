import {
  createLanguageModel,
  type WeightSensitivitiesOptions,
  weightSensitivities,
} from "@edgewright/autograd/language";
import type { DecoderWeights } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";

/**
 * Measures how much a model minds an error of each of its weights: the squared gradient of a text's loss, summed over
 * calibration texts, which is the diagonal of the empirical Fisher information. Norms are measured too; rounding
 * leaves them alone.
 *
 * A backward pass for each text: memory for the gradients and activations of one.
 *
 * @param kernels loaded by `loadTrainingKernels`
 * @param texts token ids
 * @returns by path, such as `layers.0.query`, row-major
 * @throws EdgewrightError `invalid-argument` for texts that predict nothing; AbortError when the signal fires.
 *
 * @example
 * ```ts
 * const sensitivities = await measureSensitivities(kernels, weights, texts, { length: 256 });
 * const small = await quantizeDecoder(weights, { linear: { format: "nested" } }, { sensitivities });
 * ```
 */
export async function measureSensitivities(
  kernels: Kernels,
  weights: DecoderWeights,
  texts: readonly ArrayLike<number>[],
  options: WeightSensitivitiesOptions = {},
): Promise<ReadonlyMap<string, Float32Array>> {
  const model = createLanguageModel({ weights, ternary: false });
  return weightSensitivities(kernels, model, texts, options);
}
