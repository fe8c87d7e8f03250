import { broadcastStrides, sizeOf, type Tensor } from "@edgewright/core";
import { broadcastShape } from "./broadcasting.js";
import {
  allocateFloats,
  isBigInt,
  type NumberArray,
  packFloats,
  packNumbers,
  readFloats,
  readNumbers,
} from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { floatAttribute, intAttribute } from "./node-attributes.js";
import { allocate, requireInput } from "./operator-inputs.js";

/** `MatMul`, `Gemm` and `Det`. */
export function matrixOperators(): OperatorEntry[] {
  return [
    { opType: "Det", since: 11, run: runDet },
    { opType: "Gemm", since: 7, run: runGemm },
    { opType: "MatMul", since: 1, run: runMatMul },
  ];
}

/** Sizes of a batched matrix product `[..., m, k] x [..., k, n]`. */
export interface MatMulPlan {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Shape of the result, vectors' extra axes removed. */
  readonly shape: readonly number[];
  /** First element of each pair of matrices. */
  readonly pairs: readonly { readonly a: number; readonly b: number }[];
}

/** Works out a product of two tensors by the rules of `numpy.matmul`. @throws ShapeError */
export function planMatMul(a: Tensor, b: Tensor, context: OperatorContext): MatMulPlan {
  if (a.shape.length === 0 || b.shape.length === 0) throw shapeError(context, "takes no scalars");
  const shapeA = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const shapeB = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [m, k] = shapeA.slice(-2) as [number, number];
  const [inner, n] = shapeB.slice(-2) as [number, number];
  if (k !== inner) {
    throw shapeError(
      context,
      `inner dimensions differ, [${a.shape.join(", ")}] x [${b.shape.join(", ")}]`,
    );
  }
  const batchA = shapeA.slice(0, -2);
  const batchB = shapeB.slice(0, -2);
  const batch = broadcastShape([batchA, batchB], context);
  const stridesA = broadcastStrides(batchA, batch);
  const stridesB = broadcastStrides(batchB, batch);
  const pairs: { a: number; b: number }[] = [];
  const count = sizeOf(batch);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let offsetA = 0;
    let offsetB = 0;
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const position = rest % batch[axis]!;
      rest = (rest - position) / batch[axis]!;
      offsetA += position * stridesA[axis]!;
      offsetB += position * stridesB[axis]!;
    }
    pairs.push({ a: offsetA * m * k, b: offsetB * k * n });
  }
  const shape = [...batch];
  if (a.shape.length > 1) shape.push(m);
  if (b.shape.length > 1) shape.push(n);
  return { m, k, n, shape, pairs };
}

/**
 * Adds the product of `[m, k]` at `aOffset` and `[k, n]` at `bOffset` to `out`.
 *
 * Rows of `b` are walked in the inner loop, so every access is to neighbours.
 */
export function multiplyInto(
  a: NumberArray,
  aOffset: number,
  b: NumberArray,
  bOffset: number,
  out: Float64Array,
  outOffset: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let row = 0; row < m; row++) {
    const target = outOffset + row * n;
    for (let i = 0; i < k; i++) {
      const factor = a[aOffset + row * k + i]!;
      const source = bOffset + i * n;
      for (let column = 0; column < n; column++) {
        out[target + column]! += factor * b[source + column]!;
      }
    }
  }
}

const runMatMul: HostOperator = (inputs, context) => {
  const a = requireInput(inputs, 0, context);
  const b = requireInput(inputs, 1, context);
  requireOneType(a, b, context);
  const plan = planMatMul(a, b, context);
  if (isBigInt(a.dtype)) return [multiplyBigInts(a, b, plan, context)];
  const totals = allocate("f64", plan.shape, context).data;
  const left = readNumbers(a);
  const right = readNumbers(b);
  const { m, k, n } = plan;
  for (const [i, pair] of plan.pairs.entries()) {
    multiplyInto(left, pair.a, right, pair.b, totals, i * m * n, m, k, n);
  }
  return [packNumbers(a.dtype, plan.shape, totals, context)];
};

