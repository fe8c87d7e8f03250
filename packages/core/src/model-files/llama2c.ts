import { ValidationError } from "../errors.js";
import { sizeOf } from "../tensor.js";
import type { ByteSource } from "./byte-source.js";
import { checkDecoderConfig, type DecoderConfig } from "./decoder-config.js";
import { linearShapes } from "./decoder-weights.js";
import { createOpenedModel, type OpenedModel, type WeightName } from "./opened-model.js";
import type { ReadOptions } from "./read-options.js";
import type { SentencePieceData } from "./tokenizer-data.js";
import { storedRows, viewNumbers } from "./weight-rows.js";

const MAGIC_V1 = 0x616b3432; // "ak42"
const HEADER_V0 = 28;
const HEADER_V1 = 256;
const SPACE = "\u2581";

/**
 * Opens a checkpoint of llama2.c: version 0 (seven sizes, then the weights) or version 1 (magic `ak42`).
 * It holds no tokenizer; see {@link readLlama2cTokenizer}.
 *
 * @throws ValidationError when the sizes cannot be, or do not give the length of the file, and for version 2, the
 * quantised export.
 */
export async function openLlama2c(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<OpenedModel> {
  const { signal } = options;
  const head = await source.read(0, Math.min(HEADER_V1, source.size), signal);
  const { version, config, tied, bytes } = readHeader(source, head);
  const { dim, hiddenDim, vocabSize, layers } = config;
  // By name: the first byte, and the bytes of one block or of the whole.
  const places = new Map<string, { readonly begin: number; readonly bytes: number }>();
  let end = bytes;
  for (const [name, count, shape] of layoutOf(version, config, tied)) {
    places.set(name, { begin: end, bytes: 4 * sizeOf(shape) });
    end += count * 4 * sizeOf(shape);
  }
  // Some exports of version 0 go on behind the weights; none ends earlier.
  if (source.size < end || (version === 1 && source.size !== end)) {
    throw fault(
      source,
      `its sizes (dim ${dim}, hidden ${hiddenDim}, ${layers} layers, vocabulary ${vocabSize}) make ` +
        `${end} bytes, the file has ${source.size}`,
    );
  }
  let loaded = 0;
  const report = (_end: number, bytes: number): void => {
    loaded += bytes;
    options.onProgress?.({ stage: "read", loaded, total: source.size });
  };
  const beginOf = (name: string, layer: number): number => {
    const place = places.get(name)!;
    return place.begin + layer * place.bytes;
  };
  const read = async (name: string, layer: number): Promise<Float32Array> => {
    const begin = beginOf(name, layer);
    const { bytes } = places.get(name)!;
    const data = floatsOf(await source.read(begin, begin + bytes, signal));
    report(begin + bytes, bytes);
    return data;
  };
  const shapes = linearShapes(config);
  const shapeOf = (of: WeightName): readonly number[] =>
    of.layer === undefined ? [vocabSize, dim] : shapes[of.name];
  const storedName = ({ layer, name }: WeightName): string =>
    layer === undefined && name === "output" ? "head" : name;
  return createOpenedModel({
    config,
    tokenizer: undefined,
    metadata: {},
    tied,
    where: `openModel: ${source.name}`,
    async matrix(of) {
      return { dtype: "f32", shape: shapeOf(of), data: await read(storedName(of), of.layer ?? 0) };
    },
    async rows(of, buffers) {
      const shape = shapeOf(of);
      const begin = beginOf(storedName(of), of.layer ?? 0);
      const end = begin + 4 * sizeOf(shape);
      return storedRows(
        { source, begin, end, shape, buffers, signal, onRead: report },
        (bytes, piece) => ({
          dtype: "f32",
          shape: piece,
          data: viewNumbers("f32", bytes, buffers),
        }),
      );
    },
    vector: ({ layer, name }) => read(name, layer ?? 0),
  });
}

// Name, how many times, shape: in the order of the file.
function layoutOf(
  version: 0 | 1,
  config: DecoderConfig,
  tied: boolean,
): readonly (readonly [string, number, readonly number[]])[] {
  const { dim, vocabSize, layers, headDim, contextLength } = config;
  const shapes = linearShapes(config);
  const attention = [
    ["query", layers, shapes.query],
    ["key", layers, shapes.key],
    ["value", layers, shapes.value],
    ["output", layers, shapes.output],
  ] as const;
  const feedForward = [
    ["gate", layers, shapes.gate],
    ["down", layers, shapes.down],
    ["up", layers, shapes.up],
  ] as const;
  const head = tied ? [] : ([["head", 1, [vocabSize, dim]]] as const);
  if (version === 1) {
    return [
      ["attentionNorm", layers, [dim]],
      ["feedForwardNorm", layers, [dim]],
      ["outputNorm", 1, [dim]],
      ["embedding", 1, [vocabSize, dim]],
      ...attention,
      ...feedForward,
      ...head,
    ];
  }
  return [
    ["embedding", 1, [vocabSize, dim]],
    ["attentionNorm", layers, [dim]],
    ...attention,
    ["feedForwardNorm", layers, [dim]],
    ...feedForward,
    ["outputNorm", 1, [dim]],
    ["rotation", 1, [contextLength, headDim]], // cosines and sines, which an engine has itself
    ...head,
  ];
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
    `openModel: ${source.name}`,
  );
}

function wordsOf(head: Uint8Array): Int32Array {
  return new Int32Array(head.slice(0, head.length - (head.length % 4)).buffer);
}

// A copy: sources may keep what they gave, at any alignment.
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function fault(source: ByteSource, what: string): ValidationError {
  return new ValidationError(`openModel: ${source.name}: ${what}`, { where: source.name });
}
