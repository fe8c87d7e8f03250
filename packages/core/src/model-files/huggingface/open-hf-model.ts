import { UnsupportedError, ValidationError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { ByteSource } from "../byte-source.js";
import type { DecoderConfig } from "../decoder-config.js";
import type { LinearName, WeightTensor } from "../decoder-weights.js";
import type { FileFolder } from "../file-folder.js";
import { openSafetensors, type SafetensorsFile } from "../open-safetensors.js";
import {
  createOpenedModel,
  type NormName,
  type OpenedModel,
  type VectorName,
  type WeightName,
} from "../opened-model.js";
import { readJson } from "../read-json.js";
import type { ReadOptions } from "../read-options.js";
import { storedRows, viewNumbers, wholeRows } from "../weight-rows.js";
import { readHfConfig } from "./hf-config.js";
import { readHfTokenizer } from "./hf-tokenizer.js";
import { floatsOfTensor, readBitNetWeight } from "./packed-bitnet.js";

type Json = Readonly<Record<string, unknown>>;

/**
 * Opens a language model in the files of a Hugging Face repository: `config.json`, `model.safetensors` or the shards
 * that `model.safetensors.index.json` names, `tokenizer.json`. The llama family, and BitNet b1.58 as master weights or packed.
 *
 * @throws ValidationError for files that are missing, damaged or contradict one another.
 * @throws UnsupportedError for models that cannot be run here.
 */
export async function openHfModel(
  folder: FileFolder,
  options: ReadOptions = {},
): Promise<OpenedModel> {
  const where = `openModel: ${folder.name}`;
  const json = await readJson(await mustOpen(folder, "config.json", options), options.signal);
  const config = readHfConfig(json, where);
  const store = await openShards(folder, options);
  checkNames(store, config, where);
  let loaded = 0;
  const report = (_end: number, bytes: number): void => {
    loaded += bytes;
    options.onProgress?.({ stage: "read", loaded });
  };
  const read = async (name: string): Promise<Tensor> => {
    const tensor = await (await store.fileOf(name)).readTensor(name);
    report(0, tensor.data.byteLength);
    return tensor;
  };
  const quantization = (json.quantization_config ?? {}) as Json;
  const divides = quantization.linear_class !== "autobitlinear";
  const hasHead = store.names.has("lm_head.weight");
  if (!hasHead && json.tie_word_embeddings === false) {
    throw new ValidationError(`${where}: there is no lm_head.weight, and it is not tied`);
  }
  const matrix = async (of: WeightName): Promise<WeightTensor> => {
    const name = tensorName(of);
    const tensor = await read(`${name}.weight`);
    if (config.architecture === "bitnet" && of.layer !== undefined) {
      const scaleName = `${name}.weight_scale`;
      const scale = store.names.has(scaleName) ? await read(scaleName) : undefined;
      return readBitNetWeight(tensor, scale, divides, `${where}: ${name}`);
    }
    if (tensor.dtype === "f16" || tensor.dtype === "bf16") return tensor as WeightTensor;
    const data = floatsOfTensor(tensor, `${where}: ${name}`);
    return { dtype: "f32", shape: tensor.shape, data };
  };
  return createOpenedModel({
    config,
    tokenizer: await readHfTokenizer(folder, options),
    metadata: { ...json },
    tied: json.tie_word_embeddings === true || !hasHead, // some files hold the embedding twice
    where,
    matrix,
    async rows(of, buffers) {
      const name = `${tensorName(of)}.weight`;
      const file = await store.fileOf(name);
      const entry = file.entries.get(name);
      const bitnet = config.architecture === "bitnet" && of.layer !== undefined;
      const { dtype } = entry ?? {};
      // What has to be computed from a whole matrix, and what is missing, goes the other way.
      if (entry === undefined || bitnet || !isPlain(dtype)) return wholeRows(await matrix(of));
      const { shape } = entry;
      const { signal } = options;
      return storedRows(
        { source: file.source, ...file.rangeOf(name), shape, buffers, signal, onRead: report },
        (bytes, piece) =>
          ({ dtype, shape: piece, data: viewNumbers(dtype, bytes, buffers) }) as WeightTensor,
      );
    },
    async vector(of) {
      const name = `${tensorName(of)}.weight`;
      return floatsOfTensor(await read(name), `${where}: ${name}`);
    },
  });
}

/** All tensors of a model, in whichever files they lie. */
interface TensorStore {
  readonly names: ReadonlySet<string>;
  /** The file that holds a tensor. */
  fileOf(name: string): Promise<SafetensorsFile>;
}

function isPlain(dtype: string | undefined): dtype is "f32" | "f16" | "bf16" {
  return dtype === "f32" || dtype === "f16" || dtype === "bf16";
}

function tensorName({ layer, name }: WeightName | VectorName): string {
  if (layer === undefined) {
    const outside = {
      embedding: "model.embed_tokens",
      output: "lm_head",
      outputNorm: "model.norm",
    };
    return outside[name];
  }
  const inBlock: Record<LinearName | NormName, string> = {
    attentionNorm: "input_layernorm",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    attentionSubNorm: "self_attn.attn_sub_norm",
    output: "self_attn.o_proj",
    feedForwardNorm: "post_attention_layernorm",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    feedForwardSubNorm: "mlp.ffn_sub_norm",
    down: "mlp.down_proj",
  };
  return `model.layers.${layer}.${inBlock[name]}`;
}

// What is not used would be missed without a word: biases, experts, norms of other architectures.
function checkNames(store: TensorStore, config: DecoderConfig, where: string): void {
  const linear = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"];
  const inBlock = new Set(
    linear.concat(
      ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
      ["input_layernorm", "post_attention_layernorm"],
      config.subNorms ? ["self_attn.attn_sub_norm", "mlp.ffn_sub_norm"] : [],
    ),
  );
  const outside = new Set(["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]);
  for (const name of store.names) {
    if (outside.has(name) || name.endsWith("rotary_emb.inv_freq")) continue;
    const [, layer, part] =
      /^model\.layers\.(\d+)\.([\w.]+)\.(?:weight|weight_scale)$/.exec(name) ?? [];
    if (part !== undefined && inBlock.has(part) && Number(layer) < config.layers) continue;
    throw new UnsupportedError(
      `${where}: tensor ${name} belongs to no ${config.architecture} model that can be run here`,
      { where: name },
    );
  }
}

async function openShards(folder: FileFolder, options: ReadOptions): Promise<TensorStore> {
  const single = await folder.open("model.safetensors", options.signal);
  if (single) {
    const file = await openSafetensors(single, options);
    return { names: new Set(file.entries.keys()), fileOf: async () => file };
  }
  const where = `openModel: ${folder.name}`;
  const index = await mustOpen(folder, "model.safetensors.index.json", options);
  const map = (await readJson(index, options.signal)).weight_map;
  if (typeof map !== "object" || map === null) {
    throw new ValidationError(`${where}: model.safetensors.index.json has no weight_map`);
  }
  const shardOf = new Map(Object.entries(map));
  const opened = new Map<unknown, SafetensorsFile>();
  return {
    names: new Set(shardOf.keys()),
    async fileOf(name) {
      const shard: unknown = shardOf.get(name);
      // A shard lies beside its index: a path that leads elsewhere is none.
      if (typeof shard !== "string" || /[/\\]|^\.\.?$/.test(shard)) {
        throw new ValidationError(`${where}: expected a file for ${name}, got ${String(shard)}`);
      }
      if (!opened.has(shard)) {
        opened.set(shard, await openSafetensors(await mustOpen(folder, shard, options), options));
      }
      return opened.get(shard)!;
    },
  };
}

async function mustOpen(
  folder: FileFolder,
  file: string,
  options: ReadOptions,
): Promise<ByteSource> {
  const source = await folder.open(file, options.signal);
  if (source) return source;
  throw new ValidationError(`openModel: ${folder.name}: there is no ${file}`, { where: file });
}
