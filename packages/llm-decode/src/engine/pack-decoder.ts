import { EdgewrightError, throwIfAborted, UnsupportedError } from "@edgewright/core";
import {
  createReadBuffers,
  type DecoderConfig,
  type LinearName,
  type OpenedModel,
  type WeightName,
  type WeightRows,
  type WeightTensor,
} from "@edgewright/core/model-files";
import type { Allocation, Kernels } from "@edgewright/kernels";
import { type PackedLinear, packLinearParts } from "@edgewright/kernels/language";

/** Products of one input, whose outputs lie side by side: weights of one format are one product. */
export interface PackedProduct {
  readonly weights: PackedLinear;
  /** Where its outputs begin among those of all products. */
  readonly offset: number;
}

/** The weights of a layer in WebAssembly memory; norms by address. */
export interface PackedLayer {
  readonly attentionNorm: number;
  /** Queries, keys and values, in this order. */
  readonly attentionInput: readonly PackedProduct[];
  readonly attentionSubNorm?: number;
  readonly attentionOutput: PackedLinear;
  readonly feedForwardNorm: number;
  /** Gate and up, in this order. */
  readonly feedForwardInput: readonly PackedProduct[];
  readonly feedForwardSubNorm?: number;
  readonly feedForwardOutput: PackedLinear;
}

/** A model's weights in WebAssembly memory, packed for the products that read them. */
export interface PackedDecoder {
  readonly config: DecoderConfig;
  readonly embedding: PackedLinear;
  readonly layers: readonly PackedLayer[];
  readonly outputNorm: number;
  /** The embedding's own memory when they are tied. */
  readonly output: PackedLinear;
  /** Widths that every product has, ascending; `undefined` where weights have one width. */
  readonly widths: readonly number[] | undefined;
  /** Bytes in WebAssembly memory. */
  readonly bytes: number;
  /** Gives the memory back. */
  dispose(): void;
}

/** Options of `packDecoder`. */
export interface PackDecoderOptions {
  readonly signal?: AbortSignal;
  /** Called after each layer. */
  readonly onProgress?: (layersDone: number, layers: number) => void;
}

/**
 * Moves a model's weights into WebAssembly memory as they are read, some rows at a time and through the same buffers, so
 * that there is never a second copy of a whole weight where its format allows that.
 *
 * @throws EdgewrightError `out-of-memory`, and `aborted`; what was taken is given back then.
 */
export async function packDecoder(
  kernels: Kernels,
  model: OpenedModel,
  options: PackDecoderOptions = {},
): Promise<PackedDecoder> {
  const owned: (PackedLinear | Allocation)[] = [];
  try {
    const parts = await packParts(kernels, model, owned, options);
    const bytes = owned.reduce((sum, taken) => sum + taken.bytes, 0);
    return { ...parts, widths: commonWidths(owned), bytes, dispose: () => disposeAll(owned) };
  } catch (error) {
    disposeAll(owned);
    throw error;
  }
}

function disposeAll(owned: readonly (PackedLinear | Allocation)[]): void {
  for (const taken of owned) taken.dispose();
}

