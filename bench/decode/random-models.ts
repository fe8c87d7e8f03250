// Models of chosen shapes with random weights: for speed only. Every engine reads the very same file.
import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, encodeFloat16, type PackedTensor, type Rng, tensor } from "@edgewright/core";
import {
  type DecoderConfig,
  type DecoderLayer,
  type LinearName,
  linearShapes,
  type ModelContents,
  type SentencePieceData,
  type WeightTensor,
  writeEwq,
  writeGguf,
} from "@edgewright/core/model-files";

/** Shapes of llama2.c's models with a vocabulary of 32000, and BitNet b1.58 0.7B, by their parameters. */
export const SHAPES: Readonly<Record<"9M" | "15M" | "110M" | "BitNet 0.7B", DecoderConfig>> = {
  // Small, of columns that every format takes: to warm up with.
  "9M": describeShape({ dim: 256, hiddenDim: 768, layers: 2, heads: 4, contextLength: 256 }),
  "15M": describeShape({ dim: 288, hiddenDim: 768, layers: 6, heads: 6, contextLength: 256 }),
  "110M": describeShape({ dim: 768, hiddenDim: 2048, layers: 12, heads: 12, contextLength: 1024 }),
  "BitNet 0.7B": {
    ...describeShape({ dim: 1536, hiddenDim: 4096, layers: 24, heads: 16, contextLength: 2048 }),
    ...{ architecture: "bitnet", vocabSize: 32002, ropePairing: "half" },
    ...{ activation: "relu2", subNorms: true, int8Activations: true },
  },
};

/** Ways to store random weights: llama.cpp's by their names there, and ours. */
export type RandomFormat =
  | "f16"
  | "q8_0"
  | "q4_0"
  | "tq2_0"
  | "ternary"
  | "nested"
  | "binary-coded";

const GROUP = 64; // columns that share scales in a binary-coded weight

/** Widths of random models that have several. */
export const NESTED_WIDTHS = [2, 3, 4, 5, 6] as const;

/**
 * Path of a file with a random model, written to the folder of temporary files unless it is there.
 *
 * With `tq2_0` and `ternary` the embedding is `q8_0`, as llama.cpp's own converter has it.
 */
export async function randomModel(
  shape: keyof typeof SHAPES,
  format: RandomFormat,
): Promise<string> {
  const folder = join(tmpdir(), "edgewright-bench-decode");
  const ours = format === "nested" || format === "binary-coded" || format === "ternary";
  const path = join(folder, `${shape.replace(" ", "-")}-${format}.${ours ? "ewq" : "gguf"}`);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  mkdirSync(folder, { recursive: true });
  const contents = randomContents(SHAPES[shape], format);
  const bytes = ours ? writeEwq(contents) : writeGguf(contents);
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, bytes);
  renameSync(unfinished, path);
  return path;
}

function describeShape(
  sizes: Pick<DecoderConfig, "dim" | "hiddenDim" | "layers" | "heads" | "contextLength">,
): DecoderConfig {
  return {
    ...sizes,
    architecture: "llama",
    kvHeads: sizes.heads,
    headDim: sizes.dim / sizes.heads,
    vocabSize: 32000,
    normEpsilon: 1e-5,
    ropeBase: 10000,
    ropePairing: "interleaved",
    activation: "silu",
    subNorms: false,
    int8Activations: false,
  };
}

function randomContents(config: DecoderConfig, format: RandomFormat): ModelContents {
  const rng = createRng(1);
  const shapes = linearShapes(config);
  const weight = (shape: readonly number[], as: RandomFormat): WeightTensor =>
    randomWeight(rng, shape, as);
  const ones = (length = config.dim): Float32Array => new Float32Array(length).fill(1);
  const subNorms = (): Partial<DecoderLayer> =>
    config.subNorms ? { attentionSubNorm: ones(), feedForwardSubNorm: ones(config.hiddenDim) } : {};
  const layers = Array.from({ length: config.layers }, (): DecoderLayer => {
    const linear = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, weight(shape, format)]),
    ) as Record<LinearName, WeightTensor>;
    return { attentionNorm: ones(), feedForwardNorm: ones(), ...subNorms(), ...linear };
  });
  const embedding = weight([config.vocabSize, config.dim], format === "tq2_0" ? "q8_0" : format);
  return {
    weights: { config, embedding, layers, outputNorm: ones() },
    tokenizer: letterTokenizer(config.vocabSize),
    metadata: { "general.name": "random weights" },
  };
}

