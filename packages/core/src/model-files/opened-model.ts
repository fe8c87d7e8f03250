import { EdgewrightError, ValidationError } from "../errors.js";
import { formatShape, sameShape } from "../shape.js";
import { sizeOf } from "../tensor.js";
import type { DecoderConfig } from "./decoder-config.js";
import {
  checkDecoderWeights,
  type DecoderLayer,
  type DecoderWeights,
  type LinearName,
  linearShapes,
  type WeightTensor,
} from "./decoder-weights.js";
import type { ModelContents } from "./model-contents.js";
import type { TokenizerData } from "./tokenizer-data.js";

/**
 * A model file of which the description has been read and the weights have not: for who takes them over a block at a
 * time, so that never more than one block lies in memory twice.
 */
export interface OpenedModel {
  readonly config: DecoderConfig;
  readonly tokenizer?: TokenizerData;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Whether the output shares the embedding's weights. */
  readonly tied: boolean;
  /** [vocabSize, dim]. */
  readEmbedding(): Promise<WeightTensor>;
  /** The weights of one block, from 0. */
  readLayer(layer: number): Promise<DecoderLayer>;
  /** [dim]. */
  readOutputNorm(): Promise<Float32Array>;
  /** [vocabSize, dim]; undefined where it is tied. */
  readOutput(): Promise<WeightTensor | undefined>;
}

/** Names of the norms of a block. */
export type NormName =
  | "attentionNorm"
  | "attentionSubNorm"
  | "feedForwardNorm"
  | "feedForwardSubNorm";

/** A weight by the names that {@link DecoderWeights} has; `layer` is undefined outside of blocks. */
export type WeightName =
  | { readonly layer: number; readonly name: LinearName }
  | { readonly layer?: undefined; readonly name: "embedding" | "output" };

/** A norm by the names that {@link DecoderWeights} has. */
export type VectorName =
  | { readonly layer: number; readonly name: NormName }
  | { readonly layer?: undefined; readonly name: "outputNorm" };

/** What a kind of file gives for {@link createOpenedModel}. */
export interface OpenedModelParts {
  readonly config: DecoderConfig;
  readonly tokenizer: TokenizerData | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tied: boolean;
  /** Named in messages. */
  readonly where: string;
  matrix(name: WeightName): Promise<WeightTensor>;
  vector(name: VectorName): Promise<Float32Array>;
}

/** Makes an {@link OpenedModel} that holds every weight against the configuration as it is read. */
export function createOpenedModel(parts: OpenedModelParts): OpenedModel {
  const { config, tokenizer, metadata, tied, where } = parts;
  const shapes = linearShapes(config);
  const fault = (name: string, expected: string, got: string): ValidationError =>
    new ValidationError(`${where}: ${name} must have ${expected}, got ${got}`, { where: name });
  const matrix = async (of: WeightName): Promise<WeightTensor> => {
    const shape = of.layer === undefined ? [config.vocabSize, config.dim] : shapes[of.name];
    const found = await parts.matrix(of);
    if (!sameShape(found.shape, shape)) {
      throw fault(displayName(of), `the shape ${formatShape(shape)}`, formatShape(found.shape));
    }
    if ("dtype" in found && found.data.length !== sizeOf(shape)) {
      throw fault(displayName(of), `${sizeOf(shape)} numbers`, `${found.data.length}`);
    }
    return found;
  };
  const vector = async (of: VectorName): Promise<Float32Array> => {
    const length = normLength(config, of.name);
    const found = await parts.vector(of);
    if (found.length === length) return found;
    throw fault(displayName(of), `${length} numbers`, `${found.length}`);
  };
  return {
    config,
    ...(tokenizer ? { tokenizer } : {}),
    metadata,
    tied,
    readEmbedding: () => matrix({ name: "embedding" }),
    async readLayer(layer) {
      if (!Number.isInteger(layer) || layer < 0 || layer >= config.layers) {
        throw new EdgewrightError(
          "invalid-argument",
          `readLayer: expected a block from 0 to ${config.layers - 1}, got ${layer}`,
        );
      }
      const norm = (name: NormName): Promise<Float32Array> => vector({ layer, name });
      const linear = (name: LinearName): Promise<WeightTensor> => matrix({ layer, name });
      return {
        attentionNorm: await norm("attentionNorm"),
        query: await linear("query"),
        key: await linear("key"),
        value: await linear("value"),
        ...(config.subNorms ? { attentionSubNorm: await norm("attentionSubNorm") } : {}),
        output: await linear("output"),
        feedForwardNorm: await norm("feedForwardNorm"),
        gate: await linear("gate"),
        up: await linear("up"),
        ...(config.subNorms ? { feedForwardSubNorm: await norm("feedForwardSubNorm") } : {}),
        down: await linear("down"),
      };
    },
    readOutputNorm: () => vector({ name: "outputNorm" }),
    readOutput: async () => (tied ? undefined : matrix({ name: "output" })),
  };
}

/** Reads all weights of an opened model. */
export async function readOpenedModel(opened: OpenedModel): Promise<ModelContents> {
  const { config, tokenizer, metadata } = opened;
  const embedding = await opened.readEmbedding();
  const layers: DecoderLayer[] = [];
  for (let at = 0; at < config.layers; at++) layers.push(await opened.readLayer(at));
  const outputNorm = await opened.readOutputNorm();
  const output = await opened.readOutput();
  const weights: DecoderWeights = {
    config,
    embedding,
    layers,
    outputNorm,
    ...(output ? { output } : {}),
  };
  return { weights, ...(tokenizer ? { tokenizer } : {}), metadata };
}

/** What a file holds already, as an opened model: for who takes either. */
export function openContents(contents: ModelContents): OpenedModel {
  const { weights, tokenizer, metadata } = contents;
  checkDecoderWeights(weights, "openContents");
  return createOpenedModel({
    config: weights.config,
    tokenizer,
    metadata,
    tied: weights.output === undefined,
    where: "openContents",
    matrix: async ({ layer, name }) =>
      layer === undefined
        ? (weights[name as "embedding" | "output"] as WeightTensor)
        : weights.layers[layer]![name as LinearName],
    vector: async ({ layer, name }) =>
      layer === undefined ? weights.outputNorm : weights.layers[layer]![name as NormName]!,
  });
}

/** A weight's name as messages and `.ewq` files have it. */
export function displayName({ layer, name }: WeightName | VectorName): string {
  return layer === undefined ? name : `layers.${layer}.${name}`;
}

function normLength(config: DecoderConfig, name: VectorName["name"]): number {
  if (name === "attentionSubNorm") return config.heads * config.headDim;
  return name === "feedForwardSubNorm" ? config.hiddenDim : config.dim;
}
