import { sizeOf, type Tensor } from "@edgewright/core";
import { transposeTensor } from "./data-movement.js";
import {
  allocateFloats,
  isBigInt,
  isFloat,
  maxBigInt,
  minBigInt,
  type NumberArray,
  packFloats,
  readNumbers,
} from "./element-values.js";
import {
  type HostOperator,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, requireInput } from "./operator-inputs.js";
import { readAxes } from "./shape-operators.js";

/** `Reduce*`, `ArgMax` and `ArgMin`. */
export function reduceOperators(): OperatorEntry[] {
  return [
    { opType: "ArgMax", since: 1, run: argExtreme((a, b) => a > b) },
    { opType: "ArgMin", since: 1, run: argExtreme((a, b) => a < b) },
    { opType: "ReduceL1", since: 1, run: reduce(l1Norm, (row) => row.reduce(addAbs, 0n)) },
    { opType: "ReduceL2", since: 1, run: reduce((x, s, n) => Math.sqrt(sumOfSquares(x, s, n))) },
    { opType: "ReduceLogSum", since: 1, run: reduce((x, s, n) => Math.log(sum(x, s, n))) },
    { opType: "ReduceLogSumExp", since: 1, run: reduce(logSumExp) },
    {
      opType: "ReduceMax",
      since: 1,
      run: reduce(maximum, (row) => row.reduce((a, b) => maxBigInt(a, b))),
    },
    {
      opType: "ReduceMean",
      since: 1,
      run: reduce(
        (x, s, n) => sum(x, s, n) / n,
        (row) => row.reduce(add, 0n) / BigInt(row.length),
      ),
    },
    {
      opType: "ReduceMin",
      since: 1,
      run: reduce(minimum, (row) => row.reduce((a, b) => minBigInt(a, b))),
    },
    {
      opType: "ReduceProd",
      since: 1,
      run: reduce(product, (row) => row.reduce((a, b) => BigInt.asIntN(64, a * b), 1n)),
    },
    { opType: "ReduceSum", since: 1, run: reduce(sum, (row) => row.reduce(add, 0n), 13) },
    {
      opType: "ReduceSumSquare",
      since: 1,
      run: reduce(sumOfSquares, (row) => row.reduce(addSquare, 0n)),
    },
  ];
}

/** Reduces `count` elements from `start` on. */
type RowReduction = (x: NumberArray, start: number, count: number) => number;
type BigIntReduction = (row: BigInt64Array) => bigint;

function reduce(
  computeRow: RowReduction,
  computeBigRow?: BigIntReduction,
  axesInputSince = 18,
): HostOperator {
  return (inputs, context) => {
    const x = requireInput(inputs, 0, context);
    const axes = readAxes(inputs, context, axesInputSince) ?? [];
    if (axes.length === 0 && intAttribute(context.node, "noop_with_empty_axes", 0) !== 0)
      return [x];
    const rows = rowsAlongAxes(x, axes, intAttribute(context.node, "keepdims", 1) !== 0, context);
    if (isFloat(x.dtype)) {
      const values = allocateFloats(x.dtype, rows.shape, context);
      const source = readNumbers(rows.ordered);
      for (let i = 0; i < values.length; i++)
        values[i] = computeRow(source, i * rows.length, rows.length);
      return [packFloats(x.dtype, rows.shape, values)];
    }
    const result = allocate(x.dtype, rows.shape, context);
    if (isBigInt(x.dtype)) {
      if (computeBigRow === undefined || (rows.length === 0 && result.data.length > 0)) {
        throw unsupportedNode(context, `cannot reduce ${rows.length} elements of type ${x.dtype}`);
      }
      const source = rows.ordered.data as BigInt64Array;
      const values = result.data as BigInt64Array;
      for (let i = 0; i < values.length; i++) {
        values[i] = computeBigRow(source.subarray(i * rows.length, (i + 1) * rows.length));
      }
    } else {
      const source = readNumbers(rows.ordered);
      const values = result.data as Int32Array;
      for (let i = 0; i < values.length; i++) {
        values[i] = Math.trunc(computeRow(source, i * rows.length, rows.length));
      }
    }
    return [result];
  };
}

