import { describe, expect, test } from "vitest";
import { encodeBfloat16 } from "../../half.js";
import { unpackTernary } from "../../packed/ternary.js";
import { writeSafetensors } from "../../safetensors.js";
import { type Tensor, tensor } from "../../tensor.js";
import type { WeightTensor } from "../decoder-weights.js";
import { filesFolder } from "../file-folder.js";
import { randomContents } from "../model-contents.test-support.js";
import { readModel } from "../read-model.js";
import { llamaTokenizerJson } from "../tokenizer/tokenizer-json.test-support.js";
import { readHfConfig } from "./hf-config.js";
import { readBitNetWeight } from "./packed-bitnet.js";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

// The configuration of Llama-3.2-1B, as far as it matters here.
const llama32 = {
  model_type: "llama",
  hidden_act: "silu",
  ...{ hidden_size: 2048, intermediate_size: 8192, num_hidden_layers: 16 },
  ...{ num_attention_heads: 32, num_key_value_heads: 8, head_dim: 64, vocab_size: 128256 },
  ...{ max_position_embeddings: 131072, rms_norm_eps: 1e-5, rope_theta: 500000 },
  rope_scaling: {
    rope_type: "llama3",
    ...{ factor: 32, high_freq_factor: 4, low_freq_factor: 1 },
    original_max_position_embeddings: 8192,
  },
};

describe("config.json", () => {
  test("Llama 3.2 with its stretched rotary angles", () => {
    const config = readHfConfig(llama32, "test");
    expect(config).toMatchObject({ dim: 2048, kvHeads: 8, ropeBase: 500000, ropePairing: "half" });
    // The three regimes of transformers' _compute_llama3_parameters: short waves kept, long ones divided by 32.
    expect(config.ropeFactors!.slice(0, 14).every((one) => one === 1)).toBe(true);
    expect(config.ropeFactors!.slice(18).every((one) => one === 32)).toBe(true);
    const wave = 2 * Math.PI * 500000 ** (32 / 64);
    const smooth = (8192 / wave - 1) / 3;
    expect(1 / config.ropeFactors![16]!).toBeCloseTo((1 - smooth) / 32 + smooth, 12);
  });

  test("BitNet b1.58 2B4T", () => {
    const config = readHfConfig(
      {
        model_type: "bitnet",
        hidden_act: "relu2",
        ...{ hidden_size: 2560, intermediate_size: 6912, num_hidden_layers: 30 },
        ...{ num_attention_heads: 20, num_key_value_heads: 5, vocab_size: 128256 },
        ...{ max_position_embeddings: 4096, rms_norm_eps: 1e-5, rope_theta: 500000.0 },
      },
      "test",
    );
    expect(config).toMatchObject({
      activation: "relu2",
      subNorms: true,
      int8Activations: true,
      headDim: 128,
    });
  });

  test("what cannot be run is refused by name", () => {
    const attempt = (changes: object) => () => readHfConfig({ ...llama32, ...changes }, "test");
    expect(attempt({ model_type: "gemma" })).toThrow(
      "expected a model_type of llama, mistral or bitnet, got gemma",
    );
    expect(attempt({ attention_bias: true })).toThrow("biases are not supported");
    expect(attempt({ rope_scaling: { rope_type: "yarn" } })).toThrow(
      "expected rotary scaling of linear or llama3, got yarn",
    );
    expect(attempt({ hidden_size: undefined })).toThrow(
      "hidden_size must be a number, got undefined",
    );
    expect(attempt({ num_key_value_heads: 7 })).toThrow(
      "kvHeads must be a divisor of the 32 heads, got 7",
    );
  });
});

