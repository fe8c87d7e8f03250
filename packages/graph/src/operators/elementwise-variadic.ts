import { broadcastStrides, type Tensor } from "@edgewright/core";
import { broadcastShape, forEachRow } from "./broadcasting.js";
import { asNumbers, maxBigInt, minBigInt } from "./element-values.js";
import { combine } from "./elementwise-binary.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
} from "./host-operator.js";
import { allocate, requireInput } from "./operator-inputs.js";

/** `Max`, `Mean`, `Min` and `Sum` of any number of inputs, and `Where`. */
export function elementwiseVariadicOperators(): OperatorEntry[] {
  return [
    { opType: "Max", since: 6, run: fold(Math.max, maxBigInt) },
    { opType: "Mean", since: 6, run: runMean },
    { opType: "Min", since: 6, run: fold(Math.min, minBigInt) },
    { opType: "Sum", since: 6, run: fold(add, (a, b) => a + b) },
    { opType: "Where", since: 9, run: runWhere },
  ];
}

function add(a: number, b: number): number {
  return a + b;
}

function fold(
  compute: (a: number, b: number) => number,
  computeBig: (a: bigint, b: bigint) => bigint,
): HostOperator {
  return (inputs, context) => {
    let result = requireInput(inputs, 0, context);
    for (let i = 1; i < inputs.length; i++) {
      const next = requireInput(inputs, i, context);
      requireSameType(result, next, context);
      result = combine(result, next, compute, computeBig, context);
    }
    return [result];
  };
}

const runMean: HostOperator = (inputs, context) => {
  const [sum] = fold(add, (a, b) => a + b)(inputs, context);
  const count: Tensor = { dtype: "f64", shape: [], data: Float64Array.of(inputs.length) };
  return [
    combine(
      sum!,
      count,
      (a, n) => a / n,
      (a) => a / BigInt(inputs.length),
      context,
    ),
  ];
};

const runWhere: HostOperator = (inputs, context) => {
  const condition = requireInput(inputs, 0, context);
  const x = requireInput(inputs, 1, context);
  const y = requireInput(inputs, 2, context);
  if (condition.dtype !== "bool") {
    throw invalidNode(context, `the condition must be bool, got ${condition.dtype}`);
  }
  requireSameType(x, y, context);
  const operands = [condition, x, y];
  const shape = broadcastShape(
    operands.map((operand) => operand.shape),
    context,
  );
  const result = allocate(x.dtype, shape, context);
  const out = asNumbers(result.data);
  const test = condition.data as Uint8Array;
  const whenTrue = asNumbers(x.data);
  const whenFalse = asNumbers(y.data);
  let next = 0;
  forEachRow(
    shape,
    operands.map((operand) => broadcastStrides(operand.shape, shape)),
    ([c, a, b], [stepC, stepA, stepB], length) => {
      for (let k = 0; k < length; k++) {
        out[next++] = test[c! + k * stepC!]
          ? whenTrue[a! + k * stepA!]!
          : whenFalse[b! + k * stepB!]!;
      }
    },
  );
  return [result];
};

function requireSameType(a: Tensor, b: Tensor, context: OperatorContext): void {
  if (a.dtype !== b.dtype) {
    throw invalidNode(context, `inputs must have one element type, got ${a.dtype} and ${b.dtype}`);
  }
}
