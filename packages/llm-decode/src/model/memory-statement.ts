import { packedBytes } from "@edgewright/core";
import type { DecoderConfig, OpenedModel, WeightTensor } from "@edgewright/core/model-files";
import { type KvCacheType, kvCacheBytes } from "@edgewright/kernels/language";

/** Bytes of WebAssembly memory, by what they hold. */
export interface MemoryStatement {
  readonly weights: number;
  /** Keys and values of the cache, at its full capacity. */
  readonly cache: number;
  /** Activations, arguments, tables. */
  readonly activations: number;
  readonly total: number;
}

/** What {@link estimateMemory} depends on besides the weights. */
export interface MemoryOptions {
  /** @default the model's context length */
  readonly capacity?: number;
  /** @default "f16" */
  readonly cacheType?: KvCacheType;
  /** @default 64 */
  readonly maxRows?: number;
}

/**
 * What a model and one session of it will take in WebAssembly memory, before anything is taken: right within
 * some per cent, since panels are rounded up, where all blocks are as large as the first one, which is read.
 */
export async function estimateMemory(
  model: OpenedModel,
  options: MemoryOptions = {},
): Promise<MemoryStatement> {
  const { config, tied } = model;
  const { capacity = config.contextLength, cacheType = "f16", maxRows = 64 } = options;
  const embedding = bytesOf(await model.readEmbedding());
  let layer = 0;
  for (const part of Object.values(await model.readLayer(0)) as (WeightTensor | Float32Array)[]) {
    layer += part instanceof Float32Array ? part.byteLength : bytesOf(part);
  }
  const weights = embedding * (tied ? 1 : 2) + layer * config.layers + config.dim * 4;
  const { layers, kvHeads, headDim } = config;
  const cache = kvCacheBytes({ layers, kvHeads, headDim, capacity, type: cacheType });
  const activations = activationBytes(config, Math.min(maxRows, capacity), capacity);
  return { weights, cache, activations, total: weights + cache + activations };
}

function bytesOf(weight: WeightTensor): number {
  return "format" in weight ? packedBytes(weight) : weight.data.byteLength;
}

function activationBytes(config: DecoderConfig, rows: number, capacity: number): number {
  const { dim, hiddenDim, heads, kvHeads, headDim, vocabSize, subNorms } = config;
  const inner = heads * headDim;
  const row =
    2 * dim +
    (heads + 2 * kvHeads) * headDim +
    inner +
    3 * hiddenDim +
    (subNorms ? inner + hiddenDim : 0);
  const workspace = 2 * Math.max(dim, hiddenDim); // activations in few bits
  return 4 * (rows * (row + workspace + rows) + vocabSize) + capacity * headDim * 4;
}
