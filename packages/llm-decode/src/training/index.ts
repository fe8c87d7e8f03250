/**
 * Training for the decoders of `@edgewright/llm-decode`: prompt tokens, and the classifier that lowers precision.
 *
 * @packageDocumentation
 */
export { type DecodeOwnTextsOptions, decodeOwnTexts, type OwnText } from "./own-texts.js";
export {
  type LabelPrecisionOptions,
  labelPrecision,
  type PrecisionExample,
} from "./precision-labels.js";
export {
  type TrainedKvClassifier,
  type TrainKvClassifierOptions,
  trainKvClassifier,
} from "./train-kv-classifier.js";
export {
  type TrainedPromptTokens,
  type TrainPromptTokensOptions,
  trainPromptTokens,
} from "./train-prompt-tokens.js";
