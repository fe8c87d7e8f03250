import { UnsupportedError, ValidationError } from "../../errors.js";
import type { TokenizerData } from "../tokenizer-data.js";
import { toTokenizerJson } from "./gguf-tokenizer-json.js";

/**
 * The tokenizer that a GGUF file's metadata holds; undefined where it has none.
 *
 * @throws ValidationError when its lists do not fit one another.
 * @throws UnsupportedError for tokenizers other than SentencePiece's byte pairs and byte-level ones.
 */
export function readGgufTokenizer(
  metadata: Readonly<Record<string, unknown>>,
  name: string,
): TokenizerData | undefined {
  const model = metadata["tokenizer.ggml.model"];
  if (model === undefined || model === "none" || model === "no_vocab") return undefined;
  if (model !== "llama" && model !== "gpt2") {
    throw new UnsupportedError(
      `readGgufTokenizer: ${name}: expected a tokenizer of llama or gpt2, got ${String(model)}; give the ` +
        "model's tokenizer.json",
    );
  }
  const fault = (what: string): ValidationError =>
    new ValidationError(`readGgufTokenizer: ${name}: ${what}`, { where: name });
  const tokens = metadata["tokenizer.ggml.tokens"];
  if (!isListOf<string>(tokens, "string")) throw fault("tokenizer.ggml.tokens must be texts");
  const scores = metadata["tokenizer.ggml.scores"] ?? tokens.map((_, at) => -at);
  if (!isListOf<number>(scores, "number")) throw fault("tokenizer.ggml.scores must be numbers");
  const types = metadata["tokenizer.ggml.token_type"] ?? tokens.map(() => 1);
  if (!isListOf<number>(types, "number")) throw fault("tokenizer.ggml.token_type must be numbers");
  if (scores.length !== tokens.length || types.length !== tokens.length) {
    throw fault(`${tokens.length} tokens have ${scores.length} scores and ${types.length} types`);
  }
  const id = (key: string): number | undefined => {
    const value = metadata[`tokenizer.ggml.${key}`];
    if (value === undefined || value === -1 || value === 0xffffffff) return undefined;
    if (
      typeof value === "number" &&
      Number.isInteger(value) &&
      value >= 0 &&
      value < tokens.length
    ) {
      return value;
    }
    throw fault(`tokenizer.ggml.${key} must be below ${tokens.length}, got ${String(value)}`);
  };
  const flag = (key: string, fallback: boolean): boolean => {
    const value = metadata[`tokenizer.ggml.${key}`];
    return typeof value === "boolean" ? value : fallback;
  };
  const [bos, eos, unknown] = [id("bos_token_id"), id("eos_token_id"), id("unknown_token_id")];
  const ends = [id("eot_token_id"), id("eom_token_id")].filter((end) => end !== undefined);
  const template = metadata["tokenizer.chat_template"];
  const both = {
    ...(ends.length > 0 ? { otherEnds: ends } : {}),
    ...(typeof template === "string" ? { chatTemplate: template } : {}),
  };
  const begin = { ...(bos === undefined ? {} : { bos }), ...(eos === undefined ? {} : { eos }) };
  if (model === "gpt2") {
    const merges = metadata["tokenizer.ggml.merges"];
    if (!isListOf<string>(merges, "string")) throw fault("tokenizer.ggml.merges must be texts");
    const pre = String(metadata["tokenizer.ggml.pre"] ?? "default");
    const llama3 = pre === "llama-bpe" && bos !== undefined;
    const parts = { tokens, types, merges, pre, ...begin, addBos: flag("add_bos_token", llama3) };
    return { ...toTokenizerJson(parts, name), ...both };
  }
  return {
    kind: "sentencepiece",
    tokens,
    scores,
    types,
    ...begin,
    ...(unknown === undefined ? {} : { unknown }),
    ...both,
    addSpacePrefix: flag("add_space_prefix", true),
    addBos: flag("add_bos_token", bos !== undefined),
  };
}

function isListOf<T>(value: unknown, type: "string" | "number"): value is T[] {
  return Array.isArray(value) && value.every((one) => typeof one === type);
}
