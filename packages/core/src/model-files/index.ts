/**
 * Files that hold the weights of language models: GGUF, safetensors, llama2.c checkpoints and Edgewright's own
 * `.ewq`, read a piece at a time from bytes, files and URLs.
 *
 * @packageDocumentation
 */

export type { SafetensorsEntry } from "../safetensors-header.js";
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
export { writeEwq } from "./ewq/write-ewq.js";
export { diskFolder, type FileFolder, filesFolder } from "./file-folder.js";
export { fileSource } from "./file-source.js";
export type { GgmlType, GgmlTypeName } from "./gguf/ggml-type.js";
export {
  type GgufFile,
  type GgufRowsOptions,
  type GgufTensorInfo,
  readGguf,
} from "./gguf/read-gguf.js";
export { type GgufWriteType, type WriteGgufOptions, writeGguf } from "./gguf/write-gguf.js";
export { readLlama2cTokenizer } from "./llama2c.js";
export type { ModelContents } from "./model-contents.js";
export { openSafetensors, type SafetensorsFile } from "./open-safetensors.js";
export {
  type LayerNorms,
  type NormName,
  type OpenedModel,
  openContents,
  readOpenedModel,
  type WeightName,
} from "./opened-model.js";
export { createReadBuffers, type ReadBuffers } from "./read-buffers.js";
export { openModel, type ReadModelOptions, readModel } from "./read-model.js";
export type { FileProgress, ReadOptions } from "./read-options.js";
export { createSha256, type Hash } from "./sha256.js";
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
export { type UrlSourceOptions, urlSource } from "./url-source.js";
export { weightFloats } from "./weight-floats.js";
export type { WeightRows } from "./weight-rows.js";