// Codes are drawn rather than weights: a hundred million normals would take a minute. Scales make the
// weights' standard deviation about 0.05.
function randomWeight(rng: Rng, shape: readonly number[], format: RandomFormat): WeightTensor {
  const [rows, cols] = shape as [number, number];
  const random = (bytes: number): Uint8Array => randomBytes(rng.nextUint32(), bytes);
  const halves = (count: number, bits: number): PackedFloats16 => ({
    dtype: "f16",
    data: new Uint16Array(count).fill(bits),
  });
  switch (format) {
    case "q4_0":
      return {
        ...{ format: "int4-group", shape, groupSize: 32, codes: random((rows * cols) / 2) },
        scales: halves((rows * cols) / 32, 0x21a3), // 0.0110
      };
    case "q8_0":
      return {
        ...{ format: "int8-group", shape, groupSize: 32 },
        codes: new Int8Array(random(rows * cols).buffer),
        scales: halves((rows * cols) / 32, 0x1192), // 0.00068
      };
    case "ternary":
    case "tq2_0":
      return randomTernary(random((rows * cols) / 4), shape);
    case "nested": {
      const codebooks = NESTED_WIDTHS.flatMap((width) => {
        const row = Array.from(
          { length: 2 ** width },
          (_, i) => 0.1 * ((2 * i + 1) / 2 ** width - 1),
        );
        return Array.from({ length: rows }, () => row).flat();
      });
      return {
        ...{ format: "nested", shape, seedBits: NESTED_WIDTHS[0], bits: NESTED_WIDTHS.at(-1)! },
        planes: random((NESTED_WIDTHS.at(-1)! * rows * cols) / 8),
        rowsPerCodebook: 1,
        codebooks: { dtype: "f16", data: encodeFloat16(Float32Array.from(codebooks)) },
      };
    }
    case "binary-coded": {
      // An offset, then a scale a plane, each half of the one before.
      const row = NESTED_WIDTHS.flatMap((width) => [
        0,
        ...Array.from({ length: width }, (_, plane) => 0.044 / 2 ** plane),
      ]);
      const scales = NESTED_WIDTHS.flatMap((width, at) => {
        const start = NESTED_WIDTHS.slice(0, at).reduce((sum, w) => sum + w + 1, 0);
        const one = row.slice(start, start + width + 1);
        return Array.from({ length: rows * Math.ceil(cols / GROUP) }, () => one).flat();
      });
      return {
        ...{
          format: "binary-coded",
          shape,
          seedBits: NESTED_WIDTHS[0],
          bits: NESTED_WIDTHS.at(-1)!,
        },
        ...{ planes: random((NESTED_WIDTHS.at(-1)! * rows * cols) / 8), groupSize: GROUP },
        scales: { dtype: "f16", data: encodeFloat16(scales) },
      };
    }
    case "f16": {
      const data = new Uint16Array(random(rows * cols * 2).buffer);
      // Exponents of 2^-5 and 2^-4, any sign and fraction.
      for (let i = 0; i < data.length; i++) data[i] = (data[i]! & 0x87ff) | 0x2800;
      return tensor("f16", shape, data);
    }
  }
}

type PackedFloats16 = { readonly dtype: "f16"; readonly data: Uint16Array };

// A weight is -1 for the bits 00, 0 for 01 and 1 for 10; the fourth pair becomes 0.
function randomTernary(codes: Uint8Array, shape: readonly number[]): PackedTensor {
  for (let i = 0; i < codes.length; i++) {
    const byte = codes[i]!;
    const both = byte & (byte >> 1) & 0x55;
    codes[i] = byte & ~(both << 1);
  }
  return { format: "ternary", shape, codes, scales: Float32Array.of(0.0625) };
}

// Xorshift (Marsaglia 2003): Philox would take seconds for what only has to look random.
function randomBytes(seed: number, count: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(count / 4));
  let state = seed | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, count);
}

// Letters with a space before them are tokens; the rest of the vocabulary is never written.
function letterTokenizer(vocabSize: number): SentencePieceData {
  const tokens = ["<unk>", "<s>", "</s>"];
  const types = [2, 3, 3];
  const add = (text: string, type: number): void => {
    tokens.push(text);
    types.push(type);
  };
  for (let byte = 0; byte < 256; byte++) {
    add(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, 6);
  }
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  for (const text of ["▁", ...letters, ...letters.map((letter) => `▁${letter}`)]) add(text, 1);
  while (tokens.length < vocabSize) add(`~${tokens.length}~`, 1);
  return {
    ...{ kind: "sentencepiece", tokens, types, scores: tokens.map((_, i) => -i) },
    ...{ bos: 1, eos: 2, unknown: 0, addSpacePrefix: true, addBos: true },
  };
}

/** A text that is `count` tokens long for a random model, its beginning included. */
export function letterText(count: number): string {
  const letters = Array.from({ length: count - 1 }, (_, i) =>
    String.fromCharCode(97 + ((i * 7) % 26)),
  );
  return letters.join(" ");
}
