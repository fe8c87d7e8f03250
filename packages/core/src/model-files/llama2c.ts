import { throwIfAborted, ValidationError } from "../errors.js";
import { sizeOf, type Tensor } from "../tensor.js";
import type { ByteSource } from "./byte-source.js";
import { checkDecoderConfig, type DecoderConfig } from "./decoder-config.js";
import {
  checkDecoderWeights,
  type DecoderLayer,
  type DecoderWeights,
  linearShapes,
} from "./decoder-weights.js";
import type { ReadOptions } from "./read-options.js";
import type { SentencePieceData } from "./tokenizer-data.js";

const MAGIC_V1 = 0x616b3432; // "ak42"
const HEADER_V0 = 28;
const HEADER_V1 = 256;
const SPACE = "\u2581";

/**
 * Reads a checkpoint of llama2.c: version 0 (seven sizes, then the weights) or version 1 (magic `ak42`).
 * It holds no tokenizer; see {@link readLlama2cTokenizer}.
 *
 * @throws ValidationError when the sizes cannot be, or do not give the length of the file.
 * @throws ValidationError for version 2, the quantised export.
 */
export async function readLlama2c(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<DecoderWeights> {
  const { signal } = options;
  const head = await source.read(0, Math.min(HEADER_V1, source.size), signal);
  const header = readHeader(source, head);
  const { config, tied } = header;
  const { dim, hiddenDim, vocabSize, layers: count } = config;
  const shapes = linearShapes(config);
  const half = config.headDim / 2;
  const plan: readonly (readonly [string, readonly number[]])[] =
    header.version === 0
      ? [
          ["embedding", [vocabSize, dim]],
          ["attentionNorm", [count, dim]],
          ["query", [count, ...shapes.query]],
          ["key", [count, ...shapes.key]],
          ["value", [count, ...shapes.value]],
          ["output", [count, ...shapes.output]],
          ["feedForwardNorm", [count, dim]],
          ["gate", [count, ...shapes.gate]],
          ["down", [count, ...shapes.down]],
          ["up", [count, ...shapes.up]],
          ["outputNorm", [dim]],
          ["rotation", [2, config.contextLength, half]], // cosines and sines, which the engine has itself
          ...(tied ? [] : [["head", [vocabSize, dim]] as const]),
        ]
      : [
          ["attentionNorm", [count, dim]],
          ["feedForwardNorm", [count, dim]],
          ["outputNorm", [dim]],
          ["embedding", [vocabSize, dim]],
          ["query", [count, ...shapes.query]],
          ["key", [count, ...shapes.key]],
          ["value", [count, ...shapes.value]],
          ["output", [count, ...shapes.output]],
          ["gate", [count, ...shapes.gate]],
          ["down", [count, ...shapes.down]],
          ["up", [count, ...shapes.up]],
          ...(tied ? [] : [["head", [vocabSize, dim]] as const]),
        ];
  const expected = plan.reduce((sum, [, shape]) => sum + 4 * sizeOf(shape), header.bytes);
  // Some exports of version 0 go on behind the weights; none ends earlier.
  if (source.size < expected || (header.version === 1 && source.size !== expected)) {
    throw fault(
      source,
      `its sizes (dim ${dim}, hidden ${hiddenDim}, ${count} layers, vocabulary ${vocabSize}) make ` +
        `${expected} bytes, the file has ${source.size}`,
    );
  }
  const parts = new Map<string, Float32Array>();
  let at = header.bytes;
  for (const [name, shape] of plan) {
    throwIfAborted(signal, "readLlama2c");
    const end = at + 4 * sizeOf(shape);
    if (name !== "rotation") parts.set(name, floatsOf(await source.read(at, end, signal)));
    at = end;
    options.onProgress?.({ stage: "read", loaded: at, total: expected });
  }
  const layerPart = (name: string, layer: number): Float32Array => {
    const all = parts.get(name)!;
    const size = all.length / count;
    return all.subarray(layer * size, (layer + 1) * size);
  };
  const weights: DecoderWeights = {
    config,
    embedding: matrix([vocabSize, dim], parts.get("embedding")!),
    outputNorm: parts.get("outputNorm")!,
    layers: Array.from({ length: count }, (_, layer): DecoderLayer => {
      const linear = (name: keyof typeof shapes): Tensor<"f32"> =>
        matrix(shapes[name], layerPart(name, layer));
      return {
        attentionNorm: layerPart("attentionNorm", layer),
        query: linear("query"),
        key: linear("key"),
        value: linear("value"),
        output: linear("output"),
        feedForwardNorm: layerPart("feedForwardNorm", layer),
        gate: linear("gate"),
        up: linear("up"),
        down: linear("down"),
      };
    }),
    ...(tied ? {} : { output: matrix([vocabSize, dim], parts.get("head")!) }),
  };
  checkDecoderWeights(weights, `readLlama2c: ${source.name}`);
  return weights;
}

/** Whether bytes begin as a llama2.c checkpoint does: its magic, or seven sizes that fit one another. */
export function looksLikeLlama2c(head: Uint8Array): boolean {
  if (head.length < HEADER_V0) return false;
  const words = wordsOf(head);
  if (words[0] === MAGIC_V1) return true;
  const [dim, hidden, layers, heads, kvHeads, vocab, context] = words as unknown as number[];
  const small = [dim, hidden, layers, heads, kvHeads, Math.abs(vocab!), context].every(
    (size) => size! >= 1 && size! <= 2 ** 24,
  );
  return small && dim! % heads! === 0 && heads! % kvHeads! === 0;
}

/**
 * Reads the tokenizer file of llama2.c (`tokenizer.bin`, `tok512.bin`): the longest piece, then a score, a
 * length and a text for each of `vocabSize` tokens.
 *
 * @throws ValidationError when it does not hold as many tokens, or is cut off.
 */
export async function readLlama2cTokenizer(
  source: ByteSource,
  vocabSize: number,
  options: ReadOptions = {},
): Promise<SentencePieceData> {
  const bytes = await source.read(0, source.size, options.signal);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const tokens: string[] = [];
  const scores: number[] = [];
  const types: number[] = [];
  let at = 4;
  for (let id = 0; id < vocabSize; id++) {
    const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : -1;
    if (length < 0 || at + 8 + length > bytes.length) {
      throw new ValidationError(
        `readLlama2cTokenizer: ${source.name}: expected ${vocabSize} tokens, token ${id} at byte ${at} ` +
          `does not fit ${bytes.length} bytes; is it the tokenizer of this model?`,
        { where: source.name },
      );
    }
    const text = decoder.decode(bytes.subarray(at + 8, at + 8 + length));
    scores.push(view.getFloat32(at, true));
    tokens.push(id < 3 ? ["<unk>", "<s>", "</s>"][id]! : text.replaceAll(" ", SPACE));
    types.push(id === 0 ? 2 : id < 3 ? 3 : /^<0x[0-9A-F]{2}>$/.test(text) ? 6 : 1);
    at += 8 + length;
  }
  if (at !== bytes.length) {
    throw new ValidationError(
      `readLlama2cTokenizer: ${source.name} holds more than ${vocabSize} tokens: ${bytes.length - at} bytes ` +
        "are left; is it the tokenizer of this model?",
      { where: source.name },
    );
  }
  return {
    kind: "sentencepiece",
    tokens,
    scores,
    types,
    bos: 1,
    eos: 2,
    unknown: 0,
    addSpacePrefix: true,
    addBos: true,
  };
}

interface Header {
  readonly version: 0 | 1;
  readonly bytes: number;
  readonly tied: boolean;
  readonly config: DecoderConfig;
}

function readHeader(source: ByteSource, head: Uint8Array): Header {
  if (head.length < HEADER_V0) throw fault(source, `expected a header, got ${head.length} bytes`);
  const words = wordsOf(head);
  if (words[0] !== MAGIC_V1) {
    const vocabSize = words[5]!;
    const sizes = Array.from(words.subarray(0, 7));
    return {
      version: 0,
      bytes: HEADER_V0,
      tied: vocabSize > 0,
      config: configOf(source, sizes),
    };
  }
  if (words[1] !== 1) {
    throw fault(source, `expected version 0 or 1, got ${words[1]}; export it as version 1`);
  }
  if (head.length < HEADER_V1) throw fault(source, `expected a header of ${HEADER_V1} bytes`);
  const sizes = Array.from(words.subarray(2, 9));
  const shared = head[36]!;
  if (shared > 1) throw fault(source, `expected 0 or 1 for a shared classifier, got ${shared}`);
  return { version: 1, bytes: HEADER_V1, tied: shared === 1, config: configOf(source, sizes) };
}

function configOf(source: ByteSource, sizes: number[]): DecoderConfig {
  const [dim, hiddenDim, layers, heads, kvHeads, vocabSize, contextLength] = sizes as [
    ...[number, number, number, number, number, number, number],
  ];
  return checkDecoderConfig(
    {
      architecture: "llama",
      dim,
      hiddenDim,
      layers,
      heads,
      kvHeads,
      headDim: dim / heads,
      vocabSize: Math.abs(vocabSize),
      contextLength,
      normEpsilon: 1e-5,
      ropeBase: 10000,
      ropePairing: "interleaved",
      activation: "silu",
      subNorms: false,
      int8Activations: false,
    },
    `readLlama2c: ${source.name}`,
  );
}

function wordsOf(head: Uint8Array): Int32Array {
  return new Int32Array(head.slice(0, head.length - (head.length % 4)).buffer);
}

// A copy: sources may keep what they gave, at any alignment.
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function matrix(shape: readonly number[], data: Float32Array): Tensor<"f32"> {
  return { dtype: "f32", shape, data };
}

function fault(source: ByteSource, what: string): ValidationError {
  return new ValidationError(`readLlama2c: ${source.name}: ${what}`, { where: source.name });
}
