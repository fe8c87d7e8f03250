import type { DecoderConfig } from "@edgewright/core/model-files";
import type { Allocation, Kernels } from "@edgewright/kernels";
import { linearWorkspaceBytes, type PackedLinear } from "@edgewright/kernels/language";
import type { PackedDecoder } from "./pack-decoder.js";

/** Where the activations of a call lie, for `maxRows` rows; addresses in WebAssembly memory. */
export interface DecoderBuffers {
  readonly maxRows: number;
  /** i32 [maxRows]: what a call is about. */
  readonly ids: number;
  /** i32 [maxRows]: for rotary embedding. */
  readonly positions: number;
  /** i32 [maxRows]: the cache slot of each row. */
  readonly slots: number;
  /** i32: word 0 is the number of committed tokens. */
  readonly state: number;
  /** i32 [maxRows]: keys of its own that a row sees behind the committed ones. */
  readonly pathLengths: number;
  /** i32 [maxRows, maxRows]: their slots. */
  readonly paths: number;
  /** f32 [maxRows, dim]: the residual stream. */
  readonly stream: number;
  /** f32 [maxRows, dim]. */
  readonly normed: number;
  /** f32 [maxRows, (heads + 2 kvHeads) headDim]. */
  readonly qkv: number;
  /** f32 [maxRows, heads headDim], and a copy normalised for BitNet. */
  readonly attended: number;
  readonly attendedNormed: number;
  /** f32 [maxRows, 2 hiddenDim]. */
  readonly gateUp: number;
  /** f32 [maxRows, hiddenDim], and a copy normalised for BitNet. */
  readonly hidden: number;
  readonly hiddenNormed: number;
  readonly workspace: number;
  /** For attention, of all layers. */
  readonly attentionWorkspace: number;
  /** Address of f32 [rows, vocabSize]; grows to the largest number asked for, and then moves. */
  logits(rows: number): number;
  readonly bytes: number;
  dispose(): void;
}

/** Elements of one row of queries, keys and values together. */
export function qkvColumns({ heads, kvHeads, headDim }: DecoderConfig): number {
  return (heads + 2 * kvHeads) * headDim;
}

/**
 * Takes the memory that calls of up to `maxRows` rows compute in.
 *
 * @param attentionBytes workspace of attention
 */
export function createDecoderBuffers(
  kernels: Kernels,
  decoder: PackedDecoder,
  maxRows: number,
  attentionBytes: number,
): DecoderBuffers {
  const { config } = decoder;
  const { dim, hiddenDim, heads, headDim, vocabSize, subNorms } = config;
  const always = layOut({
    ids: maxRows,
    positions: maxRows,
    slots: maxRows,
    state: 16,
    pathLengths: maxRows,
    paths: maxRows * maxRows,
    stream: maxRows * dim,
    normed: maxRows * dim,
    workspace: Math.ceil(workspaceBytes(decoder, maxRows) / 4),
  });
  // What attention computes in is over when the layers behind it begin: both lie in the same place.
  const attention = layOut(
    {
      qkv: maxRows * qkvColumns(config),
      attended: maxRows * heads * headDim,
      attendedNormed: subNorms ? maxRows * heads * headDim : 0,
      attentionWorkspace: Math.ceil(attentionBytes / 4),
    },
    always.end,
  );
  const feedForward = layOut(
    {
      gateUp: maxRows * 2 * hiddenDim,
      hidden: maxRows * hiddenDim,
      hiddenNormed: subNorms ? maxRows * hiddenDim : 0,
    },
    always.end,
  );
  const block = kernels.arena.allocate(Math.max(attention.end, feedForward.end) * 4);
  const offsets = { ...always.offsets, ...attention.offsets, ...feedForward.offsets };
  const at = Object.fromEntries(
    Object.entries(offsets).map(([name, offset]) => [name, block.ptr + offset * 4]),
  ) as typeof offsets;
  let logits: Allocation | undefined;
  let logitsRows = 0;
  return {
    maxRows,
    ...at,
    logits(rows) {
      if (logits === undefined || rows > logitsRows) {
        logits?.dispose();
        logits = kernels.arena.allocate(rows * vocabSize * 4);
        logitsRows = rows;
      }
      return logits.ptr;
    },
    get bytes() {
      return block.bytes + (logits?.bytes ?? 0);
    },
    dispose() {
      block.dispose();
      logits?.dispose();
    },
  };
}

/** Lays arrays of 32-bit words one behind another, at whole cache lines. */
function layOut<K extends string>(
  sizes: Readonly<Record<K, number>>,
  begin = 0,
): { readonly offsets: Record<K, number>; readonly end: number } {
  const offsets = {} as Record<K, number>;
  let end = begin;
  for (const name of Object.keys(sizes) as K[]) {
    offsets[name] = end;
    end += (sizes[name] + 15) & ~15;
  }
  return { offsets, end };
}

function workspaceBytes({ config, layers, output }: PackedDecoder, maxRows: number): number {
  const products: PackedLinear[] = [output];
  for (const layer of layers) {
    products.push(layer.attentionOutput, layer.feedForwardOutput);
    for (const { weights } of layer.attentionInput) products.push(weights);
    for (const { weights } of layer.feedForwardInput) products.push(weights);
  }
  // BitNet's rounding of activations may want more or less than the other ways, which its output takes.
  const sizes = products.flatMap((weights) => {
    const exact = config.int8Activations && weights.format === "ternary";
    const size = { ...weights, n: maxRows };
    return exact ? [size, { ...size, int8Activations: true }] : [size];
  });
  return Math.max(...sizes.map(linearWorkspaceBytes));
}
