import type { Kernels, Plan } from "@edgewright/kernels";
import {
  type KvCache,
  type PackedLinear,
  planCacheAttention,
  planEmbedRows,
  planGatedActivation,
  planLinear,
  planRmsNorm,
  planRotateAndAttend,
  planRotateAndStore,
} from "@edgewright/kernels/language";
import { type DecoderBuffers, qkvColumns } from "./decoder-buffers.js";
import type { PackedDecoder, PackedLayer, PackedProduct } from "./pack-decoder.js";

/** What a call computes; everything else about it lies in memory and changes without a new program. */
export interface ProgramShape {
  /** Rows of the call. */
  readonly rows: number;
  /** Width of nested weights, or `undefined` for weights of one width. */
  readonly bits: number | undefined;
  /** Rows, counted from the last one, whose last hidden state is normalised: what logits are made of. */
  readonly finished: number;
  /** Rows see the keys that the paths name, rather than all rows before them. */
  readonly tree: boolean;
}

/** From token numbers to last hidden states, in two parts with a place for prompt embeddings between them. */
export interface DecoderProgram {
  /** Token numbers to the residual stream. */
  readonly embed: Plan;
  /** The residual stream to normalised last hidden states. */
  readonly body: Plan;
  dispose(): void;
}

/** Everything that programs of one session compute on. */
export interface ProgramContext {
  readonly kernels: Kernels;
  readonly decoder: PackedDecoder;
  readonly buffers: DecoderBuffers;
  readonly cache: KvCache;
  /** Address of the table of rotary angles. */
  readonly angles: number;
  /** Positions that the table has. */
  readonly places: number;
}

/** Plans every step of a call, once; the plans then run for as many calls of this shape as there are. */
export function createDecoderProgram(context: ProgramContext, shape: ProgramShape): DecoderProgram {
  const { kernels, decoder, buffers } = context;
  const { rows, bits, finished } = shape;
  const { dim, normEpsilon: epsilon, int8Activations } = decoder.config;
  const plans: Plan[] = [];
  const add = (plan: Plan): void => {
    plans.push(plan);
  };
  const widths = bits === undefined ? {} : { bits };
  const product = (weights: PackedLinear, spec: ProductPlace): void => {
    const exact = int8Activations && weights.format === "ternary";
    const common = { weights, n: rows, workspace: buffers.workspace, int8Activations: exact };
    add(planLinear(kernels, { ...common, ...(weights.bits === undefined ? {} : widths), ...spec }));
  };
  const embed = planEmbedRows(kernels, {
    ...{ table: decoder.embedding, ids: buffers.ids, y: buffers.stream, n: rows },
    ...(decoder.embedding.bits === undefined ? {} : widths),
  });
  try {
    decoder.layers.forEach((layer, index) => {
      planAttentionBlock({ ...context, shape, add, product }, layer, index);
      planFeedForwardBlock({ ...context, shape, add, product }, layer);
    });
    if (finished > 0) {
      const first = (rows - finished) * dim * 4;
      const x = buffers.stream + first;
      const y = buffers.normed + first;
      add(
        planRmsNorm(kernels, { x, y, n: finished, cols: dim, gamma: decoder.outputNorm, epsilon }),
      );
    }
  } catch (error) {
    embed.dispose();
    for (const plan of plans) plan.dispose();
    throw error;
  }
  const body: Plan = {
    jobs: plans.flatMap((plan) => plan.jobs),
    bytes: plans.reduce((sum, plan) => sum + plan.bytes, 0),
    dispose: () => {
      for (const plan of plans) plan.dispose();
    },
    [Symbol.dispose]: () => body.dispose(),
  };
  return {
    embed,
    body,
    dispose() {
      embed.dispose();
      body.dispose();
    },
  };
}

/** Plans the logits of `count` rows from `first` on, to f32 [count, vocabSize] at `y`. */
export function planLogits(
  { kernels, decoder, buffers }: ProgramContext,
  place: { readonly first: number; readonly count: number; readonly y: number },
  bits: number | undefined,
): Plan {
  const { output, config } = decoder;
  return planLinear(kernels, {
    weights: output,
    x: buffers.normed + place.first * config.dim * 4,
    y: place.y,
    n: place.count,
    workspace: buffers.workspace,
    ...(bits === undefined || output.bits === undefined ? {} : { bits }),
  });
}

