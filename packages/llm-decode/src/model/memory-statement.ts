import {
  createReadBuffers,
  type DecoderConfig,
  type LinearName,
  linearShapes,
  type OpenedModel,
  type WeightName,
} from "@edgewright/core/model-files";
import { type KvCacheType, kvCacheBytes, packedLinearBytes } from "@edgewright/kernels/language";

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
 * some per cent, where all blocks are as large as the first one, whose form is read.
 */
export async function estimateMemory(
  model: OpenedModel,
  options: MemoryOptions = {},
): Promise<MemoryStatement> {
  const { config, tied } = model;
  const { capacity = config.contextLength, cacheType = "f16", maxRows = 64 } = options;
  const shapes = linearShapes(config);
  const buffers = createReadBuffers();
  const bytesOf = async (name: WeightName, rows: number): Promise<number> =>
    packedLinearBytes((await model.openWeight(name, buffers)).like, rows);
  let weights = await bytesOf({ name: "embedding" }, config.vocabSize);
  if (!tied) weights += await bytesOf({ name: "output" }, config.vocabSize);
  let layer = 0;
  for (const [name, [rows]] of Object.entries(shapes) as [
    LinearName,
    readonly [number, number],
  ][]) {
    layer += await bytesOf({ layer: 0, name }, rows);
  }
  for (const norm of Object.values(await model.readNorms(0)) as Float32Array[]) {
    layer += norm.byteLength;
  }
  weights += layer * config.layers + config.dim * 4;
  const { layers, kvHeads, headDim } = config;
  const cache = kvCacheBytes({ layers, kvHeads, headDim, capacity, type: cacheType });
  const activations = activationBytes(config, Math.min(maxRows, capacity), capacity);
  return { weights, cache, activations, total: weights + cache + activations };
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