describe("a folder", () => {
  const { weights, tokenizer } = randomContents({ ropePairing: "half", normEpsilon: 1e-6 });
  const { config } = weights;
  const configJson = {
    model_type: "llama",
    ...{ hidden_size: config.dim, intermediate_size: config.hiddenDim },
    ...{ num_hidden_layers: config.layers, num_attention_heads: config.heads },
    ...{ num_key_value_heads: config.kvHeads, vocab_size: config.vocabSize },
    max_position_embeddings: config.contextLength,
  };
  const vector = (data: Float32Array): Tensor => tensor("f32", [data.length], data);
  const first = new Map<string, Tensor>([
    ["model.embed_tokens.weight", weights.embedding as Tensor],
  ]);
  const second = new Map<string, Tensor>([["model.norm.weight", vector(weights.outputNorm)]]);
  weights.layers.forEach((layer, at) => {
    const into = at === 0 ? first : second;
    const put = (name: string, part: WeightTensor | Float32Array) => {
      const stored = part instanceof Float32Array ? vector(part) : (part as Tensor);
      into.set(`model.layers.${at}.${name}.weight`, stored);
    };
    put("self_attn.q_proj", layer.query);
    put("self_attn.k_proj", layer.key);
    put("self_attn.v_proj", layer.value);
    put("self_attn.o_proj", layer.output);
    put("mlp.gate_proj", layer.gate);
    put("mlp.up_proj", layer.up);
    put("mlp.down_proj", layer.down);
    put("input_layernorm", layer.attentionNorm);
    put("post_attention_layernorm", layer.feedForwardNorm);
  });
  const tokenizerFiles = {
    "tokenizer.json": json(llamaTokenizerJson(tokenizer)),
    "tokenizer_config.json": json({ bos_token: "<s>", chat_template: "{{ bos_token }}" }),
    "generation_config.json": json({ eos_token_id: [2, 5] }),
  };

  test("in one file and in shards", async () => {
    const whole = filesFolder({
      "config.json": json(configJson),
      "model.safetensors": writeSafetensors(new Map([...first, ...second])),
      ...tokenizerFiles,
    });
    const entries = [...first.keys()].map((name) => [name, "a.safetensors"]);
    entries.push(...[...second.keys()].map((name) => [name, "b.safetensors"]));
    const sharded = filesFolder({
      "config.json": json(configJson),
      "model.safetensors.index.json": json({ weight_map: Object.fromEntries(entries) }),
      "a.safetensors": writeSafetensors(first),
      "b.safetensors": writeSafetensors(second),
      ...tokenizerFiles,
    });
    const read = await readModel(whole);
    expect(read.weights).toEqual(weights);
    expect(read.tokenizer).toMatchObject({ chatTemplate: "{{ bos_token }}", otherEnds: [2, 5] });
    expect((await readModel(sharded)).weights.layers[1]!.down).toEqual(weights.layers[1]!.down);
  });

  test("what is missing, or too much, is named", async () => {
    const files = (tensors: Map<string, Tensor>, more: Record<string, Uint8Array> = {}) =>
      readModel(
        filesFolder(
          {
            "config.json": json(configJson),
            "model.safetensors": writeSafetensors(tensors),
            ...more,
          },
          "x",
        ),
      );
    await expect(files(first)).rejects.toThrow(
      "there is no tensor model.layers.1.input_layernorm.weight",
    );
    const bias = new Map([
      ...first,
      ...second,
      ["model.layers.0.self_attn.q_proj.bias", vector(weights.outputNorm)],
    ] as const);
    await expect(files(bias)).rejects.toThrow(
      "openModel: x: tensor model.layers.0.self_attn.q_proj.bias belongs to no llama model that can be run here",
    );
    const outside = {
      "model.safetensors.index.json": json({
        weight_map: { "model.embed_tokens.weight": "../../secret" },
      }),
    };
    const folder = filesFolder({ "config.json": json(configJson), ...outside });
    await expect(readModel(folder)).rejects.toThrow(
      "expected a file for model.embed_tokens.weight, got ../../secret",
    );
  });
});

describe("BitNet's linear layers", () => {
  test("packed weights: the example of transformers' own documentation", () => {
    const packed = tensor("u8", [2, 2], [0b10100001, 0b00011000, 0b10010000, 0b00001010]);
    const weight = readBitNetWeight(packed, tensor("f32", [1], [4]), true, "test");
    expect(weight).toMatchObject({
      format: "ternary",
      shape: [8, 2],
      scales: Float32Array.of(0.25),
    });
    const values = [...unpackTernary(weight as never)].map((one) => one * 4);
    expect(values).toEqual([0, -1, -1, 1, -1, 1, -1, 1, 1, 0, 0, -1, 1, -1, 1, -1]);
    const multiplied = readBitNetWeight(packed, tensor("f32", [1], [4]), false, "test");
    expect(multiplied).toMatchObject({ scales: Float32Array.of(4) });
  });

  test("master weights are rounded as the layer rounds them; stored signs keep their scale", () => {
    const master = readBitNetWeight(
      tensor("f32", [1, 4], [2, -0.1, 0.1, -1.8]),
      undefined,
      false,
      "test",
    );
    expect([...unpackTernary(master as never)].map(Math.sign)).toEqual([1, 0, 0, -1]);
    const signs = { dtype: "bf16", shape: [1, 4], data: encodeBfloat16([1, 0, 0, -1]) } as const;
    const weight = readBitNetWeight(signs, tensor("f32", [1], [0.5]), false, "test");
    expect([...unpackTernary(weight as never)]).toEqual([0.5, 0, 0, -0.5]);
    const wrong = tensor("u8", [1, 1], [0b11]);
    expect(() => readBitNetWeight(wrong, undefined, true, "test")).toThrow(
      "must be 0, 1 or 2, got 3",
    );
    const zero = tensor("f32", [1], [0]);
    expect(() => readBitNetWeight(wrong, zero, true, "test")).toThrow(
      "weight_scale must be a number other than 0",
    );
  });
});