/** Where a product reads and writes. */
interface ProductPlace {
  readonly x: number;
  readonly y: number;
  readonly yStride?: number;
  readonly accumulate?: boolean;
}

/** Up to so many rows are rotated, stored and attended to in one job; the numbers are the same. */
const ROWS_OF_ONE_JOB = 16;

interface BlockContext extends ProgramContext {
  readonly shape: ProgramShape;
  readonly add: (plan: Plan) => void;
  readonly product: (weights: PackedLinear, place: ProductPlace) => void;
}

function planAttentionBlock(block: BlockContext, layer: PackedLayer, index: number): void {
  const { kernels, decoder, buffers, cache, angles, places, shape, add, product } = block;
  const { rows: n, tree } = shape;
  const { dim, heads, headDim, normEpsilon: epsilon, ropePairing } = decoder.config;
  const stride = qkvColumns(decoder.config);
  const columns = heads * headDim;
  const { stream, normed, qkv, attended, attendedNormed } = buffers;
  add(
    planRmsNorm(kernels, {
      x: stream,
      y: normed,
      n,
      cols: dim,
      gamma: layer.attentionNorm,
      epsilon,
    }),
  );
  sideBySide(product, layer.attentionInput, normed, qkv, stride);
  const shared = {
    ...{ n, heads, cache: cache.layout, layer: index },
    workspace: buffers.attentionWorkspace,
  };
  const rotation = {
    ...{ ...shared, qkv, stride, angles, places, pairing: ropePairing },
    ...{ positions: buffers.positions, slots: buffers.slots },
  };
  const paths = tree && {
    paths: { slots: buffers.paths, lengths: buffers.pathLengths, maxDepth: buffers.maxRows },
  };
  const { state } = buffers;
  if (n <= ROWS_OF_ONE_JOB) {
    add(planRotateAndAttend(kernels, { ...rotation, y: attended, state, ...paths }));
  } else {
    add(planRotateAndStore(kernels, rotation));
    const queries = { q: qkv, qStride: stride, y: attended, state };
    add(planCacheAttention(kernels, { ...shared, ...queries, ...paths }));
  }
  let x = attended;
  if (layer.attentionSubNorm !== undefined) {
    x = attendedNormed;
    const gamma = layer.attentionSubNorm;
    add(planRmsNorm(kernels, { x: attended, y: x, n, cols: columns, gamma, epsilon }));
  }
  product(layer.attentionOutput, { x, y: stream, accumulate: true });
}

function planFeedForwardBlock(block: BlockContext, layer: PackedLayer): void {
  const { kernels, decoder, buffers, shape, add, product } = block;
  const { rows: n } = shape;
  const { dim, hiddenDim, normEpsilon: epsilon, activation } = decoder.config;
  const { stream, normed, gateUp, hidden, hiddenNormed } = buffers;
  add(
    planRmsNorm(kernels, {
      x: stream,
      y: normed,
      n,
      cols: dim,
      gamma: layer.feedForwardNorm,
      epsilon,
    }),
  );
  sideBySide(product, layer.feedForwardInput, normed, gateUp, 2 * hiddenDim);
  add(planGatedActivation(kernels, { gateUp, y: hidden, n, hidden: hiddenDim, activation }));
  let x = hidden;
  if (layer.feedForwardSubNorm !== undefined) {
    x = hiddenNormed;
    const gamma = layer.feedForwardSubNorm;
    add(planRmsNorm(kernels, { x: hidden, y: x, n, cols: hiddenDim, gamma, epsilon }));
  }
  product(layer.feedForwardOutput, { x, y: stream, accumulate: true });
}

function sideBySide(
  product: BlockContext["product"],
  products: readonly PackedProduct[],
  x: number,
  y: number,
  yStride: number,
): void {
  for (const { weights, offset } of products) product(weights, { x, y: y + offset * 4, yStride });
}
