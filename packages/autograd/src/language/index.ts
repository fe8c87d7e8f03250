/**
 * Language models on the tape: the llama family and BitNet, for sensitivities, distillation and training.
 *
 * @packageDocumentation
 */
export { type EvaluateNllOptions, evaluateNll, type NllEvaluation } from "./evaluate-nll.js";
export {
  type ApplyLanguageModelOptions,
  createLanguageModel,
  type LanguageModel,
  type LanguageModelOptions,
  type LanguageModelOutputs,
} from "./language-model.js";
export type { BlockParameters, LanguageModelParameters } from "./model-parameters.js";
export { roundTokens } from "./round-tokens.js";
export { ternaryWeights } from "./round-weights.js";
export {
  type WeightSensitivitiesOptions,
  weightSensitivities,
} from "./weight-sensitivities.js";
