import { encodeFloat16 } from "../../half.js";
import { quantizeInt4Group } from "../../packed/int4-group.js";
import { quantizeInt8Group } from "../../packed/int8-group.js";
import { quantizeTernary } from "../../packed/ternary.js";
import type { DecoderConfig } from "../decoder-config.js";
import { checkDecoderWeights, type WeightTensor } from "../decoder-weights.js";
import type { ModelContents } from "../model-contents.js";
import { weightFloats } from "../weight-floats.js";
import { createByteWriter } from "./byte-writer.js";
import { type EncodedBlocks, encodeBlocks } from "./encode-blocks.js";
import { GGML_TYPES, type GgmlTypeName } from "./ggml-type.js";
import { configKeys, ggufArchitecture, tokenizerKeys, writeKey } from "./gguf-keys.js";

/** Types that weights can be rounded to while they are written. */
export type GgufWriteType = "f32" | "f16" | "q8_0" | "q4_0" | "tq1_0" | "tq2_0";

/** Options of {@link writeGguf}. */
export interface WriteGgufOptions {
  /**
   * What linear layers are stored as; `"same"` keeps codes as they are, and refuses formats that GGUF does not
   * have. Rows that do not fill the type's blocks become f16.
   *
   * @default "same"
   */
  readonly type?: GgufWriteType | "same";
  /** What embedding and output are stored as. @default as `type`, q8_0 for the ternary types */
  readonly embeddingType?: GgufWriteType | "same";
  /** Named in the file. @default "edgewright" */
  readonly name?: string;
}

const ALIGNMENT = 32;

/**
 * Writes a model as GGUF version 3, as llama.cpp reads it: architecture `llama`, `bitnet` or `bitnet-b1.58`, with the
 * tokenizer.
 *
 * @throws UnsupportedError for weights, architectures and tokenizers that GGUF does not have.
 */
export function writeGguf(contents: ModelContents, options: WriteGgufOptions = {}): Uint8Array {
  const { weights, tokenizer } = contents;
  const { type = "same", name = "edgewright" } = options;
  const ternaryType = type === "tq1_0" || type === "tq2_0";
  const { embeddingType = ternaryType ? "q8_0" : type } = options;
  const { config, layers } = weights;
  checkDecoderWeights(weights, "writeGguf");
  const tensors: StoredTensor[] = [];
  const vector = (tensorName: string, data: Float32Array | readonly number[]): void => {
    const floats = Float32Array.from(data);
    tensors.push({ name: tensorName, shape: [floats.length], type: "f32", bytes: bytesOf(floats) });
  };
  const matrix = (
    tensorName: string,
    weight: WeightTensor,
    as: GgufWriteType | "same",
    heads?: number,
  ): void => {
    const encoded = encode(weight, as, tensorName);
    const bytes = heads === undefined ? encoded.bytes : reorderRows(encoded.bytes, config, heads);
    tensors.push({ name: tensorName, shape: weight.shape, type: encoded.type, bytes });
  };
  matrix("token_embd.weight", weights.embedding, embeddingType);
  vector("output_norm.weight", weights.outputNorm);
  if (weights.output) matrix("output.weight", weights.output, embeddingType);
  if (config.ropeFactors) vector("rope_freqs.weight", config.ropeFactors);
  layers.forEach((layer, at) => {
    const block = `blk.${at}.`;
    vector(`${block}attn_norm.weight`, layer.attentionNorm);
    matrix(`${block}attn_q.weight`, layer.query, type, config.heads);
    matrix(`${block}attn_k.weight`, layer.key, type, config.kvHeads);
    matrix(`${block}attn_v.weight`, layer.value, type);
    if (layer.attentionSubNorm) vector(`${block}attn_sub_norm.weight`, layer.attentionSubNorm);
    matrix(`${block}attn_output.weight`, layer.output, type);
    vector(`${block}ffn_norm.weight`, layer.feedForwardNorm);
    matrix(`${block}ffn_gate.weight`, layer.gate, type);
    matrix(`${block}ffn_up.weight`, layer.up, type);
    if (layer.feedForwardSubNorm) vector(`${block}ffn_sub_norm.weight`, layer.feedForwardSubNorm);
    matrix(`${block}ffn_down.weight`, layer.down, type);
  });
  const keys = configKeys(config, name);
  if (tokenizer) {
    for (const [key, value] of tokenizerKeys(tokenizer, config.vocabSize)) keys.set(key, value);
  }
  const writer = createByteWriter();
  writer.bytes(new TextEncoder().encode("GGUF"));
  writer.u32(3);
  writer.u64(tensors.length);
  writer.u64(keys.size);
  for (const [key, value] of keys) writeKey(writer, key, value);
  let offset = 0;
  for (const tensor of tensors) {
    writer.text(tensor.name);
    writer.u32(tensor.shape.length);
    for (const size of [...tensor.shape].reverse()) writer.u64(size);
    writer.u32(GGML_TYPES.find((known) => known.name === tensor.type)!.id);
    writer.u64(offset);
    offset += Math.ceil(tensor.bytes.length / ALIGNMENT) * ALIGNMENT;
  }
  writer.align(ALIGNMENT);
  const header = writer.finish();
  const file = new Uint8Array(header.length + offset);
  file.set(header);
  let at = header.length;
  for (const { bytes } of tensors) {
    file.set(bytes, at);
    at += Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
  }
  return file;
}

interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: GgmlTypeName;
  readonly bytes: Uint8Array;
}

function encode(weight: WeightTensor, as: GgufWriteType | "same", name: string): EncodedBlocks {
  if (as === "same") return encodeBlocks(weight, name);
  const { shape } = weight;
  const cols = shape.at(-1)!;
  const { elements } = GGML_TYPES.find((known) => known.name === as)!;
  const ternary = as === "tq1_0" || as === "tq2_0";
  if (ternary && "format" in weight && weight.format === "ternary") {
    return encodeBlocks(weight, name, as);
  }
  const data = weightFloats(weight);
  if (as === "f32") return { type: "f32", bytes: bytesOf(data) };
  if (as === "f16" || cols % elements !== 0) {
    return { type: "f16", bytes: bytesOf(encodeFloat16(data)) };
  }
  if (as === "q8_0") return encodeBlocks(quantizeInt8Group(data, shape), name);
  if (as === "q4_0") return encodeBlocks(quantizeInt4Group(data, shape), name);
  return encodeBlocks(quantizeTernary(data, shape), name, as);
}

// llama.cpp turns neighbours in `llama` files, and halves in BitNet's: rows of query and key follow.
function reorderRows(bytes: Uint8Array, config: DecoderConfig, heads: number): Uint8Array {
  const wanted = ggufArchitecture(config) === "llama" ? "interleaved" : "half";
  if (wanted === config.ropePairing) return bytes;
  const { headDim } = config;
  const rowBytes = bytes.length / (heads * headDim);
  const ordered = new Uint8Array(bytes.length);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < headDim; row++) {
      const pair = row >> 1;
      const interleaved = head * headDim + row;
      const half = head * headDim + (row & 1) * (headDim / 2) + pair;
      const [to, from] = wanted === "interleaved" ? [interleaved, half] : [half, interleaved];
      ordered.set(bytes.subarray(from * rowBytes, (from + 1) * rowBytes), to * rowBytes);
    }
  }
  return ordered;
}

function bytesOf(data: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
