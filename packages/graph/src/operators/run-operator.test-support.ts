import { sizeOf, type Tensor } from "@edgewright/core";
import { type AttributeLiteral, nodeOf } from "../model/build-model.test-support.js";
import { evaluateNode, type InterpretOptions } from "./interpreter.js";

/** What a test says of a node beside its operator and inputs. */
export interface OperatorTestOptions extends InterpretOptions {
  attributes?: Readonly<Record<string, AttributeLiteral>>;
  /** @default 17 */
  opset?: number;
  /** @default 1 */
  outputCount?: number;
}

/** Runs one operator on the host. */
export function runAll(
  opType: string,
  inputs: readonly (Tensor | null)[],
  options: OperatorTestOptions = {},
): readonly (Tensor | null)[] {
  const { attributes = {}, opset = 17, outputCount = 1 } = options;
  const node = nodeOf(
    opType,
    inputs.map((input, i) => (input === null ? "" : `in${i}`)),
    Array.from({ length: outputCount }, (_, i) => `out${i}`),
    attributes,
    "node",
  );
  return evaluateNode(node, new Map([["", opset]]), inputs, options);
}

/** The first output of {@link runAll}. */
export function run(
  opType: string,
  inputs: readonly (Tensor | null)[],
  options: OperatorTestOptions = {},
): Tensor {
  return runAll(opType, inputs, options)[0]!;
}

/** 32-bit floats of a shape. */
export function floats(shape: readonly number[], values: readonly number[]): Tensor<"f32"> {
  return { dtype: "f32", shape, data: Float32Array.from(values) };
}

/** 64-bit integers, as a vector unless a shape is given. */
export function longs(values: readonly number[], shape?: readonly number[]): Tensor<"i64"> {
  return {
    dtype: "i64",
    shape: shape ?? [values.length],
    data: BigInt64Array.from(values, BigInt),
  };
}

/** Numbers in [-2, 2) that depend on the seed alone. */
export function noise(shape: readonly number[], seed = 1): Tensor<"f32"> {
  let state = (seed * 2654435761) >>> 0;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    // xorshift32: any stream will do, the seed is what counts.
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
  return { dtype: "f32", shape, data };
}

/** Elements as plain numbers. */
export function numbers(tensor: Tensor): number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** Element of a row-major tensor at a position. */
export function elementAt(tensor: Tensor, position: readonly number[]): number {
  let index = 0;
  for (const [axis, at] of position.entries()) index = index * tensor.shape[axis]! + at;
  return Number(tensor.data[index]);
}

/** Every position of a shape, the last axis fastest. */
export function* positions(shape: readonly number[]): Generator<number[]> {
  const size = sizeOf(shape);
  for (let flat = 0; flat < size; flat++) {
    const position = new Array<number>(shape.length);
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    yield position;
  }
}

/** Greatest absolute difference of two tensors of one shape. */
export function maxDifference(a: Tensor, b: Tensor | readonly number[]): number {
  const left = numbers(a);
  const right = "data" in b ? numbers(b) : b;
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  return left.reduce((worst, value, i) => Math.max(worst, Math.abs(value - right[i]!)), 0);
}
