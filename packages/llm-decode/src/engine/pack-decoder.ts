import { EdgewrightError, throwIfAborted, UnsupportedError } from "@edgewright/core";
import type { DecoderConfig, OpenedModel, WeightTensor } from "@edgewright/core/model-files";
import type { Allocation, Kernels } from "@edgewright/kernels";
import { type PackedLinear, packLinear } from "@edgewright/kernels/language";

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
 * Moves a model's weights into WebAssembly memory as they are read, block by block, so that there is never a
 * second copy of more than one.
 *
 * @throws EdgewrightError `out-of-memory`, and `aborted`; what was taken is given back then.
 */
export async function packDecoder(
  kernels: Kernels,
  model: OpenedModel,
  options: PackDecoderOptions = {},
): Promise<PackedDecoder> {
  const { config } = model;
  const owned: (PackedLinear | Allocation)[] = [];
  const keep = <T extends PackedLinear | Allocation>(taken: T): T => {
    owned.push(taken);
    return taken;
  };
  const dispose = (): void => {
    for (const taken of owned) taken.dispose();
  };
  const pack = (tensors: readonly WeightTensor[]): PackedLinear =>
    keep(packLinear(kernels, tensors));
  const norm = (values: Float32Array): number => keep(kernels.arena.upload(values)).ptr;
  try {
    const embedding = pack([await model.readEmbedding()]);
    const layers: PackedLayer[] = [];
    for (let at = 0; at < config.layers; at++) {
      throwIfAborted(options.signal, "packDecoder");
      const layer = await model.readLayer(at);
      layers.push({
        attentionNorm: norm(layer.attentionNorm),
        attentionInput: packSideBySide(pack, [layer.query, layer.key, layer.value]),
        ...(layer.attentionSubNorm && { attentionSubNorm: norm(layer.attentionSubNorm) }),
        attentionOutput: pack([layer.output]),
        feedForwardNorm: norm(layer.feedForwardNorm),
        feedForwardInput: packSideBySide(pack, [layer.gate, layer.up]),
        ...(layer.feedForwardSubNorm && { feedForwardSubNorm: norm(layer.feedForwardSubNorm) }),
        feedForwardOutput: pack([layer.down]),
      });
      options.onProgress?.(layers.length, config.layers);
    }
    const outputNorm = norm(await model.readOutputNorm());
    const untied = await model.readOutput();
    const output = untied ? pack([untied]) : embedding;
    const bytes = owned.reduce((sum, taken) => sum + taken.bytes, 0);
    const widths = commonWidths(owned);
    return { config, embedding, layers, outputNorm, output, widths, bytes, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** One product for each run of neighbours that share a format. */
function packSideBySide(
  pack: (tensors: readonly WeightTensor[]) => PackedLinear,
  tensors: readonly WeightTensor[],
): PackedProduct[] {
  const products: PackedProduct[] = [];
  let offset = 0;
  for (let start = 0; start < tensors.length; ) {
    let end = start + 1;
    while (end < tensors.length && layoutOf(tensors[end]!) === layoutOf(tensors[start]!)) end++;
    const weights = pack(tensors.slice(start, end));
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
  return [format, group, widths, books, zeros, mins].join("/");
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
