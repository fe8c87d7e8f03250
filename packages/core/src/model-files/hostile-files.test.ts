import { describe, expect, test } from "vitest";
import { EdgewrightError } from "../errors.js";
import { createRng } from "../rng.js";
import { writeSafetensors } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import { bytesSource } from "./byte-source.js";
import type { DecoderWeights, WeightTensor } from "./decoder-weights.js";
import { writeEwq } from "./ewq/write-ewq.js";
import { type FileFolder, filesFolder } from "./file-folder.js";
import { writeGguf } from "./gguf/write-gguf.js";
import { anyWeight, randomContents } from "./model-contents.test-support.js";
import { mutateBytes, mutateJson } from "./mutate-bytes.test-support.js";
import { readModel } from "./read-model.js";
import { createTokenizer } from "./tokenizer/create-tokenizer.js";
import { llamaTokenizerJson } from "./tokenizer/tokenizer-json.test-support.js";
import type { TokenizerData } from "./tokenizer-data.js";
import { weightFloats } from "./weight-floats.js";

// 2,100 damaged files: every one ends in a typed error or in a model that can be used, soon and within memory that
// its size explains.
const small = {
  dim: 8,
  hiddenDim: 16,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 4,
  vocabSize: 300,
};
const contents = randomContents(small);
const SLOWEST_MS = 2000;

describe("damaged files end in typed errors, or load", () => {
  test("GGUF, 500 times", async () => {
    const plain = writeGguf(contents);
    const wide = { ...small, dim: 256, hiddenDim: 8, heads: 1, headDim: 2, vocabSize: 4 };
    const options = { type: "tq2_0", embeddingType: "q4_0" } as const;
    const rounded = writeGguf(randomContents(wide), options);
    const tally = await tryAll(500, 11, (rng) => {
      const file = rng.uniform() < 0.7 ? plain : rounded;
      return bytesSource(mutateBytes(file, rng, 12000));
    });
    expect(tally.refused).toBeGreaterThan(200);
  });

  test(".ewq, 400 times", async () => {
    const plain = writeEwq(randomContents(small, anyWeight));
    const tally = await tryAll(400, 12, (rng) => bytesSource(mutateBytes(plain, rng, 16000)));
    expect(tally.refused).toBeGreaterThan(300); // checksums let nothing through
  });

  test("llama2.c, 400 times", async () => {
    const plain = llama2cFile(contents.weights);
    const tally = await tryAll(400, 13, (rng) => bytesSource(mutateBytes(plain, rng, 64)));
    expect(tally.refused).toBeGreaterThan(150);
  });

  test("folders of safetensors, 400 times", async () => {
    const { config, weights, tokenizer } = hfFolder();
    const encoded = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    const tally = await tryAll(400, 14, (rng): FileFolder => {
      const part = rng.integer(0, 3);
      return filesFolder({
        "config.json": encoded(part === 0 ? mutateJson(config, rng) : config),
        "model.safetensors": part === 1 ? mutateBytes(weights, rng, 1500) : weights,
        "tokenizer.json":
          part === 2 ? mutateBytes(encoded(tokenizer), rng, 100_000) : encoded(tokenizer),
      });
    });
    expect(tally.refused).toBeGreaterThan(150);
  });

  test("tokenizer.json, 400 times", async () => {
    const { tokenizer } = hfFolder();
    const rng = createRng(15);
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      const damaged = mutateJson(tokenizer, rng) as Record<string, unknown>;
      const began = performance.now();
      const ok = await isTypedOrFine(() =>
        useTokenizer({ kind: "tokenizer-json", tokenizer: damaged }),
      );
      refused += ok ? 0 : 1;
      expect(performance.now() - began).toBeLessThan(SLOWEST_MS);
    }
    expect(refused).toBeGreaterThan(50);
  });
});

async function tryAll(
  count: number,
  seed: number,
  make: (rng: ReturnType<typeof createRng>) => ReturnType<typeof bytesSource> | FileFolder,
): Promise<{ refused: number; loaded: number }> {
  const rng = createRng(seed);
  const tally = { refused: 0, loaded: 0 };
  for (let i = 0; i < count; i++) {
    const source = make(rng);
    const began = performance.now();
    const loaded = await isTypedOrFine(async () => {
      const read = await readModel(source);
      if ("size" in source) expect(bytesOf(read.weights)).toBeLessThan(4 * source.size);
      for (const weight of matricesOf(read.weights)) weightFloats(weight);
      if (read.tokenizer) await useTokenizer(read.tokenizer);
    });
    if (loaded) tally.loaded++;
    else tally.refused++;
    expect(performance.now() - began).toBeLessThan(SLOWEST_MS);
  }
  return tally;
}