interface Rows {
  /** Elements with the reduced axes innermost. */
  ordered: Tensor;
  /** Elements of one reduction. */
  length: number;
  /** Shape of the result. */
  shape: number[];
}

function rowsAlongAxes(
  x: Tensor,
  axes: readonly number[],
  keepDims: boolean,
  context: OperatorContext,
): Rows {
  const rank = x.shape.length;
  const reduced = new Set(
    axes.length === 0 ? x.shape.keys() : axes.map((axis) => normalizeAxis(axis, rank, context)),
  );
  const kept = [...x.shape.keys()].filter((axis) => !reduced.has(axis));
  const order = [...kept, ...[...reduced].sort((a, b) => a - b)];
  const inPlace = order.every((axis, i) => axis === i);
  return {
    ordered: inPlace ? x : transposeTensor(x, order, context),
    length: sizeOf([...reduced].map((axis) => x.shape[axis]!)),
    shape: keepDims
      ? x.shape.map((n, axis) => (reduced.has(axis) ? 1 : n))
      : kept.map((axis) => x.shape[axis]!),
  };
}

function argExtreme(better: (a: number | bigint, b: number | bigint) => boolean): HostOperator {
  return (inputs, context) => {
    const x = requireInput(inputs, 0, context);
    const axis = normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context);
    const keepDims = intAttribute(context.node, "keepdims", 1) !== 0;
    const preferLast = intAttribute(context.node, "select_last_index", 0) !== 0;
    const rows = rowsAlongAxes(x, [axis], keepDims, context);
    const result = allocate("i64", rows.shape, context);
    if (rows.length === 0 && result.data.length > 0) {
      throw shapeError(context, `axis ${axis} of shape [${x.shape.join(", ")}] is empty`);
    }
    const source: { readonly [i: number]: number | bigint } = isFloat(x.dtype)
      ? readNumbers(rows.ordered)
      : rows.ordered.data;
    for (let r = 0; r < result.data.length; r++) {
      const start = r * rows.length;
      let best = 0;
      for (let i = 1; i < rows.length; i++) {
        const value = source[start + i]!;
        const leader = source[start + best]!;
        if (better(value, leader) || (preferLast && value === leader)) best = i;
      }
      result.data[r] = BigInt(best);
    }
    return [result];
  };
}

function sum(x: NumberArray, start: number, count: number): number {
  let total = 0;
  for (let i = start; i < start + count; i++) total += x[i]!;
  return total;
}

function sumOfSquares(x: NumberArray, start: number, count: number): number {
  let total = 0;
  for (let i = start; i < start + count; i++) total += x[i]! * x[i]!;
  return total;
}

function l1Norm(x: NumberArray, start: number, count: number): number {
  let total = 0;
  for (let i = start; i < start + count; i++) total += Math.abs(x[i]!);
  return total;
}

function product(x: NumberArray, start: number, count: number): number {
  let total = 1;
  for (let i = start; i < start + count; i++) total *= x[i]!;
  return total;
}

function maximum(x: NumberArray, start: number, count: number): number {
  let best = -Infinity;
  for (let i = start; i < start + count; i++) best = Math.max(best, x[i]!);
  return best;
}

function minimum(x: NumberArray, start: number, count: number): number {
  let best = Infinity;
  for (let i = start; i < start + count; i++) best = Math.min(best, x[i]!);
  return best;
}

// Shifted by the maximum, so that no exponential overflows.
function logSumExp(x: NumberArray, start: number, count: number): number {
  const shift = maximum(x, start, count);
  if (!Number.isFinite(shift)) return shift;
  let total = 0;
  for (let i = start; i < start + count; i++) total += Math.exp(x[i]! - shift);
  return shift + Math.log(total);
}

function add(a: bigint, b: bigint): bigint {
  return a + b;
}

function addAbs(a: bigint, b: bigint): bigint {
  return a + (b < 0n ? -b : b);
}

function addSquare(a: bigint, b: bigint): bigint {
  return a + b * b;
}
