import type { Variable } from "../../engine/tape.js";
import { divide } from "../../operations/broadcast-arithmetic.js";
import { power, square, squareRoot } from "../../operations/elementwise-functions.js";
import type { OperatorCall, OperatorRule, WeightUse } from "../operator-call.js";
import { storedAsItIs } from "../operator-call.js";
import { rowMajorOrder, TracedTensor } from "../traced-tensor.js";

type Combine = (a: Variable, b: Variable) => Variable;

/** An operator with numpy's broadcasting over two tensors or, for Sum, Min, Max and Mean, any number. */
export function broadcasting(
  combine: Combine,
  role: WeightUse["role"] = "operand",
  finish: (result: Variable, count: number) => Variable = (result) => result,
): OperatorRule {
  return {
    tensors: Number.POSITIVE_INFINITY,
    weightUse: (_, __, shape) => ({ storage: storedAsItIs(shape), role }),
    record(call) {
      const count = call.node.inputs.length;
      let result = call.tensor(0);
      for (let i = 1; i < count; i++) result = combined(result, call.tensor(i), combine);
      return result.like(finish(result.asItLies(), count));
    },
  };
}

/** Two tensors combined with numpy's broadcasting. */
export function combined(a: TracedTensor, b: TracedTensor, combine: Combine): TracedTensor {
  const rank = Math.max(a.rank, b.rank);
  const [left, right] = [ofRank(a, rank), ofRank(b, rank)];
  const shape = left.shape.map((size, axis) => (size === 1 ? right.shape[axis]! : size));
  // The larger operand stays as it lies; the other one, often a vector, is brought into its order.
  const order = elements(left.shape) >= elements(right.shape) ? left.order : right.order;
  return new TracedTensor(combine(left.inOrder(order), right.inOrder(order)), shape, order);
}

function ofRank(x: TracedTensor, rank: number): TracedTensor {
  return x.rank === rank ? x : x.withAxes(rowMajorOrder(rank - x.rank));
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `Pow` by a number. */
export const POW: OperatorRule = {
  tensors: 1,
  record(call) {
    const exponent = call.numbers(1);
    if (exponent?.length !== 1) throw call.unsupported("only one constant exponent is supported");
    const x = call.tensor(0);
    const base = x.asItLies();
    if (exponent[0] === 2) return x.like(square(base));
    if (exponent[0] === 0.5) return x.like(squareRoot(base));
    return x.like(power(base, exponent[0]!));
  },
};

/** `Reciprocal`. */
export function reciprocal(x: Variable, { tape }: OperatorCall): Variable {
  return divide(tape.constant([1], []), x);
}
