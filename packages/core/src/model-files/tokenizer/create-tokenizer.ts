import type { TokenizerData } from "../tokenizer-data.js";
import { createSentencePieceTokenizer } from "./sentencepiece.js";
import type { Tokenizer } from "./tokenizer.js";

/**
 * Makes the tokenizer that a model file holds. What reads a `tokenizer.json` is loaded only for one.
 *
 * @throws ValidationError when the data contradicts itself.
 */
export async function createTokenizer(data: TokenizerData): Promise<Tokenizer> {
  if (data.kind === "sentencepiece") return createSentencePieceTokenizer(data);
  const { createJsonTokenizer } = await import("./tokenizer-json.js");
  return createJsonTokenizer(data);
}
