/**
 * Files that hold the weights of language models: GGUF, safetensors, llama2.c checkpoints and Edgewright's own
 * `.ewq`, read a piece at a time from bytes, files and URLs.
 *
 * @packageDocumentation
 */
export { checkDecoderConfig, type DecoderConfig } from "./decoder-config.js";
export {
  checkDecoderWeights,
  type DecoderLayer,
  type DecoderWeights,
  type HalfTensor,
  type LinearName,
  linearShapes,
  type WeightTensor,
} from "./decoder-weights.js";
export type { ModelContents } from "./model-contents.js";
export type {
  SentencePieceData,
  TokenizerData,
  TokenizerDataBase,
  TokenizerJsonData,
} from "./tokenizer-data.js";
