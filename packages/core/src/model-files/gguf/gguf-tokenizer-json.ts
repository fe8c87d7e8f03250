import { UnsupportedError } from "../../errors.js";
import type { TokenizerJsonData } from "../tokenizer-data.js";

/** What of a GGUF file's tokenizer is needed for a `tokenizer.json`. */
export interface ByteLevelParts {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly merges: readonly string[];
  /** How texts are cut before merging, by llama.cpp's name for it. */
  readonly pre: string;
  readonly bos?: number;
  readonly eos?: number;
  readonly addBos: boolean;
}

const CONTROL = 3;
const USER_DEFINED = 4;

/**
 * Writes a byte-level tokenizer of a GGUF file (model `gpt2`) as the `tokenizer.json` that it was converted from, as far
 * as encoding and decoding go.
 *
 * @throws UnsupportedError for a way of cutting texts that is not known here.
 */
export function toTokenizerJson(parts: ByteLevelParts, name: string): TokenizerJsonData {
  const { tokens, types, merges } = parts;
  const vocab: Record<string, number> = Object.create(null);
  const added: Record<string, unknown>[] = [];
  tokens.forEach((content, id) => {
    if (types[id] === CONTROL || types[id] === USER_DEFINED) {
      const special = types[id] === CONTROL;
      const edges = { single_word: false, lstrip: false, rstrip: false, normalized: false };
      added.push({ id, content, special, ...edges });
    } else vocab[content] = id;
  });
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  return {
    kind: "tokenizer-json",
    tokenizer: {
      version: "1.0",
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: preTokenizerOf(parts.pre, name),
      post_processor: null,
      decoder: { ...byteLevel, use_regex: true },
      model: {
        type: "BPE",
        vocab,
        merges,
        // Llama 3 takes a word that is a token as it is, whatever its merges.
        ignore_merges: isLlama3(parts.pre),
      },
    },
    config: {
      ...(parts.bos === undefined ? {} : { bos_token: tokens[parts.bos] }),
      ...(parts.eos === undefined ? {} : { eos_token: tokens[parts.eos] }),
      add_bos_token: parts.addBos,
    },
  };
}

/**
 * llama.cpp's name for the way in which a `tokenizer.json` cuts texts: what {@link toTokenizerJson} is given.
 *
 * @throws UnsupportedError for a way that is not known here, and for tokenizers that are not byte-level.
 */
export function preTokenizerNameOf(data: TokenizerJsonData): string {
  const essence = (value: unknown): string =>
    JSON.stringify(value, (key, one) => (key === "trim_offsets" ? undefined : one));
  const given = essence(data.tokenizer.pre_tokenizer);
  const known = ["llama-bpe", "qwen2", "gpt-2", "smollm"];
  const found = known.find((pre) => essence(preTokenizerOf(pre, "")) === given);
  if (found !== undefined) return found;
  throw new UnsupportedError(
    "writeGguf: GGUF has no name for the way in which this tokenizer.json cuts texts; leave the tokenizer out",
  );
}

function isLlama3(pre: string): boolean {
  return ["llama-bpe", "llama3", "llama-v3", "smaug-bpe", "falcon3"].includes(pre);
}

function preTokenizerOf(pre: string, name: string): unknown {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
  const whole = { ...byteLevel, use_regex: true };
  const split = (pattern: string): unknown => ({
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
      { ...byteLevel, use_regex: false },
    ],
  });
  // The patterns are those of the models' own tokenizer.json.
  const words = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  const rest = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  if (isLlama3(pre)) return split(`${words}|\\p{N}{1,3}|${rest}`);
  switch (pre) {
    case "qwen2":
      return split(`${words}|\\p{N}|${rest}`);
    case "gpt-2":
    case "default":
      return whole;
    case "smollm":
      return {
        type: "Sequence",
        pretokenizers: [{ type: "Digits", individual_digits: true }, whole],
      };
    default:
      throw new UnsupportedError(
        `readGgufTokenizer: ${name}: texts are cut in the way ${JSON.stringify(pre)}, which is not known here; ` +
          "give the model's tokenizer.json",
      );
  }
}
