import { UnsupportedError, ValidationError } from "../../errors.js";
import type { DecoderConfig } from "../decoder-config.js";
import type { GgufFile } from "./read-gguf.js";

/**
 * The configuration that a GGUF file's metadata stands for; numbers are not yet checked.
 *
 * @throws UnsupportedError for another architecture, or rotary scaling that no fixed factors describe.
 * @throws ValidationError where the file does not say what must be known.
 */
export function readGgufConfig(file: GgufFile, name: string): DecoderConfig {
  const { metadata, tensors } = file;
  const architecture = String(metadata["general.architecture"]);
  const bitnet = architecture === "bitnet" || architecture === "bitnet-b1.58";
  if (architecture !== "llama" && !bitnet) {
    throw new UnsupportedError(
      `openModel: ${name}: expected architecture llama, bitnet or bitnet-b1.58, got ${architecture}`,
    );
  }
  const number = (key: string, fallback?: number): number => {
    const value = metadata[`${architecture}.${key}`];
    if (typeof value === "number") return value;
    if (typeof value === "bigint") return Number(value);
    if (value === undefined && fallback !== undefined) return fallback;
    throw new ValidationError(
      `openModel: ${name}: ${architecture}.${key} must be a number, got ${String(value)}`,
    );
  };
  const dim = number("embedding_length");
  const heads = number("attention.head_count");
  const headDim = number("attention.key_length", number("rope.dimension_count", dim / heads));
  if (number("rope.dimension_count", headDim) !== headDim) {
    throw new UnsupportedError(
      `openModel: ${name}: expected rotary embeddings of all ${headDim} numbers of a head`,
    );
  }
  if (number("expert_count", 0) > 0) {
    throw new UnsupportedError(`openModel: ${name}: mixtures of experts are not supported`);
  }
  const ropeFactors = readFactors(file, name, architecture, headDim);
  const vocabSize = tensors.get("token_embd.weight")?.shape[0];
  return {
    architecture: bitnet ? "bitnet" : "llama",
    dim,
    hiddenDim: number("feed_forward_length"),
    layers: number("block_count"),
    heads,
    kvHeads: number("attention.head_count_kv", heads),
    headDim,
    vocabSize: vocabSize ?? number("vocab_size"),
    contextLength: number("context_length"),
    normEpsilon: number("attention.layer_norm_rms_epsilon", 1e-5),
    ropeBase: number("rope.freq_base", 10000),
    ...(ropeFactors ? { ropeFactors } : {}),
    // Converters of `llama` files reorder rows so that neighbours turn together; BitNet's do not.
    ropePairing: bitnet ? "half" : "interleaved",
    activation: architecture === "bitnet-b1.58" ? "relu2" : "silu",
    subNorms: bitnet,
    int8Activations: bitnet,
  };
}

function readFactors(
  file: GgufFile,
  name: string,
  architecture: string,
  headDim: number,
): number[] | undefined {
  const type = file.metadata[`${architecture}.rope.scaling.type`];
  if (type !== undefined && type !== "none" && type !== "linear") {
    throw new UnsupportedError(
      `openModel: ${name}: expected rotary scaling none or linear, got ${String(type)}`,
    );
  }
  const factor = Number(file.metadata[`${architecture}.rope.scaling.factor`] ?? 1);
  if (type === "linear" && factor > 0 && factor !== 1) {
    return new Array<number>(Math.min(headDim, 65536) / 2).fill(factor);
  }
  return undefined;
}
