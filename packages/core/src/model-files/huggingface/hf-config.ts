import { UnsupportedError, ValidationError } from "../../errors.js";
import { checkDecoderConfig, type DecoderConfig } from "../decoder-config.js";

type Json = Readonly<Record<string, unknown>>;

/**
 * The configuration that a `config.json` of Hugging Face's transformers stands for: model type `llama`, `mistral` without
 * a sliding window, or `bitnet`.
 *
 * @throws UnsupportedError for other models, biases and rotary scalings other than linear and llama3.
 * @throws ValidationError where a size is missing or cannot be.
 */
export function readHfConfig(json: Json, where: string): DecoderConfig {
  const type = json.model_type;
  const bitnet = type === "bitnet";
  if (!bitnet && type !== "llama" && type !== "mistral") {
    throw new UnsupportedError(
      `${where}: expected a model_type of llama, mistral or bitnet, got ${String(type)}`,
    );
  }
  if (json.attention_bias === true || json.mlp_bias === true) {
    throw new UnsupportedError(`${where}: linear layers with biases are not supported`);
  }
  if (type === "mistral" && typeof json.sliding_window === "number") {
    throw new UnsupportedError(`${where}: attention over a sliding window is not supported`);
  }
  const number = (name: string, fallback?: number): number => {
    const value = json[name] ?? fallback;
    if (typeof value === "number") return value;
    throw new ValidationError(`${where}: ${name} must be a number, got ${String(value)}`);
  };
  const activation = json.hidden_act ?? (bitnet ? "relu2" : "silu");
  if (activation !== "silu" && activation !== "relu2") {
    throw new UnsupportedError(
      `${where}: expected hidden_act silu or relu2, got ${String(activation)}`,
    );
  }
  const dim = number("hidden_size");
  const heads = number("num_attention_heads");
  // Newer configurations keep all that is rotary in one place.
  const rope = (json.rope_parameters ?? json.rope_scaling ?? {}) as Json;
  const ropeBase =
    typeof rope.rope_theta === "number" ? rope.rope_theta : number("rope_theta", 10000);
  const headDim = number("head_dim", dim / heads);
  const ropeFactors = factorsOf(rope, ropeBase, headDim, where);
  return checkDecoderConfig(
    {
      architecture: bitnet ? "bitnet" : "llama",
      dim,
      hiddenDim: number("intermediate_size"),
      layers: number("num_hidden_layers"),
      heads,
      kvHeads: number("num_key_value_heads", heads),
      headDim,
      vocabSize: number("vocab_size"),
      contextLength: number("max_position_embeddings"),
      normEpsilon: number("rms_norm_eps", 1e-6),
      ropeBase,
      ...(ropeFactors ? { ropeFactors } : {}),
      ropePairing: "half",
      activation,
      subNorms: bitnet,
      int8Activations: bitnet,
    },
    where,
  );
}

function factorsOf(rope: Json, base: number, headDim: number, where: string): number[] | undefined {
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return undefined;
  const pairs = Math.min(headDim, 65536) / 2;
  const factor = Number(rope.factor);
  if (type === "linear") return new Array<number>(Math.ceil(pairs)).fill(factor);
  if (type !== "llama3") {
    throw new UnsupportedError(
      `${where}: expected rotary scaling of linear or llama3, got ${String(type)}`,
    );
  }
  // transformers' modeling_rope_utils: long waves are stretched, short ones kept, those between blended.
  const low = Number(rope.low_freq_factor);
  const high = Number(rope.high_freq_factor);
  const context = Number(rope.original_max_position_embeddings);
  return Array.from({ length: Math.ceil(pairs) }, (_, pair) => {
    const wave = 2 * Math.PI * base ** ((2 * pair) / headDim);
    if (wave < context / high) return 1;
    if (wave > context / low) return factor;
    const smooth = (context / wave - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
