import { ValidationError } from "../errors.js";
import type { PackedTensor } from "../packed/packed-tensor.js";
import { formatShape, sameShape } from "../shape.js";
import { sizeOf, type Tensor } from "../tensor.js";
import type { DecoderConfig } from "./decoder-config.js";

/** Numbers in 16-bit storage, as files hold them. */
export type HalfTensor = Tensor<"f16"> | Tensor<"bf16">;

/** The weights of a linear layer or an embedding, in whichever form a file has them. */
export type WeightTensor = PackedTensor | Tensor<"f32"> | HalfTensor;

/** Weights of one decoder block. Linear layers are `[out, in]`, row-major: `y = W x`. */
export interface DecoderLayer {
  /** [dim] */
  readonly attentionNorm: Float32Array;
  /** [heads * headDim, dim] */
  readonly query: WeightTensor;
  /** [kvHeads * headDim, dim] */
  readonly key: WeightTensor;
  /** [kvHeads * headDim, dim] */
  readonly value: WeightTensor;
  /** [heads * headDim], before `output`; present exactly where the configuration has `subNorms`. */
  readonly attentionSubNorm?: Float32Array;
  /** [dim, heads * headDim] */
  readonly output: WeightTensor;
  /** [dim] */
  readonly feedForwardNorm: Float32Array;
  /** [hiddenDim, dim]; llama2.c's w1 */
  readonly gate: WeightTensor;
  /** [hiddenDim, dim]; llama2.c's w3 */
  readonly up: WeightTensor;
  /** [hiddenDim], before `down`; present exactly where the configuration has `subNorms`. */
  readonly feedForwardSubNorm?: Float32Array;
  /** [dim, hiddenDim]; llama2.c's w2 */
  readonly down: WeightTensor;
}

/** All weights of a language model. */
export interface DecoderWeights {
  readonly config: DecoderConfig;
  /** [vocabSize, dim] */
  readonly embedding: WeightTensor;
  readonly layers: readonly DecoderLayer[];
  /** [dim] */
  readonly outputNorm: Float32Array;
  /** [vocabSize, dim]; absent where the model ties it to the embedding. */
  readonly output?: WeightTensor;
}

/** Names of the linear layers of a block, in the order in which a forward pass meets them. */
export type LinearName = "query" | "key" | "value" | "output" | "gate" | "up" | "down";

/** The shape `[out, in]` of every linear layer of a block. */
export function linearShapes(config: DecoderConfig): Record<LinearName, readonly [number, number]> {
  const { dim, hiddenDim } = config;
  const inner = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  return {
    query: [inner, dim],
    key: [kv, dim],
    value: [kv, dim],
    output: [dim, inner],
    gate: [hiddenDim, dim],
    up: [hiddenDim, dim],
    down: [dim, hiddenDim],
  };
}

/**
 * Checks that every weight is there and has the shape that the configuration gives it.
 *
 * @throws ValidationError naming the first weight that does not fit.
 */
export function checkDecoderWeights(weights: DecoderWeights, where = "checkDecoderWeights"): void {
  const { config, layers } = weights;
  const { dim, hiddenDim, vocabSize } = config;
  const inner = config.heads * config.headDim;
  const fault = (name: string, expected: string, got: string): ValidationError =>
    new ValidationError(`${where}: ${name} must be ${expected}, got ${got}`, { where: name });
  const vector = (name: string, data: Float32Array | undefined, length: number): void => {
    if (data?.length !== length) {
      throw fault(name, `${length} numbers`, data ? `${data.length}` : "nothing");
    }
  };
  const matrix = (
    name: string,
    found: WeightTensor | undefined,
    shape: readonly number[],
  ): void => {
    if (!found || !sameShape(found.shape, shape)) {
      const got = found ? formatShape(found.shape) : "nothing";
      throw fault(name, `a weight of shape ${formatShape(shape)}`, got);
    }
    if ("dtype" in found && found.data.length !== sizeOf(shape)) {
      throw fault(name, `${sizeOf(shape)} numbers`, `${found.data.length}`);
    }
  };
  if (layers.length !== config.layers) {
    throw fault("layers", `${config.layers} blocks`, `${layers.length}`);
  }
  matrix("embedding", weights.embedding, [vocabSize, dim]);
  vector("outputNorm", weights.outputNorm, dim);
  if (weights.output) matrix("output", weights.output, [vocabSize, dim]);
  const shapes = Object.entries(linearShapes(config)) as [LinearName, readonly number[]][];
  layers.forEach((layer, at) => {
    vector(`layers[${at}].attentionNorm`, layer.attentionNorm, dim);
    vector(`layers[${at}].feedForwardNorm`, layer.feedForwardNorm, dim);
    for (const [name, shape] of shapes) matrix(`layers[${at}].${name}`, layer[name], shape);
    if (config.subNorms) {
      vector(`layers[${at}].attentionSubNorm`, layer.attentionSubNorm, inner);
      vector(`layers[${at}].feedForwardSubNorm`, layer.feedForwardSubNorm, hiddenDim);
    }
  });
}
