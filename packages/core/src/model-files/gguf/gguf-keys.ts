import { UnsupportedError } from "../../errors.js";
import type { DecoderConfig } from "../decoder-config.js";
import type { SentencePieceData, TokenizerData, TokenizerJsonData } from "../tokenizer-data.js";
import type { ByteWriter } from "./byte-writer.js";
import { preTokenizerNameOf } from "./gguf-tokenizer-json.js";

/** A value of GGUF's metadata with the type that it is stored as. */
export type GgufValue =
  | { readonly type: "u32" | "f32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "texts"; readonly value: readonly string[] }
  | { readonly type: "f32s" | "i32s"; readonly value: readonly number[] };

/**
 * The architecture under which GGUF knows a configuration.
 *
 * @throws UnsupportedError for a mixture that GGUF has no name for.
 */
export function ggufArchitecture(config: DecoderConfig): "llama" | "bitnet" | "bitnet-b1.58" {
  const { subNorms, int8Activations, activation } = config;
  if (!subNorms && !int8Activations && activation === "silu") return "llama";
  if (subNorms && int8Activations) return activation === "relu2" ? "bitnet-b1.58" : "bitnet";
  throw new UnsupportedError(
    `writeGguf: GGUF has no architecture with activation ${activation}, subNorms ${subNorms} and ` +
      `int8Activations ${int8Activations}`,
  );
}

/** Metadata of a model: what llama.cpp needs to run it. */
export function configKeys(config: DecoderConfig, name: string): Map<string, GgufValue> {
  const architecture = ggufArchitecture(config);
  const number = (value: number): GgufValue => ({ type: "u32", value });
  return new Map<string, GgufValue>([
    ["general.architecture", { type: "text", value: architecture }],
    ["general.name", { type: "text", value: name }],
    [`${architecture}.context_length`, number(config.contextLength)],
    [`${architecture}.embedding_length`, number(config.dim)],
    [`${architecture}.block_count`, number(config.layers)],
    [`${architecture}.feed_forward_length`, number(config.hiddenDim)],
    [`${architecture}.attention.head_count`, number(config.heads)],
    [`${architecture}.attention.head_count_kv`, number(config.kvHeads)],
    [`${architecture}.attention.key_length`, number(config.headDim)],
    [`${architecture}.attention.value_length`, number(config.headDim)],
    [`${architecture}.rope.dimension_count`, number(config.headDim)],
    [`${architecture}.rope.freq_base`, { type: "f32", value: config.ropeBase }],
    [
      `${architecture}.attention.layer_norm_rms_epsilon`,
      { type: "f32", value: config.normEpsilon },
    ],
    [`${architecture}.vocab_size`, number(config.vocabSize)],
  ]);
}

/**
 * Metadata of a tokenizer.
 *
 * @throws UnsupportedError for a `tokenizer.json` that is not byte-level, or cuts texts in a way of its own.
 */
export function tokenizerKeys(data: TokenizerData, vocabSize: number): Map<string, GgufValue> {
  const keys = data.kind === "sentencepiece" ? pieceKeys(data) : byteLevelKeys(data, vocabSize);
  const { chatTemplate, otherEnds } = data;
  if (chatTemplate !== undefined) {
    keys.set("tokenizer.chat_template", { type: "text", value: chatTemplate });
  }
  if (otherEnds?.[0] !== undefined) {
    keys.set("tokenizer.ggml.eot_token_id", { type: "u32", value: otherEnds[0] });
  }
  return keys;
}

function pieceKeys(data: SentencePieceData): Map<string, GgufValue> {
  const keys = new Map<string, GgufValue>([
    ["tokenizer.ggml.model", { type: "text", value: "llama" }],
    ["tokenizer.ggml.tokens", { type: "texts", value: data.tokens }],
    ["tokenizer.ggml.scores", { type: "f32s", value: data.scores }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: data.types }],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: data.addBos }],
    ["tokenizer.ggml.add_space_prefix", { type: "bool", value: data.addSpacePrefix }],
  ]);
  const ids = { bos: data.bos, eos: data.eos, unknown: data.unknown };
  for (const [name, value] of Object.entries(ids)) {
    if (value !== undefined) keys.set(`tokenizer.ggml.${name}_token_id`, { type: "u32", value });
  }
  return keys;
}

function byteLevelKeys(data: TokenizerJsonData, vocabSize: number): Map<string, GgufValue> {
  const { model, added_tokens: added } = data.tokenizer as {
    model: { vocab: Record<string, number>; merges: readonly (string | readonly string[])[] };
    added_tokens: readonly { id: number; content: string; special?: boolean }[];
  };
  const pre = preTokenizerNameOf(data);
  const tokens = Array.from({ length: vocabSize }, (_, id) => `[PAD${id}]`);
  const types = new Array<number>(vocabSize).fill(5);
  for (const [token, id] of Object.entries(model.vocab)) {
    tokens[id] = token;
    types[id] = 1;
  }
  for (const { id, content, special } of added) {
    tokens[id] = content;
    types[id] = special ? 3 : 4;
  }
  const merges = model.merges.map((one) => (typeof one === "string" ? one : one.join(" ")));
  const keys = new Map<string, GgufValue>([
    ["tokenizer.ggml.model", { type: "text", value: "gpt2" }],
    ["tokenizer.ggml.pre", { type: "text", value: pre }],
    ["tokenizer.ggml.tokens", { type: "texts", value: tokens }],
    ["tokenizer.ggml.token_type", { type: "i32s", value: types }],
    ["tokenizer.ggml.merges", { type: "texts", value: merges }],
  ]);
  const config = data.config ?? {};
  for (const name of ["bos", "eos"]) {
    const token = config[`${name}_token`] as string | { content?: string } | null | undefined;
    const text = typeof token === "string" ? token : token?.content;
    const id = text === undefined ? -1 : tokens.indexOf(text);
    if (id >= 0) keys.set(`tokenizer.ggml.${name}_token_id`, { type: "u32", value: id });
  }
  const addBos = config.add_bos_token;
  if (typeof addBos === "boolean") {
    keys.set("tokenizer.ggml.add_bos_token", { type: "bool", value: addBos });
  }
  return keys;
}

/** Writes a key with its value. */
export function writeKey(writer: ByteWriter, key: string, { type, value }: GgufValue): void {
  const list = <T>(elements: number, items: readonly T[], write: (one: T) => void): void => {
    writer.u32(9);
    writer.u32(elements);
    writer.u64(items.length);
    for (const one of items) write(one);
  };
  writer.text(key);
  switch (type) {
    case "u32":
      writer.u32(4);
      writer.u32(value);
      return;
    case "f32":
      writer.u32(6);
      writer.f32(value);
      return;
    case "bool":
      writer.u32(7);
      writer.u8(value ? 1 : 0);
      return;
    case "text":
      writer.u32(8);
      writer.text(value);
      return;
    case "texts":
      list(8, value, writer.text);
      return;
    case "f32s":
      list(6, value, writer.f32);
      return;
    case "i32s":
      list(5, value, writer.i32);
  }
}
