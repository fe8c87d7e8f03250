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
  /** Address of f32 [rows, vocabSize]; grows to the largest number asked for, and then moves. */
  logits(rows: number): number;
  readonly bytes: number;
  dispose(): void;
}

/** Elements of one row of queries, keys and values together. */
export function qkvColumns({ heads, kvHeads, headDim }: DecoderConfig): number {
  return (heads + 2 * kvHeads) * headDim;
}

/** Takes the memory that calls of up to `maxRows` rows compute in. */
export function createDecoderBuffers(
  kernels: Kernels,
  decoder: PackedDecoder,
  maxRows: number,
): DecoderBuffers {
  const { config } = decoder;
  const { dim, hiddenDim, heads, headDim, vocabSize, subNorms } = config;
  const sizes = {
    ids: maxRows,
    positions: maxRows,
    slots: maxRows,
    state: 16,
    pathLengths: maxRows,
    paths: maxRows * maxRows,
    stream: maxRows * dim,
    normed: maxRows * dim,
    qkv: maxRows * qkvColumns(config),
    attended: maxRows * heads * headDim,
    attendedNormed: subNorms ? maxRows * heads * headDim : 0,
    gateUp: maxRows * 2 * hiddenDim,
    hidden: maxRows * hiddenDim,
    hiddenNormed: subNorms ? maxRows * hiddenDim : 0,
    workspace: Math.ceil(workspaceBytes(decoder, maxRows) / 4),
  };
  let words = 0;
  const offsets = Object.entries(sizes).map(([name, count]) => {
    const offset = words;
    words += (count + 15) & ~15;
    return [name, offset] as const;
  });
  const block = kernels.arena.allocate(words * 4);
  const at = Object.fromEntries(
    offsets.map(([name, offset]) => [name, block.ptr + offset * 4]),
  ) as Record<keyof typeof sizes, number>;
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

function workspaceBytes({ layers, output }: PackedDecoder, maxRows: number): number {
  const products: PackedLinear[] = [output];
  for (const layer of layers) {
    products.push(layer.attentionOutput, layer.feedForwardOutput);
    for (const { weights } of layer.attentionInput) products.push(weights);
    for (const { weights } of layer.feedForwardInput) products.push(weights);
  }
  // BitNet's rounding of activations may want more or less than the other ways.
  return Math.max(
    ...products.map((weights) =>
      Math.max(
        linearWorkspaceBytes({ ...weights, n: maxRows }),
        weights.format === "ternary"
          ? linearWorkspaceBytes({ ...weights, n: maxRows, int8Activations: true })
          : 0,
      ),
    ),
  );
}
