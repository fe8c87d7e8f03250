import { floatAttribute, intAttribute } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { add, multiply } from "../../operations/broadcast-arithmetic.js";
import { linear } from "../../operations/linear.js";
import { matmul } from "../../operations/matmul.js";
import { reshape } from "../../operations/reshape.js";
import { type OperatorCall, type OperatorRule, weightAsItIs } from "../operator-call.js";
import { rowMajorOrder, TracedTensor } from "../traced-tensor.js";

/** `Gemm`: alpha A B + beta C. */
export const GEMM: OperatorRule = {
  tensors: 3,
  weightUse(node, index, shape) {
    if (index !== 1 || intAttribute(node, "transB", 0) === 0) return weightAsItIs(shape);
    return { storage: { order: [1, 0], shape: [shape[1]!, shape[0]!] }, role: "weight" };
  },
  record(call) {
    const { node } = call;
    const output = call.outputShapes[0]!;
    const alpha = floatAttribute(node, "alpha", 1);
    const beta = floatAttribute(node, "beta", 1);
    const a = call.tensor(0).inOrder(intAttribute(node, "transA", 0) === 0 ? [0, 1] : [1, 0]);
    const b = call.tensor(1).inOrder(intAttribute(node, "transB", 0) === 0 ? [0, 1] : [1, 0]);
    if (!call.has(2) || beta === 0) return TracedTensor.rowMajor(scaled(linear(a, b), alpha));
    const c = call.tensor(2);
    const columns =
      c.shape.at(-1) === output[1] && c.shape.every((size, i) => size === 1 || i === c.rank - 1);
    if (columns && alpha === 1 && beta === 1) {
      const bias = c.stored({ order: rowMajorOrder(c.rank), shape: [output[1]!] });
      return TracedTensor.rowMajor(linear(a, b, { bias }));
    }
    const sum = add(scaled(linear(a, b), alpha), scaled(c.rowMajor(), beta));
    return TracedTensor.rowMajor(sum);
  },
};

/** `MatMul`: numpy's product of stacks of matrices. */
export const MAT_MUL: OperatorRule = {
  tensors: 2,
  weightUse: (_, __, shape) => weightAsItIs(shape),
  record(call) {
    const output = call.outputShapes[0]!;
    let [a, b] = [call.tensor(0), call.tensor(1)];
    // numpy: a vector is a row on the left, a column on the right, and its axis goes from the result.
    if (a.rank === 1) a = a.withAxes([0]);
    if (b.rank === 1) b = b.withAxes([1]);
    let product: Variable;
    if (b.rank === 2 && !isTransposed(b)) product = linear(a.rowMajor(), b.rowMajor());
    else {
      const leading = output.slice(0, Math.max(a.rank, b.rank) - 2);
      const [left, right] = [matrices(a), matrices(b)];
      product = matmul(
        stack(call, left.variable, leading),
        b.rank === 2 ? right.variable : stack(call, right.variable, leading),
        { transposeA: left.transposed, transposeB: right.transposed },
      );
    }
    return TracedTensor.rowMajor(
      `${product.shape}` === `${output}` ? product : reshape(product, output),
    );
  },
};

function isTransposed({ order, rank }: TracedTensor): boolean {
  return rank >= 2 && `${order}` === `${swapped(rank)}`;
}

function swapped(rank: number): number[] {
  const order = rowMajorOrder(rank);
  return [...order.slice(0, -2), rank - 1, rank - 2];
}

// A matrix that lies transposed is multiplied as it lies.
function matrices(x: TracedTensor): { variable: Variable; transposed: boolean } {
  const transposed = isTransposed(x);
  return { variable: transposed ? x.asItLies() : x.rowMajor(), transposed };
}

function stack(call: OperatorCall, x: Variable, leading: readonly number[]): Variable {
  const target = [...leading, ...x.shape.slice(-2)];
  return broadcastTo(call, x, target);
}

/** x repeated along axes of length 1 and new leading ones. */
export function broadcastTo(call: OperatorCall, x: Variable, shape: readonly number[]): Variable {
  if (`${x.shape}` === `${shape}`) return x;
  const sizes = [...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape];
  const repeats = shape.map((size, axis) => (sizes[axis] === 1 ? size : 1));
  if (repeats.every((size) => size === 1)) return reshape(x, shape);
  const count = repeats.reduce((product, size) => product * size, 1);
  return add(x, call.tape.constant(new Float32Array(count), repeats));
}

function scaled(x: Variable, factor: number): Variable {
  return factor === 1 ? x : multiply(x, factor);
}
