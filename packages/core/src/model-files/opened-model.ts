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
import { newBuffers, type ReadBuffers } from "./read-buffers.js";
import type { TokenizerData } from "./tokenizer-data.js";
import { type WeightRows, wholeRows } from "./weight-rows.js";

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
  /**
   * Opens one weight to be read some rows at a time: for who packs weights as they come, so that no weight lies in memory
   * twice as a whole.
   *
   * @param buffers memory that is used again for every weight that is opened with it. What weights of the same block hold
   * does not overwrite one another unless it comes in several pieces. @default new memory for each
   * @throws ValidationError where there is no such weight, or it has another shape than the configuration says.
   */
  openWeight(name: WeightName, buffers?: ReadBuffers): Promise<WeightRows>;
  /** The norms of one block, from 0. */
  readNorms(layer: number): Promise<LayerNorms>;
  /** [dim]. */
  readOutputNorm(): Promise<Float32Array>;
  /** [vocabSize, dim]; undefined where it is tied. */
  readOutput(): Promise<WeightTensor | undefined>;
}

/** The norms of a block: those of {@link DecoderLayer}. */
export type LayerNorms = Pick<DecoderLayer, NormName>;

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
  /** A weight to be read in pieces; by `matrix` where this is not given. */
  rows?(name: WeightName, buffers: ReadBuffers): Promise<WeightRows>;
  vector(name: VectorName): Promise<Float32Array>;
}

/** Makes an {@link OpenedModel} that holds every weight against the configuration as it is read. */
export function createOpenedModel(parts: OpenedModelParts): OpenedModel {
  const { config, tokenizer, metadata, tied, where } = parts;
  const shapes = linearShapes(config);
  const fault = (name: string, expected: string, got: string): ValidationError =>
    new ValidationError(`${where}: ${name} must have ${expected}, got ${got}`, { where: name });
  const checkShape = (of: WeightName, got: readonly number[]): readonly number[] => {
    const shape = of.layer === undefined ? [config.vocabSize, config.dim] : shapes[of.name];
    if (sameShape(got, shape)) return shape;
    throw fault(displayName(of), `the shape ${formatShape(shape)}`, formatShape(got));
  };
  const matrix = async (of: WeightName): Promise<WeightTensor> => {
    const found = await parts.matrix(of);
    const shape = checkShape(of, found.shape);
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
  const checkLayer = (where: string, layer: number): void => {
    if (Number.isInteger(layer) && layer >= 0 && layer < config.layers) return;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected a block from 0 to ${config.layers - 1}, got ${layer}`,
    );
  };
  const readNorms = async (layer: number): Promise<LayerNorms> => {
    checkLayer("readNorms", layer);
    const norm = (name: NormName): Promise<Float32Array> => vector({ layer, name });
    return {
      attentionNorm: await norm("attentionNorm"),
      ...(config.subNorms ? { attentionSubNorm: await norm("attentionSubNorm") } : {}),
      feedForwardNorm: await norm("feedForwardNorm"),
      ...(config.subNorms ? { feedForwardSubNorm: await norm("feedForwardSubNorm") } : {}),
    };
  };
  return {
    config,
    ...(tokenizer ? { tokenizer } : {}),
    metadata,
    tied,
    readEmbedding: () => matrix({ name: "embedding" }),
    async readLayer(layer) {
      checkLayer("readLayer", layer);
      const linear = (name: LinearName): Promise<WeightTensor> => matrix({ layer, name });
      return {
        ...(await readNorms(layer)),
        query: await linear("query"),
        key: await linear("key"),
        value: await linear("value"),
        output: await linear("output"),
        gate: await linear("gate"),
        up: await linear("up"),
        down: await linear("down"),
      };
    },
    async openWeight(of, buffers = newBuffers()) {
      if (of.layer !== undefined) checkLayer("openWeight", of.layer);
      if (parts.rows === undefined) return wholeRows(await matrix(of));
      const found = await parts.rows(of, buffers);
      checkShape(of, found.shape);
      return found;
    },
    readNorms,
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
