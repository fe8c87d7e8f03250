import { type AttributeLiteral, nodeOf } from "../model/build-model.test-support.js";
import type { Dim } from "../model/model.js";
import { inferNode } from "./infer-node.js";
import { constantValue, elementsOf, type InferredValue, inferredValue } from "./inferred-value.js";

/** A 32-bit float value of which the shape is known. */
export function f32(...shape: Dim[]): InferredValue {
  return inferredValue("f32", shape);
}

/** A constant list of 64-bit integers. */
export function ints(...values: number[]): InferredValue {
  return constantValue({
    dtype: "i64",
    shape: [values.length],
    data: BigInt64Array.from(values, BigInt),
  });
}

/** A constant 64-bit integer. */
export function scalar(value: number): InferredValue {
  return constantValue({ dtype: "i64", shape: [], data: BigInt64Array.of(BigInt(value)) });
}

/** A constant list of 32-bit floats. */
export function floats(...values: number[]): InferredValue {
  return constantValue({ dtype: "f32", shape: [values.length], data: Float32Array.from(values) });
}

/** Attributes as tests write them. */
export type Attributes = Readonly<Record<string, AttributeLiteral>>;

/** Outputs of a node called "n". */
export function infer(
  opType: string,
  inputs: readonly (InferredValue | null)[],
  attributes: Attributes = {},
  opset = 17,
  outputs = 1,
): InferredValue[] {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  return inferNode(nodeOf(opType, [], names, attributes, "n"), inputs, opset);
}

/** Shape of the first output. */
export function shapeAfter(...args: Parameters<typeof infer>): readonly Dim[] | null {
  return infer(...args)[0]!.shape;
}

/** Known contents of the first output. */
export function elementsAfter(...args: Parameters<typeof infer>): readonly Dim[] | undefined {
  return elementsOf(infer(...args)[0]!);
}
