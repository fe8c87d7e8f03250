import { encodeBfloat16, encodeFloat16 } from "../half.js";
import { packBinaryCoded } from "../packed/binary-coded.js";
import { quantizeInt4Group } from "../packed/int4-group.js";
import { quantizeInt8Channel } from "../packed/int8-channel.js";
import { quantizeInt8Group } from "../packed/int8-group.js";
import { packNested } from "../packed/nested.js";
import { quantizeTernary } from "../packed/ternary.js";
import { createRng } from "../rng.js";
import type { DecoderConfig } from "./decoder-config.js";
import {
  type DecoderLayer,
  type LinearName,
  linearShapes,
  type WeightTensor,
} from "./decoder-weights.js";
import type { ModelContents } from "./model-contents.js";
import type { SentencePieceData } from "./tokenizer-data.js";

/** A model of a few thousand random weights. */
export function randomContents(
  changes: Partial<DecoderConfig> = {},
  pack: (data: Float32Array, shape: readonly number[], at: number) => WeightTensor = plainWeight,
  seed = 1,
): ModelContents {
  const config: DecoderConfig = {
    architecture: "llama",
    dim: 32,
    hiddenDim: 64,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headDim: 8,
    vocabSize: 300,
    contextLength: 64,
    normEpsilon: 2 ** -17,
    ropeBase: 10000,
    ropePairing: "interleaved",
    activation: "silu",
    subNorms: false,
    int8Activations: false,
    ...changes,
  };
  const rng = createRng(seed);
  const floats = (length: number): Float32Array =>
    Float32Array.from({ length }, () => rng.normal() / 4);
  let at = 0;
  const weight = (shape: readonly number[]): WeightTensor =>
    pack(floats(shape[0]! * shape[1]!), shape, at++);
  const shapes = Object.entries(linearShapes(config)) as [LinearName, readonly number[]][];
  const layers = Array.from({ length: config.layers }, () => ({
    ...(Object.fromEntries(shapes.map(([name, shape]) => [name, weight(shape)])) as Record<
      LinearName,
      WeightTensor
    >),
    attentionNorm: floats(config.dim),
    feedForwardNorm: floats(config.dim),
    ...(config.subNorms
      ? {
          attentionSubNorm: floats(config.heads * config.headDim),
          feedForwardSubNorm: floats(config.hiddenDim),
        }
      : {}),
  })) satisfies DecoderLayer[];
  return {
    weights: {
      config,
      embedding: plainWeight(floats(config.vocabSize * config.dim), [config.vocabSize, config.dim]),
      layers,
      outputNorm: floats(config.dim),
    },
    tokenizer: byteTokenizer(config.vocabSize),
    metadata: { origin: "test", steps: 3 },
  };
}

/** f32 as it is. */
export function plainWeight(data: Float32Array, shape: readonly number[]): WeightTensor {
  return { dtype: "f32", shape, data };
}

/** Every format in turn. */
export function anyWeight(data: Float32Array, shape: readonly number[], at: number): WeightTensor {
  const codes = Uint8Array.from(data, (one) => (one > 0 ? 2 : 1));
  const rows = shape[0]!;
  const formats: (() => WeightTensor)[] = [
    () => quantizeInt8Channel(data, shape),
    () => quantizeInt8Channel(data, shape, { symmetric: false }),
    () => quantizeInt8Group(data, shape),
    () => quantizeInt8Group(data, shape, { groupSize: 16, scales: "f32" }),
    () => quantizeInt4Group(data, shape),
    () => quantizeInt4Group(data, shape, { symmetric: false, groupSize: 16, scales: "f32" }),
    () => {
      const groups = rows * Math.ceil(shape[1]! / 32);
      const mins = { dtype: "f16", data: new Uint16Array(groups).fill(0x3400) } as const;
      return { ...quantizeInt4Group(data, shape), mins };
    },
    () => quantizeTernary(data, shape),
    () => quantizeTernary(data, shape, { perRow: true }),
    () =>
      packNested({
        ...{ shape, seedBits: 1, bits: 2, codes },
        codebooks: [new Float32Array(rows * 2).fill(1), new Float32Array(rows * 4).fill(2)],
      }),
    () =>
      packBinaryCoded({
        ...{ shape, seedBits: 2, bits: 2, codes, groupSize: 32 },
        scales: [new Float32Array(rows * Math.ceil(shape[1]! / 32) * 3).fill(0.5)],
      }),
    () => ({ dtype: "f16", shape, data: encodeFloat16(data) }),
    () => ({ dtype: "bf16", shape, data: encodeBfloat16(data) }),
    () => plainWeight(data, shape),
  ];
  return formats[at % formats.length]!();
}

/** Three control tokens, 256 bytes and the letters: any text can be written. */
export function byteTokenizer(vocabSize: number): SentencePieceData {
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  });
  const letters = "abcdefghijklmnopqrstuvwxyz\u2581".split("");
  const known = [
    "<unk>",
    "<s>",
    "</s>",
    ...bytes,
    ...letters,
    "th",
    "the",
    "\u2581the",
    "he",
    "in",
  ];
  const tokens = Array.from({ length: vocabSize }, (_, id) => known[id] ?? `<unused${id}>`);
  return {
    kind: "sentencepiece",
    tokens,
    scores: tokens.map((_, id) => 0 - id),
    types: tokens.map((_, id) => {
      if (id === 0) return 2;
      if (id < 3) return 3;
      if (id < 259) return 6;
      return id < known.length ? 1 : 5;
    }),
    bos: 1,
    eos: 2,
    unknown: 0,
    addSpacePrefix: true,
    addBos: true,
    chatTemplate: "{{ messages[0].content }}",
  };
}
