// Tokenizers lie in core, where the quantiser finds them, too.
export {
  createTokenizer,
  type DecodeOptions,
  type EncodeOptions,
  type Tokenizer,
  type TokenizerData,
  type TokenStream,
} from "@edgewright/core/model-files";
