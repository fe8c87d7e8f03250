import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** Name of a reduction; `l1` sums absolute values, `l2` is the root of the sum of squares. */
export type ReduceOp = "sum" | "mean" | "max" | "min" | "product" | "sum-square" | "l1" | "l2";

/** A reduction along one axis for {@link planReduce}. */
export interface ReduceSpec {
  readonly op: ReduceOp;
  /** Address of the operand, [outer, axis, inner]. */
  readonly x: number;
  /** Address of the result, [outer, inner]; not the operand's. */
  readonly y: number;
  readonly outer: number;
  /** Length of the axis that goes. */
  readonly axis: number;
  readonly inner: number;
}

// [combined by (0 +, 1 max, 2 min, 3 *), taken as (0 is, 1 square, 2 absolute), root at the end]
const OPS: Readonly<Record<ReduceOp, readonly [number, number, number]>> = {
  sum: [0, 0, 0],
  mean: [0, 0, 0],
  max: [1, 0, 0],
  min: [2, 0, 0],
  product: [3, 0, 0],
  "sum-square": [0, 1, 0],
  l1: [0, 2, 0],
  l2: [0, 1, 1],
};

/**
 * Plans a reduction of [outer, axis, inner] to [outer, inner].
 *
 * Sums are taken in blocks, so that rounding does not grow with the length of the axis. An empty axis
 * gives the neutral value (0, 1, or an infinity; a mean is NaN).
 *
 * @throws EdgewrightError `invalid-argument` for an unknown reduction.
 */
export function planReduce(kernels: Kernels, spec: ReduceSpec): Plan {
  const { op, x, y, outer, axis, inner } = spec;
  const words = OPS[op];
  if (words === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `planReduce: expected one of ${Object.keys(OPS).join(", ")}, got ${JSON.stringify(op)}`,
    );
  }
  checkCounts("planReduce", { outer, axis, inner }, 0);
  const [combined, map, root] = words;
  const scale = op === "mean" ? 1 / axis : 1;
  return createPlan(kernels.arena, [
    {
      kernel: "reduce_f32",
      params: [x, y, axis, inner, combined, map, floatBits(scale), root],
      units: inner === 1 ? outer : outer * Math.ceil(inner / 16),
      grain: Math.max(1, Math.ceil(131072 / (Math.max(1, axis) * Math.min(16, inner || 1)))),
    },
  ]);
}