function requireOneType(a: Tensor, b: Tensor, context: OperatorContext): void {
  if (a.dtype === b.dtype) return;
  throw invalidNode(context, `inputs must have one element type, got ${a.dtype} and ${b.dtype}`);
}

function multiplyBigInts(
  a: Tensor,
  b: Tensor,
  { m, k, n, shape, pairs }: MatMulPlan,
  context: OperatorContext,
): Tensor {
  const result = allocate(a.dtype, shape, context);
  const out = result.data as BigInt64Array;
  const left = a.data as BigInt64Array;
  const right = b.data as BigInt64Array;
  for (const [p, pair] of pairs.entries()) {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let total = 0n;
        for (let i = 0; i < k; i++)
          total += left[pair.a + row * k + i]! * right[pair.b + i * n + column]!;
        out[(p * m + row) * n + column] = total;
      }
    }
  }
  return result;
}

const runGemm: HostOperator = (inputs, context) => {
  const a = requireInput(inputs, 0, context);
  const b = requireInput(inputs, 1, context);
  const c = inputs[2];
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw shapeError(
      context,
      `takes matrices, got [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`,
    );
  }
  requireOneType(a, b, context);
  const alpha = floatAttribute(context.node, "alpha", 1);
  const beta = floatAttribute(context.node, "beta", 1);
  const left = intAttribute(context.node, "transA", 0) ? transposeMatrix(a) : a;
  const right = intAttribute(context.node, "transB", 0) ? transposeMatrix(b) : b;
  const { m, k, n } = planMatMul(left, right, context);
  const totals = allocate("f64", [m, n], context).data;
  multiplyInto(readNumbers(left), 0, readNumbers(right), 0, totals, 0, m, k, n);
  for (let i = 0; i < totals.length; i++) totals[i]! *= alpha;
  if (c) {
    const shape = broadcastShape([[m, n], c.shape], context);
    if (shape.length !== 2 || shape[0] !== m || shape[1] !== n) {
      throw shapeError(context, `bias [${c.shape.join(", ")}] does not fit [${m}, ${n}]`);
    }
    const [rowStep, columnStep] = broadcastStrides(c.shape, shape) as [number, number];
    const bias = readNumbers(c);
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        totals[row * n + column]! += beta * bias[row * rowStep + column * columnStep]!;
      }
    }
  }
  return [packNumbers(a.dtype, [m, n], totals, context)];
};

function transposeMatrix(x: Tensor): Tensor {
  const [rows, columns] = x.shape as [number, number];
  const source = readNumbers(x);
  const data = new Float64Array(source.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      data[column * rows + row] = source[row * columns + column]!;
    }
  }
  return { dtype: "f64", shape: [columns, rows], data };
}

// Gaussian elimination with partial pivoting.
const runDet: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const [rows, columns] = x.shape.slice(-2);
  if (rows === undefined || rows !== columns) {
    throw shapeError(context, `takes square matrices, got [${x.shape.join(", ")}]`);
  }
  const shape = x.shape.slice(0, -2);
  const values = allocateFloats(x.dtype, shape, context);
  const source = readFloats(x, context);
  for (let i = 0; i < values.length; i++) {
    const matrix = Float64Array.from(source.subarray(i * rows * rows, (i + 1) * rows * rows));
    values[i] = determinant(matrix, rows);
  }
  return [packFloats(x.dtype, shape, values)];
};

function determinant(matrix: Float64Array, n: number): number {
  let result = 1;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(matrix[row * n + column]!) > Math.abs(matrix[pivot * n + column]!)) pivot = row;
    }
    const leader = matrix[pivot * n + column]!;
    if (leader === 0) return 0;
    if (pivot !== column) {
      result = -result;
      for (let i = 0; i < n; i++) {
        const swap = matrix[column * n + i]!;
        matrix[column * n + i] = matrix[pivot * n + i]!;
        matrix[pivot * n + i] = swap;
      }
    }
    result *= leader;
    for (let row = column + 1; row < n; row++) {
      const factor = matrix[row * n + column]! / leader;
      for (let i = column; i < n; i++) matrix[row * n + i]! -= factor * matrix[column * n + i]!;
    }
  }
  return result;
}
