import { broadcastStrides, EdgewrightError, ShapeError } from "@edgewright/core";
import {
  planMaskedSoftmax,
  planProduct,
  planSoftmaxGradient,
  productWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";

/** Options of {@link attention}. */
export interface AttentionOptions {
  /** Query i sees the keys up to i + s - t only: the last query sees all. @default false */
  readonly causal?: boolean;
  /** With `causal`: keys that a query sees, its own included. @default all */
  readonly window?: number;
  /** Added to the scaled scores, of a shape that broadcasts to [b, h, t, s] and ends in s. @default none */
  readonly mask?: Operand;
  /** Keys that each entry of the batch has, i32 [b]; those behind are padding. @default s for all */
  readonly lengths?: Variable;
  /** Multiplies the scores. @default 1 / sqrt(d) */
  readonly scale?: number;
  /**
   * Keep no probabilities for the backward pass, which computes them again: [b, h, t, s] floats less for one
   * more product.
   *
   * @default false
   */
  readonly recompute?: boolean;
}

/** {@link AttentionOptions} as the operation needs them; its inputs are q, k, v, then mask and lengths if any. */
interface AttentionSettings {
  readonly scale: number;
  readonly causal: { readonly window?: number } | undefined;
  readonly masked: boolean;
  readonly recompute: boolean;
}

/** Sizes: query heads that share a key head lie side by side, as more rows of one product. */
interface AttentionSizes {
  readonly batch: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly queries: number;
  readonly keys: number;
  /** Elements of a query and of a key. */
  readonly width: number;
  /** Elements of a value. */
  readonly valueWidth: number;
  /** Rows of a product: the queries of all heads that share a key head. */
  readonly rows: number;
}

function sizesOf(shapes: readonly (readonly number[])[]): AttentionSizes {
  const [q, k, v] = shapes as [readonly number[], readonly number[], readonly number[]];
  const [batch, heads, queries, width] = q as [number, number, number, number];
  const [, keyHeads, keys] = k as [number, number, number];
  const fits =
    [q, k, v].every((shape) => shape.length === 4 && shape[0] === batch) &&
    k[3] === width &&
    v[1] === keyHeads &&
    v[2] === keys &&
    heads % keyHeads === 0;
  if (!fits) {
    throw new ShapeError(
      "attention: expected q [b, h, t, d], k [b, hk, s, d] and v [b, hk, s, e] with h a multiple of hk, " +
        `got [${q}], [${k}] and [${v}]`,
    );
  }
  const rows = (heads / keyHeads) * queries;
  return { batch, heads, keyHeads, queries, keys, width, valueWidth: v[3]!, rows };
}

const ATTENTION: Operation<AttentionSettings, Value | undefined> = {
  name: "attention",
  mixedTypes: true,
  outputShape(inputs, { masked }) {
    const { batch, heads, queries, keys, valueWidth } = sizesOf(inputs);
    const mask = masked ? inputs[3]! : undefined;
    const lengths = inputs[masked ? 4 : 3];
    const full = [batch, heads, queries, keys];
    const broadcasts =
      mask === undefined ||
      (mask.length <= 4 &&
        mask.at(-1) === keys &&
        mask.every((size, i) => size === 1 || size === full[i + 4 - mask.length]));
    if (!broadcasts) {
      throw new ShapeError(
        `attention: expected a mask that broadcasts to [${full}] and ends in ${keys}, got [${mask}]`,
      );
    }
    if (lengths !== undefined && `${lengths}` !== `${[batch]}`) {
      throw new ShapeError(`attention: expected lengths [${batch}], got [${lengths}]`);
    }
    return [batch, heads, queries, valueWidth];
  },
  forward(build, { inputs, options, outputShape }) {
    const [, , v] = inputs;
    const sizes = sizesOf(inputs.map((input) => input.shape));
    const probabilities = attend(build, inputs, options, sizes);
    const output = headProduct(build, "weighted sum", sizes, {
      a: probabilities,
      b: v!,
      shape: outputShape,
      m: sizes.rows,
      n: sizes.valueWidth,
      k: sizes.keys,
    });
    return { output, saved: options.recompute ? undefined : probabilities };
  },
  backward(build, { inputs, saved, options, gradient, needs }) {
    const [q, k, v] = inputs as [Value, Value, Value];
    const sizes = sizesOf(inputs.map((input) => input.shape));
    const { rows, keys, width, valueWidth } = sizes;
    const probabilities = saved ?? attend(build, inputs, options, sizes);
    const dv = needs[2]
      ? headProduct(build, "value gradient", sizes, {
          a: probabilities,
          transposeA: true,
          b: gradient,
          shape: v.shape,
          m: keys,
          n: valueWidth,
          k: rows,
        })
      : undefined;
    if (!needs[0] && !needs[1]) return [undefined, undefined, dv, undefined, undefined];
    const towards = headProduct(build, "probability gradient", sizes, {
      a: gradient,
      b: v,
      transposeB: true,
      shape: probabilities.shape,
      m: rows,
      n: keys,
      k: valueWidth,
    });
    const scores = build.value(probabilities.shape);
    build.step({
      name: "softmax gradient",
      reads: [probabilities, towards],
      writes: [scores],
      inPlace: { read: towards, write: scores },
      plan: (kernels, at) =>
        planSoftmaxGradient(kernels, {
          y: at(probabilities),
          dy: at(towards),
          dx: at(scores),
          rows: sizes.batch * sizes.heads * sizes.queries,
          cols: keys,
          scale: options.scale,
        }),
    });
    const dq = needs[0]
      ? headProduct(build, "query gradient", sizes, {
          a: scores,
          b: k,
          shape: q.shape,
          m: rows,
          n: width,
          k: keys,
        })
      : undefined;
    const dk = needs[1]
      ? headProduct(build, "key gradient", sizes, {
          a: scores,
          transposeA: true,
          b: q,
          shape: k.shape,
          m: keys,
          n: width,
          k: rows,
        })
      : undefined;
    return [dq, dk, dv, undefined, undefined];
  },
};

/** The probabilities [b, h, t, s] that queries give to keys. */
function attend(
  build: ProgramBuilder,
  [q, k, , ...rest]: readonly Value[],
  { scale, causal, masked }: AttentionSettings,
  sizes: AttentionSizes,
): Value {
  const { batch, heads, queries, keys, rows, width } = sizes;
  const shape = [batch, heads, queries, keys];
  const mask = masked ? rest[0] : undefined;
  const lengths = rest[masked ? 1 : 0];
  const scores = headProduct(build, "scores", sizes, {
    a: q!,
    b: k!,
    transposeB: true,
    shape,
    m: rows,
    n: keys,
    k: width,
  });
  const probabilities = build.value(shape, { label: "probabilities" });
  build.step({
    name: "softmax",
    reads: [scores, ...rest],
    writes: [probabilities],
    inPlace: { read: scores, write: probabilities },
    plan(kernels, at) {
      const [ofBatch, ofHead, ofRow] = mask ? broadcastStrides(mask.shape, shape) : [];
      return planMaskedSoftmax(kernels, {
        x: at(scores),
        y: at(probabilities),
        batch,
        heads,
        rows: queries,
        cols: keys,
        scale,
        ...(causal && { causal }),
        ...(lengths && { lengths: at(lengths) }),
        ...(mask && {
          mask: { ptr: at(mask), kind: "add", strides: [ofBatch!, ofHead!, ofRow!] },
        }),
      });
    },
  });
  return probabilities;
}

/** Operands of a product, whose sizes are [m, k], [k, n] and [m, n] for every key head. */
interface HeadProduct {
  readonly a: Value;
  readonly b: Value;
  /** Of the result, for all heads. */
  readonly shape: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** A product for every key head of every entry of the batch. */
function headProduct(
  build: ProgramBuilder,
  name: string,
  { batch, keyHeads }: AttentionSizes,
  { a, b, shape, ...product }: HeadProduct,
): Value {
  const { m, n, k } = product;
  const count = batch * keyHeads;
  const spec = { ...product, batch: { count, strideA: m * k, strideB: k * n, strideC: m * n } };
  const c = build.value(shape);
  build.step({
    name,
    reads: [a, b],
    writes: [c],
    workspaceBytes: productWorkspaceBytes(spec),
    plan: (kernels, at, workspace) =>
      planProduct(kernels, { ...spec, a: at(a), b: at(b), c: at(c), workspace }),
  });
  return c;
}

/**
 * Scaled dot-product attention: softmax(scale q kᵀ + mask) v for q [b, h, t, d], k [b, hk, s, d] and
 * v [b, hk, s, e]; the result is [b, h, t, e]. With fewer key heads than query heads, neighbouring query
 * heads share one (Ainslie et al. 2023). A query that sees no key gives zeros.
 *
 * Keeps q, k, v and the probabilities [b, h, t, s] for the backward pass, or with `recompute` only the
 * former. The causal limit, the window and the lengths need no mask in memory. There is no gradient for the
 * mask.
 *
 * @throws ShapeError when the shapes do not fit each other, EdgewrightError `invalid-argument` for a window
 * without `causal`.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const q = tape.input("q", [1, 8, 64, 32]);
 * const k = tape.input("k", [1, 2, 64, 32]);
 * const v = tape.input("v", [1, 2, 64, 32]);
 * const y = attention(rope(q), rope(k), v, { causal: true }); // [1, 8, 64, 32]
 * ```
 */
export function attention(
  q: Operand,
  k: Operand,
  v: Operand,
  options: AttentionOptions = {},
): Variable {
  const { causal = false, window, mask, lengths, recompute = false } = options;
  const { scale = 1 / Math.sqrt(q.shape.at(-1) ?? 1) } = options;
  if (lengths !== undefined && lengths.type !== "i32") {
    throw new ShapeError(
      `attention: expected lengths of type i32, got ${lengths.type} [${lengths.shape}]`,
    );
  }
  if (window !== undefined && !causal) {
    throw new EdgewrightError(
      "invalid-argument",
      `attention: a window of ${window} keys needs causal: true`,
    );
  }
  const operands = [q, k, v, ...(mask ? [mask] : []), ...(lengths ? [lengths] : [])];
  return record(ATTENTION, operands, {
    scale,
    causal: causal ? (window === undefined ? {} : { window }) : undefined,
    masked: mask !== undefined,
    recompute,
  });
}