/** A function of its own, lest what reading needs lives as long as what it read. */
async function packParts(
  kernels: Kernels,
  model: OpenedModel,
  owned: (PackedLinear | Allocation)[],
  options: PackDecoderOptions,
): Promise<Omit<PackedDecoder, "widths" | "bytes" | "dispose">> {
  const { config } = model;
  const keep = <T extends PackedLinear | Allocation>(taken: T): T => {
    owned.push(taken);
    return taken;
  };
  const buffers = createReadBuffers();
  const { signal } = options;
  const open = (name: WeightName): Promise<WeightRows> => model.openWeight(name, buffers);
  const pack = async (weights: readonly WeightRows[]): Promise<PackedLinear> =>
    keep(await packRows(kernels, weights, signal));
  const norm = (values: Float32Array): number => keep(kernels.arena.upload(values)).ptr;
  const embedding = await pack([await open({ name: "embedding" })]);
  const layers: PackedLayer[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    throwIfAborted(signal, "packDecoder");
    const linear = (name: LinearName): Promise<WeightRows> => open({ layer, name });
    const norms = await model.readNorms(layer);
    layers.push({
      attentionNorm: norm(norms.attentionNorm),
      attentionInput: await packSideBySide(pack, [
        await linear("query"),
        await linear("key"),
        await linear("value"),
      ]),
      ...(norms.attentionSubNorm && { attentionSubNorm: norm(norms.attentionSubNorm) }),
      attentionOutput: await pack([await linear("output")]),
      feedForwardNorm: norm(norms.feedForwardNorm),
      feedForwardInput: await packSideBySide(pack, [await linear("gate"), await linear("up")]),
      ...(norms.feedForwardSubNorm && { feedForwardSubNorm: norm(norms.feedForwardSubNorm) }),
      feedForwardOutput: await pack([await linear("down")]),
    });
    options.onProgress?.(layers.length, config.layers);
  }
  const outputNorm = norm(await model.readOutputNorm());
  const output = model.tied ? embedding : await pack([await open({ name: "output" })]);
  return { config, embedding, layers, outputNorm, output };
}

/** Packs matrices whose rows follow one another, a piece at a time. */
async function packRows(
  kernels: Kernels,
  weights: readonly WeightRows[],
  signal: AbortSignal | undefined,
): Promise<PackedLinear> {
  const rows = weights.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const packing = packLinearParts(kernels, weights[0]!.like, rows);
  try {
    for (const weight of weights) {
      for await (const piece of weight.pieces()) {
        throwIfAborted(signal, "packDecoder");
        packing.append(piece);
      }
    }
    return packing.finish();
  } catch (error) {
    packing.dispose();
    throw error;
  }
}

/** One product for each run of neighbours that share a format. */
async function packSideBySide(
  pack: (weights: readonly WeightRows[]) => Promise<PackedLinear>,
  all: readonly WeightRows[],
): Promise<PackedProduct[]> {
  const products: PackedProduct[] = [];
  let offset = 0;
  for (let start = 0; start < all.length; ) {
    const layout = layoutOf(all[start]!.like);
    let end = start + 1;
    while (end < all.length && layoutOf(all[end]!.like) === layout) end++;
    const weights = await pack(all.slice(start, end));
    products.push({ weights, offset });
    offset += weights.rows;
    start = end;
  }
  return products;
}

/** What tensors must share to be rows of one product. */
function layoutOf(tensor: WeightTensor): string {
  if (!("format" in tensor)) return tensor.dtype;
  const { format } = tensor;
  const group = "groupSize" in tensor ? tensor.groupSize : 0;
  const widths = "seedBits" in tensor ? `${tensor.seedBits}-${tensor.bits}` : "";
  const books = "rowsPerCodebook" in tensor ? tensor.rowsPerCodebook : 0;
  const zeros = "zeroPoints" in tensor && tensor.zeroPoints !== undefined;
  const mins = "mins" in tensor && tensor.mins !== undefined;
  const scales = "scales" in tensor && "dtype" in tensor.scales ? tensor.scales.dtype : "";
  return [format, group, widths, books, zeros, mins, scales].join("/");
}

function commonWidths(owned: readonly (PackedLinear | Allocation)[]): number[] | undefined {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  for (const taken of owned) {
    if (!("format" in taken) || taken.seedBits === undefined || taken.bits === undefined) continue;
    low = Math.max(low, taken.seedBits);
    high = Math.min(high, taken.bits);
  }
  if (high === Number.POSITIVE_INFINITY) return undefined;
  if (high < low) {
    throw new UnsupportedError(
      `packDecoder: the nested weights share no width: one begins at ${low} bits, another ends at ${high}`,
    );
  }
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** Refuses a width that the weights do not have. */
export function checkWidth(
  where: string,
  widths: readonly number[] | undefined,
  bits: number | undefined,
): void {
  if (bits === undefined || widths?.includes(bits)) return;
  throw new EdgewrightError(
    "invalid-argument",
    widths === undefined
      ? `${where}: bits of ${bits} need nested weights; these have one width`
      : `${where}: expected bits of ${widths[0]} to ${widths.at(-1)}, got ${bits}`,
  );
}