async function isTypedOrFine(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!EdgewrightError.isInstance(error)) throw error;
    expect(error.message.length).toBeGreaterThan(10);
    return false;
  }
}

async function useTokenizer(data: TokenizerData): Promise<void> {
  const tokenizer = await createTokenizer(data);
  const ids = tokenizer.encode(
    "the aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa in \u00e9\ud83d\ude42 <s>!",
    { special: true },
  );
  tokenizer.decode(ids.filter((id) => id < tokenizer.vocabSize));
}

function matricesOf(weights: DecoderWeights): WeightTensor[] {
  const parts = weights.layers.flatMap(
    (layer) => Object.values(layer) as (WeightTensor | Float32Array)[],
  );
  return [
    weights.embedding,
    ...parts.filter((part) => !(part instanceof Float32Array)),
  ] as WeightTensor[];
}

function bytesOf(weights: DecoderWeights): number {
  let sum = 0;
  for (const weight of matricesOf(weights)) {
    for (const part of Object.values(weight)) {
      const data = ArrayBuffer.isView(part) ? part : (part as { data?: unknown }).data;
      if (ArrayBuffer.isView(data)) sum += data.byteLength;
    }
  }
  return sum;
}

function llama2cFile({ config, embedding, layers, outputNorm }: DecoderWeights): Uint8Array {
  const { dim, hiddenDim, heads, kvHeads, vocabSize, contextLength, headDim } = config;
  const header = Int32Array.of(
    dim,
    hiddenDim,
    layers.length,
    heads,
    kvHeads,
    vocabSize,
    contextLength,
  );
  const order = [
    "attentionNorm",
    "query",
    "key",
    "value",
    "output",
    "feedForwardNorm",
    "gate",
    "down",
    "up",
  ] as const;
  const floats = order.flatMap((name) =>
    layers.map((layer) => {
      const part = layer[name];
      return part instanceof Float32Array ? part : weightFloats(part);
    }),
  );
  const rotation = new Float32Array(contextLength * headDim);
  const parts = [header, weightFloats(embedding), ...floats, outputNorm, rotation];
  const bytes = parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const file = new Uint8Array(bytes.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of bytes) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function hfFolder(): { config: object; weights: Uint8Array; tokenizer: Record<string, unknown> } {
  const { config, embedding, layers, outputNorm } = contents.weights;
  const tensors = new Map<string, Tensor>();
  const vector = (data: Float32Array): Tensor => ({ dtype: "f32", shape: [data.length], data });
  tensors.set("model.embed_tokens.weight", embedding as Tensor);
  tensors.set("model.norm.weight", vector(outputNorm));
  layers.forEach((layer, at) => {
    const put = (name: string, weight: WeightTensor) =>
      tensors.set(`model.layers.${at}.${name}.weight`, weight as Tensor);
    put("self_attn.q_proj", layer.query);
    put("self_attn.k_proj", layer.key);
    put("self_attn.v_proj", layer.value);
    put("self_attn.o_proj", layer.output);
    put("mlp.gate_proj", layer.gate);
    put("mlp.up_proj", layer.up);
    put("mlp.down_proj", layer.down);
    put("input_layernorm", vector(layer.attentionNorm) as WeightTensor);
    put("post_attention_layernorm", vector(layer.feedForwardNorm) as WeightTensor);
  });
  return {
    config: {
      model_type: "llama",
      hidden_size: config.dim,
      intermediate_size: config.hiddenDim,
      num_hidden_layers: config.layers,
      num_attention_heads: config.heads,
      num_key_value_heads: config.kvHeads,
      vocab_size: config.vocabSize,
      max_position_embeddings: config.contextLength,
      rms_norm_eps: 1e-5,
      rope_parameters: { rope_type: "linear", factor: 2, rope_theta: 10000 },
    },
    weights: writeSafetensors(tensors),
    tokenizer: llamaTokenizerJson(contents.tokenizer),
  };
}
