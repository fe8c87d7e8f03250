/**
 * Files that hold the weights of language models: GGUF, safetensors, llama2.c checkpoints and Edgewright's own
 * `.ewq`, read a piece at a time from bytes, files and URLs.
 *
 * @packageDocumentation
 */
export { type ByteSource, blobSource, bytesSource } from "./byte-source.js";
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
export type { GgmlType, GgmlTypeName } from "./gguf/ggml-type.js";
export { readGgufModel } from "./gguf/gguf-decoder.js";
export { type GgufFile, type GgufTensorInfo, readGguf } from "./gguf/read-gguf.js";
export { looksLikeLlama2c, readLlama2c, readLlama2cTokenizer } from "./llama2c.js";
export type { ModelContents } from "./model-contents.js";
export type { FileProgress, ReadOptions } from "./read-options.js";
export { createTokenizer } from "./tokenizer/create-tokenizer.js";
export { createSentencePieceTokenizer } from "./tokenizer/sentencepiece.js";
export type {
  DecodeOptions,
  EncodeOptions,
  Tokenizer,
  TokenStream,
} from "./tokenizer/tokenizer.js";
export type {
  SentencePieceData,
  TokenizerData,
  TokenizerDataBase,
  TokenizerJsonData,
} from "./tokenizer-data.js";
