import { UnsupportedError, ValidationError } from "../../errors.js";
import type { ByteSource } from "../byte-source.js";
import { checkDecoderConfig, type DecoderConfig } from "../decoder-config.js";
import type { WeightTensor } from "../decoder-weights.js";
import {
  createOpenedModel,
  type OpenedModel,
  type VectorName,
  type WeightName,
} from "../opened-model.js";
import type { ReadOptions } from "../read-options.js";
import { weightFloats } from "../weight-floats.js";
import { wholeRows } from "../weight-rows.js";
import { readGgufConfig } from "./gguf-config.js";
import { readGgufTokenizer } from "./gguf-tokenizer.js";
import { type GgufFile, readGguf } from "./read-gguf.js";

const ROPE_FACTORS = "rope_freqs.weight";

/**
 * Opens a language model in a GGUF file: architecture `llama`, or BitNet's `bitnet` and `bitnet-b1.58`.
 *
 * @throws ValidationError for a file that contradicts itself.
 * @throws UnsupportedError for other architectures, and for weights that no engine here would use: leaving
 * them out would give another model without a word.
 */
export async function openGgufModel(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<OpenedModel> {
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
  checkNames(source, file, config);
  let loaded = 0;
  const report = (end: number): void => {
    loaded = Math.max(loaded, end);
    options.onProgress?.({ stage: "read", loaded, total: source.size });
  };
  const endOf = (name: string): number => {
    const info = file.tensors.get(name);
    if (info) return info.end;
    throw new ValidationError(`${where(source)}: there is no tensor ${name}`);
  };
  const read = async (name: string): Promise<WeightTensor> => {
    const end = endOf(name);
    const weight = await file.readTensor(name, options.signal);
    report(end);
    return weight;
  };
  const matrix = async (of: WeightName): Promise<WeightTensor> => {
    const name = tensorName(of);
    const weight = await read(`${name}.weight`);
    if (!file.tensors.has(`${name}.scale`)) return weight;
    const [scale = Number.NaN] = weightFloats(await read(`${name}.scale`));
    return scaled(weight, scale, name, source);
  };
  return createOpenedModel({
    config,
    tokenizer: readGgufTokenizer(file.metadata, source.name),
    metadata: describe(file.metadata),
    tied: !file.tensors.has("output.weight"),
    where: where(source),
    matrix,
    async rows(of, buffers) {
      const name = tensorName(of);
      if (file.tensors.has(`${name}.scale`)) return wholeRows(await matrix(of));
      endOf(`${name}.weight`);
      return file.openRows(`${name}.weight`, {
        ...{ buffers, as: of.name, onRead: report },
        ...(options.signal && { signal: options.signal }),
      });
    },
    vector: async (of) => weightFloats(await read(`${tensorName(of)}.weight`)),
  });
}

function tensorName({ layer, name }: WeightName | VectorName): string {
  const names: Record<(WeightName | VectorName)["name"], string> = {
    embedding: "token_embd",
    outputNorm: "output_norm",
    attentionNorm: "attn_norm",
    query: "attn_q",
    key: "attn_k",
    value: "attn_v",
    attentionSubNorm: "attn_sub_norm",
    output: layer === undefined ? "output" : "attn_output",
    feedForwardNorm: "ffn_norm",
    gate: "ffn_gate",
    up: "ffn_up",
    feedForwardSubNorm: "ffn_sub_norm",
    down: "ffn_down",
  };
  return layer === undefined ? names[name] : `blk.${layer}.${names[name]}`;
}

// What is not used would be missed without a word: biases, experts, norms of other architectures.
function checkNames(source: ByteSource, file: GgufFile, config: DecoderConfig): void {
  const inBlock = new Set(
    ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"].concat(
      ["ffn_norm", "ffn_gate", "ffn_up", "ffn_down"],
      config.subNorms ? ["attn_sub_norm", "ffn_sub_norm"] : [],
    ),
  );
  const outside = new Set(["token_embd.weight", "output_norm.weight", "output.weight"]);
  for (const name of file.tensors.keys()) {
    if (name === ROPE_FACTORS || outside.has(name)) continue;
    const [, layer, part] = /^blk\.(\d+)\.(\w+)\.(?:weight|scale)$/.exec(name) ?? [];
    if (part !== undefined && inBlock.has(part) && Number(layer) < config.layers) continue;
    throw new UnsupportedError(
      `${where(source)}: tensor ${name} belongs to no ${config.architecture} model that can be run here`,
      { where: name },
    );
  }
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
  return `openModel: ${source.name}`;
}
