import { UnsupportedError, ValidationError } from "../../errors.js";
import type { ByteSource } from "../byte-source.js";
import { checkDecoderConfig, type DecoderConfig } from "../decoder-config.js";
import {
  checkDecoderWeights,
  type DecoderLayer,
  type DecoderWeights,
  type WeightTensor,
} from "../decoder-weights.js";
import type { ModelContents } from "../model-contents.js";
import type { ReadOptions } from "../read-options.js";
import { weightFloats } from "../weight-floats.js";
import { readGgufConfig } from "./gguf-config.js";
import { readGgufTokenizer } from "./gguf-tokenizer.js";
import { type GgufFile, readGguf } from "./read-gguf.js";

const ROPE_FACTORS = "rope_freqs.weight";

/**
 * Reads a language model from a GGUF file: architecture `llama`, or BitNet's `bitnet` and `bitnet-b1.58`.
 *
 * @throws ValidationError for a file that contradicts itself or lacks a weight.
 * @throws UnsupportedError for other architectures, and for weights that no engine here would use: leaving
 * them out would give another model without a word.
 */
export async function readGgufModel(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<ModelContents> {
  const file = await readGguf(source, options);
  if (Number(file.metadata["split.count"] ?? 1) > 1) {
    throw new UnsupportedError(
      `${where(source)}: the model is split over ${String(file.metadata["split.count"])} files; join them by ` +
        "llama.cpp's llama-gguf-split --merge",
    );
  }
  const ropeFactors = file.tensors.has(ROPE_FACTORS)
    ? { ropeFactors: [...weightFloats(await file.readTensor(ROPE_FACTORS))] }
    : {};
  const config = checkDecoderConfig(
    { ...readGgufConfig(file, source.name), ...ropeFactors },
    where(source),
  );
  const weights = await readWeights(source, file, config, options);
  checkDecoderWeights(weights, where(source));
  const tokenizer = readGgufTokenizer(file.metadata, source.name);
  return { weights, ...(tokenizer ? { tokenizer } : {}), metadata: describe(file.metadata) };
}

async function readWeights(
  source: ByteSource,
  file: GgufFile,
  config: DecoderConfig,
  options: ReadOptions,
): Promise<DecoderWeights> {
  const { signal, onProgress } = options;
  const left = new Set(file.tensors.keys());
  left.delete(ROPE_FACTORS); // part of the configuration
  const total = source.size;
  let loaded = 0;
  const read = async (name: string): Promise<WeightTensor> => {
    const info = file.tensors.get(name);
    if (!info) throw new ValidationError(`${where(source)}: there is no tensor ${name}`);
    left.delete(name);
    const weight = await file.readTensor(name, signal);
    loaded = Math.max(loaded, info.begin);
    onProgress?.({ stage: "read", loaded, total });
    return weight;
  };
  const matrix = async (name: string): Promise<WeightTensor> => {
    const weight = await read(`${name}.weight`);
    if (!file.tensors.has(`${name}.scale`)) return weight;
    return scaled(weight, (await vector(`${name}.scale`))[0] ?? Number.NaN, name, source);
  };
  const vector = async (name: string): Promise<Float32Array> => weightFloats(await read(name));
  const embedding = await read("token_embd.weight");
  const layers: DecoderLayer[] = [];
  for (let at = 0; at < config.layers; at++) {
    const block = `blk.${at}.`;
    layers.push({
      attentionNorm: await vector(`${block}attn_norm.weight`),
      query: await matrix(`${block}attn_q`),
      key: await matrix(`${block}attn_k`),
      value: await matrix(`${block}attn_v`),
      ...(config.subNorms
        ? { attentionSubNorm: await vector(`${block}attn_sub_norm.weight`) }
        : {}),
      output: await matrix(`${block}attn_output`),
      feedForwardNorm: await vector(`${block}ffn_norm.weight`),
      gate: await matrix(`${block}ffn_gate`),
      up: await matrix(`${block}ffn_up`),
      ...(config.subNorms
        ? { feedForwardSubNorm: await vector(`${block}ffn_sub_norm.weight`) }
        : {}),
      down: await matrix(`${block}ffn_down`),
    });
  }
  const outputNorm = await vector("output_norm.weight");
  const tied = !file.tensors.has("output.weight");
  const weights: DecoderWeights = {
    config,
    embedding,
    layers,
    outputNorm,
    ...(tied ? {} : { output: await read("output.weight") }),
  };
  const [unused] = left;
  if (unused !== undefined) {
    throw new UnsupportedError(
      `${where(source)}: tensor ${unused} belongs to no ${config.architecture} model that can be run here`,
      { where: unused },
    );
  }
  onProgress?.({ stage: "read", loaded: total, total });
  return weights;
}

// BitNet's converters may leave a tensor's one scale beside it.
function scaled(
  weight: WeightTensor,
  scale: number,
  name: string,
  source: ByteSource,
): WeightTensor {
  if (!Number.isFinite(scale)) {
    throw new ValidationError(`${where(source)}: ${name}.scale must be a number, got ${scale}`);
  }
  if ("format" in weight && weight.format === "ternary") {
    return { ...weight, scales: weight.scales.map((one) => one * scale) };
  }
  const data = weightFloats(weight).map((one) => one * scale);
  return { dtype: "f32", shape: weight.shape, data };
}

// Long lists are the tokenizer's, which is read into a form of its own.
function describe(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const short = Object.entries(metadata).filter(
    ([key, value]) => !Array.isArray(value) && key !== "tokenizer.chat_template",
  );
  return Object.fromEntries(
    short.map(([key, value]) => [key, typeof value === "bigint" ? Number(value) : value]),
  );
}

function where(source: ByteSource): string {
  return `readGgufModel: ${source.name}`;
}
