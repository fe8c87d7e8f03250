import { type Rng, type Tensor, ValidationError } from "@edgewright/core";
import {
  checkDecoderWeights,
  type DecoderConfig,
  type DecoderWeights,
  type LinearName,
  linearShapes,
  type WeightTensor,
  weightFloats,
} from "@edgewright/core/model-files";
import { createParameter, type Parameter } from "../engine/parameter.js";

/** Parameters of one decoder block, as {@link DecoderWeights} lays them out: linear weights are [out, in]. */
export interface BlockParameters extends Readonly<Record<LinearName, Parameter>> {
  /** [dim] */
  readonly attentionNorm: Parameter;
  /** [dim] */
  readonly feedForwardNorm: Parameter;
  /** [heads * headDim], with `subNorms`. */
  readonly attentionSubNorm?: Parameter;
  /** [hiddenDim], with `subNorms`. */
  readonly feedForwardSubNorm?: Parameter;
}

/** Parameters of a language model; their names are the paths: `layers.0.query`. */
export interface LanguageModelParameters {
  /** [vocabSize, dim] */
  readonly embedding: Parameter;
  readonly layers: readonly BlockParameters[];
  /** [dim] */
  readonly outputNorm: Parameter;
  /** [vocabSize, dim], where it is not the embedding. */
  readonly output?: Parameter;
}

/** What {@link createParameters} needs besides the configuration. */
export interface ParameterSource {
  readonly prefix: string;
  readonly trainable: boolean;
  /** The values of a parameter by its path. */
  valuesOf(path: string, shape: readonly number[]): ArrayLike<number>;
  /** Whether there is an output matrix besides the embedding. */
  readonly hasOutput: boolean;
}

/** Makes the parameters of a model, in the order of a forward pass. */
export function createParameters(
  config: DecoderConfig,
  source: ParameterSource,
): LanguageModelParameters {
  const make = (path: string, shape: readonly number[]): Parameter =>
    createParameter({
      name: `${source.prefix}${path}`,
      shape,
      data: source.valuesOf(path, shape),
      trainable: source.trainable,
    });
  const shapes = linearShapes(config);
  const inner = config.heads * config.headDim;
  const embedding = make("embedding", [config.vocabSize, config.dim]);
  const layers = Array.from({ length: config.layers }, (_, i): BlockParameters => {
    const at = `layers.${i}`;
    const linear = (name: LinearName): Parameter => make(`${at}.${name}`, shapes[name]);
    return {
      attentionNorm: make(`${at}.attentionNorm`, [config.dim]),
      ...{ query: linear("query"), key: linear("key"), value: linear("value") },
      ...(config.subNorms && { attentionSubNorm: make(`${at}.attentionSubNorm`, [inner]) }),
      output: linear("output"),
      feedForwardNorm: make(`${at}.feedForwardNorm`, [config.dim]),
      ...{ gate: linear("gate"), up: linear("up") },
      ...(config.subNorms && {
        feedForwardSubNorm: make(`${at}.feedForwardSubNorm`, [config.hiddenDim]),
      }),
      down: linear("down"),
    };
  });
  return {
    embedding,
    layers,
    outputNorm: make("outputNorm", [config.dim]),
    ...(source.hasOutput && { output: make("output", [config.vocabSize, config.dim]) }),
  };
}

/**
 * Values for a model that has learnt nothing: norms of 1, an embedding of deviation 0.05, linear weights of
 * deviation 1 / sqrt(in), those that add to the residual stream smaller by sqrt(2 layers) (GPT-2's rule, which
 * keeps the stream's size from growing with depth).
 */
export function drawnValues(config: DecoderConfig, rng: Rng): ParameterSource["valuesOf"] {
  return (path, shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    if (shape.length === 1) return new Float32Array(size).fill(1);
    const inputs = shape[1]!;
    const isTable = path === "embedding" || path === "output";
    const residual = path.endsWith(".output") || path.endsWith(".down");
    const deviation = isTable ? 0.05 : 1 / Math.sqrt(inputs * (residual ? 2 * config.layers : 1));
    return Float32Array.from({ length: size }, () => rng.normal(0, deviation));
  };
}

/** Values from the weights of a file, unpacked to 32-bit floats. */
export function givenValues(weights: DecoderWeights, where: string): ParameterSource["valuesOf"] {
  checkDecoderWeights(weights, where);
  return (path) => {
    const [first, layer, name] = path.split(".");
    const holder: object = first === "layers" ? weights.layers[Number(layer)]! : weights;
    const found = (holder as Record<string, WeightTensor | Float32Array | undefined>)[
      name ?? first!
    ];
    if (found === undefined) throw new ValidationError(`${where}: there is no ${path}`);
    return found instanceof Float32Array ? found : weightFloats(found);
  };
}

/** The weights as files hold them, with every matrix made by `matrixOf`. */
export function weightsFrom(
  config: DecoderConfig,
  { embedding, layers, outputNorm, output }: LanguageModelParameters,
  matrixOf: (parameter: Parameter, isLinear: boolean) => WeightTensor,
): DecoderWeights {
  return {
    config,
    embedding: matrixOf(embedding, false),
    layers: layers.map((layer) => ({
      attentionNorm: layer.attentionNorm.read(),
      ...{ query: matrixOf(layer.query, true), key: matrixOf(layer.key, true) },
      value: matrixOf(layer.value, true),
      ...(layer.attentionSubNorm && { attentionSubNorm: layer.attentionSubNorm.read() }),
      output: matrixOf(layer.output, true),
      feedForwardNorm: layer.feedForwardNorm.read(),
      ...{ gate: matrixOf(layer.gate, true), up: matrixOf(layer.up, true) },
      ...(layer.feedForwardSubNorm && { feedForwardSubNorm: layer.feedForwardSubNorm.read() }),
      down: matrixOf(layer.down, true),
    })),
    outputNorm: outputNorm.read(),
    ...(output && { output: matrixOf(output, false) }),
  };
}

/** All parameters of a model, in the order of a forward pass. */
export function listParameters(parameters: LanguageModelParameters): Parameter[] {
  const { embedding, layers, outputNorm, output } = parameters;
  return [
    embedding,
    ...layers.flatMap((layer) => Object.values(layer) as Parameter[]),
    outputNorm,
    ...(output ? [output] : []),
  ];
}

/** The values of a parameter as a tensor. */
export function floatTensor(parameter: Parameter): Tensor<"f32"> {
  return { dtype: "f32", shape: parameter.shape, data: parameter.read() };
}
