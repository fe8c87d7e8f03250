import { UnsupportedError, ValidationError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { DecoderConfig } from "../decoder-config.js";
import {
  checkDecoderWeights,
  type DecoderLayer,
  type DecoderWeights,
  type WeightTensor,
} from "../decoder-weights.js";
import type { FileFolder } from "../file-folder.js";
import type { ModelContents } from "../model-contents.js";
import { openSafetensors, type SafetensorsFile } from "../open-safetensors.js";
import { readJson } from "../read-json.js";
import type { ReadOptions } from "../read-options.js";
import { readHfConfig } from "./hf-config.js";
import { readHfTokenizer } from "./hf-tokenizer.js";
import { floatsOfTensor, readBitNetWeight } from "./packed-bitnet.js";

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a language model from the files of a Hugging Face repository: `config.json`, `model.safetensors` or the shards
 * that `model.safetensors.index.json` names, `tokenizer.json`. The llama family, and BitNet b1.58 as master weights or packed.
 *
 * @throws ValidationError for files that are missing, damaged or contradict one another.
 * @throws UnsupportedError for models that cannot be run here.
 */
export async function readHfModel(
  folder: FileFolder,
  options: ReadOptions = {},
): Promise<ModelContents> {
  const where = `readHfModel: ${folder.name}`;
  const json = await readJson(await mustOpen(folder, "config.json", options), options.signal);
  const config = readHfConfig(json, where);
  const store = await openShards(folder, options);
  const weights = await readWeights(store, config, json, where, options);
  checkDecoderWeights(weights, where);
  const tokenizer = await readHfTokenizer(folder, options);
  return { weights, ...(tokenizer ? { tokenizer } : {}), metadata: { ...json } };
}

/** All tensors of a model, in whichever files they lie. */
interface TensorStore {
  readonly names: ReadonlySet<string>;
  read(name: string): Promise<Tensor>;
}

async function readWeights(
  store: TensorStore,
  config: DecoderConfig,
  json: Json,
  where: string,
  options: ReadOptions,
): Promise<DecoderWeights> {
  const left = new Set([...store.names].filter((name) => !name.endsWith("rotary_emb.inv_freq")));
  let loaded = 0;
  const read = async (name: string): Promise<Tensor> => {
    left.delete(name);
    const tensor = await store.read(name);
    loaded += tensor.data.byteLength;
    options.onProgress?.({ stage: "read", loaded });
    return tensor;
  };
  const vector = async (name: string): Promise<Float32Array> =>
    floatsOfTensor(await read(name), `${where}: ${name}`);
  const plain = async (name: string): Promise<WeightTensor> => {
    const tensor = await read(name);
    if (tensor.dtype === "f16" || tensor.dtype === "bf16") return tensor as WeightTensor;
    return { dtype: "f32", shape: tensor.shape, data: floatsOfTensor(tensor, `${where}: ${name}`) };
  };
  const quantization = (json.quantization_config ?? {}) as Json;
  const divides = quantization.linear_class !== "autobitlinear";
  const linear = async (name: string): Promise<WeightTensor> => {
    if (config.architecture !== "bitnet") return plain(`${name}.weight`);
    const scaleName = `${name}.weight_scale`;
    const scale = store.names.has(scaleName) ? await read(scaleName) : undefined;
    return readBitNetWeight(await read(`${name}.weight`), scale, divides, `${where}: ${name}`);
  };
  const embedding = await plain("model.embed_tokens.weight");
  const layers: DecoderLayer[] = [];
  for (let at = 0; at < config.layers; at++) {
    const block = `model.layers.${at}.`;
    layers.push({
      attentionNorm: await vector(`${block}input_layernorm.weight`),
      query: await linear(`${block}self_attn.q_proj`),
      key: await linear(`${block}self_attn.k_proj`),
      value: await linear(`${block}self_attn.v_proj`),
      output: await linear(`${block}self_attn.o_proj`),
      feedForwardNorm: await vector(`${block}post_attention_layernorm.weight`),
      gate: await linear(`${block}mlp.gate_proj`),
      up: await linear(`${block}mlp.up_proj`),
      down: await linear(`${block}mlp.down_proj`),
      ...(config.subNorms
        ? {
            attentionSubNorm: await vector(`${block}self_attn.attn_sub_norm.weight`),
            feedForwardSubNorm: await vector(`${block}mlp.ffn_sub_norm.weight`),
          }
        : {}),
    });
  }
  const outputNorm = await vector("model.norm.weight");
  const tied = json.tie_word_embeddings ?? !store.names.has("lm_head.weight");
  if (tied) left.delete("lm_head.weight"); // some files hold the embedding twice
  const head = tied ? {} : { output: await plain("lm_head.weight") };
  const [unused] = left;
  if (unused !== undefined) {
    throw new UnsupportedError(
      `${where}: tensor ${unused} belongs to no ${config.architecture} model that can be run here`,
      { where: unused },
    );
  }
  return { config, embedding, layers, outputNorm, ...head };
}

async function openShards(folder: FileFolder, options: ReadOptions): Promise<TensorStore> {
  const single = await folder.open("model.safetensors", options.signal);
  if (single) {
    const file = await openSafetensors(single, options);
    return { names: new Set(file.entries.keys()), read: (name) => file.readTensor(name) };
  }
  const where = `readHfModel: ${folder.name}`;
  const index = await mustOpen(folder, "model.safetensors.index.json", options);
  const map = (await readJson(index, options.signal)).weight_map;
  if (typeof map !== "object" || map === null) {
    throw new ValidationError(`${where}: model.safetensors.index.json has no weight_map`);
  }
  const shardOf = new Map(Object.entries(map));
  const opened = new Map<unknown, SafetensorsFile>();
  return {
    names: new Set(shardOf.keys()),
    async read(name) {
      const shard: unknown = shardOf.get(name);
      // A shard lies beside its index: a path that leads elsewhere is none.
      if (typeof shard !== "string" || /[/\\]|^\.\.?$/.test(shard)) {
        throw new ValidationError(`${where}: expected a file for ${name}, got ${String(shard)}`);
      }
      if (!opened.has(shard)) {
        opened.set(shard, await openSafetensors(await mustOpen(folder, shard, options), options));
      }
      return opened.get(shard)!.readTensor(name);
    },
  };
}

async function mustOpen(folder: FileFolder, file: string, options: ReadOptions) {
  const source = await folder.open(file, options.signal);
  if (source) return source;
  throw new ValidationError(`readHfModel: ${folder.name}: there is no ${file}`, { where: file });
}
