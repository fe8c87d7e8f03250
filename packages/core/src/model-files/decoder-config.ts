import { ValidationError } from "../errors.js";

/**
 * The shape of a decoder-only language model of the llama family, with what BitNet b1.58 adds: all that an
 * engine must know besides the weights. Plain data, as JSON holds it.
 */
export interface DecoderConfig {
  /** `"bitnet"` stands for BitNet b1.58; what it changes is spelt out in the other fields. */
  readonly architecture: "llama" | "bitnet";
  /** Width of the residual stream. */
  readonly dim: number;
  /** Width of the gated feed-forward network. */
  readonly hiddenDim: number;
  /** Decoder blocks. */
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Heads of keys and values; fewer than `heads` is grouped-query attention, and divides it. */
  readonly kvHeads: number;
  /** Numbers a head; even, since rotary embeddings turn pairs. */
  readonly headDim: number;
  /** Tokens, which is rows of the embedding. */
  readonly vocabSize: number;
  /** Positions that the model was trained on. */
  readonly contextLength: number;
  /** Added to the mean square in every RMSNorm. */
  readonly normEpsilon: number;
  /** Base of the rotary angles: pair i of a head turns by `position * ropeBase^(-2i / headDim)`. */
  readonly ropeBase: number;
  /**
   * [headDim / 2], where a model stretches its rotary angles (Llama 3.1, linear scaling): pair i turns by
   * `position * ropeBase^(-2i / headDim) / ropeFactors[i]`; absent means 1 everywhere.
   */
  readonly ropeFactors?: readonly number[];
  /**
   * Which numbers of a head turn together: neighbours 2i and 2i + 1 (llama2.c, GGUF's `llama`), or i and
   * i + headDim / 2 (checkpoints of Hugging Face's transformers).
   */
  readonly ropePairing: "interleaved" | "half";
  /** The gate of the feed-forward network: `down(activation(gate x) * (up x))`; `relu2` is `max(x, 0)^2`. */
  readonly activation: "silu" | "relu2";
  /** An RMSNorm before the attention's output projection and one before the feed-forward's `down`. */
  readonly subNorms: boolean;
  /**
   * Whether the input of every linear layer is rounded per token to 8 bits, as BitNet b1.58 was trained:
   * `s = 127 / max(|x|, 1e-5)`, `clip(round(x s), -128, 127) / s`.
   */
  readonly int8Activations: boolean;
}

const LARGEST = 2 ** 24;

/**
 * Checks that a configuration is one that an engine can run: whole sizes within bounds, heads that divide,
 * known names.
 *
 * @param value what a file said
 * @param where named in the message
 * @throws ValidationError naming the field, what was expected and what came.
 */
export function checkDecoderConfig(value: unknown, where = "checkDecoderConfig"): DecoderConfig {
  if (typeof value !== "object" || value === null) {
    throw new ValidationError(`${where}: expected a decoder configuration, got ${typeof value}`);
  }
  const given = value as Record<keyof DecoderConfig, unknown>;
  const whole = (name: keyof DecoderConfig, largest = LARGEST): number => {
    const found = given[name];
    if (typeof found === "number" && Number.isInteger(found) && found >= 1 && found <= largest) {
      return found;
    }
    throw wrong(where, name, `a whole number from 1 to ${largest}`, found);
  };
  const positive = (name: keyof DecoderConfig): number => {
    const found = given[name];
    if (typeof found === "number" && Number.isFinite(found) && found > 0) return found;
    throw wrong(where, name, "a number above 0", found);
  };
  const one = <T>(name: keyof DecoderConfig, known: readonly T[]): T => {
    const found = given[name];
    if (known.includes(found as T)) return found as T;
    throw wrong(where, name, `one of ${known.join(", ")}`, found);
  };
  const config: DecoderConfig = {
    architecture: one("architecture", ["llama", "bitnet"]),
    dim: whole("dim"),
    hiddenDim: whole("hiddenDim"),
    layers: whole("layers", 4096),
    heads: whole("heads", 65536),
    kvHeads: whole("kvHeads", 65536),
    headDim: whole("headDim", 65536),
    vocabSize: whole("vocabSize"),
    contextLength: whole("contextLength"),
    normEpsilon: positive("normEpsilon"),
    ropeBase: positive("ropeBase"),
    ropePairing: one("ropePairing", ["interleaved", "half"]),
    activation: one("activation", ["silu", "relu2"]),
    subNorms: one("subNorms", [true, false]),
    int8Activations: one("int8Activations", [true, false]),
  };
  if (config.heads % config.kvHeads !== 0) {
    throw wrong(where, "kvHeads", `a divisor of the ${config.heads} heads`, config.kvHeads);
  }
  if (config.headDim % 2 !== 0) throw wrong(where, "headDim", "an even number", config.headDim);
  const factors = given.ropeFactors;
  if (factors === undefined) return config;
  if (!isFactors(factors, config.headDim / 2)) {
    throw wrong(where, "ropeFactors", `${config.headDim / 2} numbers above 0`, factors);
  }
  return { ...config, ropeFactors: [...factors] };
}

function isFactors(found: unknown, length: number): found is readonly number[] {
  if (!Array.isArray(found) || found.length !== length) return false;
  return found.every((one) => typeof one === "number" && Number.isFinite(one) && one > 0);
}

function wrong(
  where: string,
  name: keyof DecoderConfig,
  expected: string,
  found: unknown,
): ValidationError {
  return new ValidationError(`${where}: ${name} must be ${expected}, got ${String(found)}`, {
    where: name,
  });
}
