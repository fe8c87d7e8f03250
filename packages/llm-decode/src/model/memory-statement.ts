import { packedBytes } from "@edgewright/core";
import type { DecoderConfig, DecoderWeights, WeightTensor } from "@edgewright/core/model-files";
import type { KvCacheType } from "@edgewright/kernels/language";

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
 * What a model and one session of it will take in WebAssembly memory, before anything is taken; right within
 * some per cent, since panels are rounded up.
 */
export function estimateMemory(
  weights: DecoderWeights,
  options: MemoryOptions = {},
): MemoryStatement {
  const { config } = weights;
  const { capacity = config.contextLength, cacheType = "f16", maxRows = 64 } = options;
  let sum = weights.outputNorm.byteLength + bytesOf(weights.embedding);
  if (weights.output) sum += bytesOf(weights.output);
  for (const layer of weights.layers) {
    for (const part of Object.values(layer) as (WeightTensor | Float32Array)[]) {
      sum += part instanceof Float32Array ? part.byteLength : bytesOf(part);
    }
  }
  const cache = cacheBytes(config, capacity, cacheType);
  const activations = activationBytes(config, Math.min(maxRows, capacity), capacity);
  return { weights: sum, cache, activations, total: sum + cache + activations };
}

function bytesOf(weight: WeightTensor): number {
  return "format" in weight ? packedBytes(weight) : weight.data.byteLength;
}

function cacheBytes(
  { layers, kvHeads, headDim }: DecoderConfig,
  capacity: number,
  type: KvCacheType,
): number {
  const vectorBytes = type === "f32" ? headDim * 4 : type === "f16" ? headDim * 2 : headDim + 4;
  return 2 * layers * kvHeads * capacity * vectorBytes;
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
