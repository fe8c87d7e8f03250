import {
  type DType,
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  sizeOf,
  type Tensor,
  type TensorData,
} from "@edgewright/core";
import { type OperatorContext, unsupportedNode } from "./host-operator.js";
import { allocate } from "./operator-inputs.js";

/** Elements that arithmetic runs on without conversion. */
export type FloatArray = Float32Array | Float64Array;

/** Any typed array whose elements are plain numbers. */
export type NumberArray =
  | FloatArray
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Whether an element type is a floating-point one. */
export function isFloat(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f64" || dtype === "f16" || dtype === "bf16";
}

/** Whether an element type is stored as `bigint`. */
export function isBigInt(dtype: DType): boolean {
  return dtype === "i64" || dtype === "u64";
}

/**
 * Elements of a floating-point tensor as numbers; shares the data of `f32` and `f64`.
 *
 * @throws UnsupportedError for integers and booleans.
 */
export function readFloats(tensor: Tensor, context: OperatorContext): FloatArray {
  switch (tensor.dtype) {
    case "f32":
      return tensor.data as Float32Array;
    case "f64":
      return tensor.data as Float64Array;
    case "f16":
      return decodeFloat16(tensor.data as Uint16Array);
    case "bf16":
      return decodeBfloat16(tensor.data as Uint16Array);
    default:
      throw unsupportedNode(context, `works on floating-point elements, got ${tensor.dtype}`);
  }
}

/** Elements of any tensor as numbers; 64-bit integers beyond 2^53 are rounded. */
export function readNumbers(tensor: Tensor): NumberArray {
  switch (tensor.dtype) {
    case "f16":
      return decodeFloat16(tensor.data as Uint16Array);
    case "bf16":
      return decodeBfloat16(tensor.data as Uint16Array);
    case "i64":
    case "u64": {
      const source = tensor.data as BigInt64Array;
      const numbers = new Float64Array(source.length);
      for (let i = 0; i < numbers.length; i++) numbers[i] = Number(source[i]);
      return numbers;
    }
    default:
      return tensor.data as NumberArray;
  }
}

/**
 * Zeroed working array for a floating-point output: doubles for `f64`, otherwise floats.
 *
 * @throws EdgewrightError `"limit-exceeded"` as {@link allocate} does.
 */
export function allocateFloats(
  dtype: DType,
  shape: readonly number[],
  context: OperatorContext,
): FloatArray {
  return allocate(dtype === "f64" ? "f64" : "f32", shape, context).data;
}

/** Tensor of a working array, rounded to 16-bit storage where the type asks for it. */
export function packFloats(dtype: DType, shape: readonly number[], values: FloatArray): Tensor {
  switch (dtype) {
    case "f16":
      return { dtype, shape, data: encodeFloat16(values) };
    case "bf16":
      return { dtype, shape, data: encodeBfloat16(values) };
    case "f64":
      return {
        dtype,
        shape,
        data: values instanceof Float64Array ? values : Float64Array.from(values),
      };
    default:
      return {
        dtype: "f32",
        shape,
        data: values instanceof Float32Array ? values : Float32Array.from(values),
      };
  }
}

/**
 * Tensor of any element type from numbers; fractions are cut off for integers, and values wrap
 * around as two's complement does.
 */
export function packNumbers(
  dtype: DType,
  shape: readonly number[],
  values: ArrayLike<number>,
  context: OperatorContext,
): Tensor {
  if (isFloat(dtype)) {
    const floats = allocateFloats(dtype, shape, context);
    floats.set(values);
    return packFloats(dtype, shape, floats);
  }
  const result = allocate(dtype, shape, context);
  const size = sizeOf(shape);
  if (isBigInt(dtype)) {
    const data = result.data as BigInt64Array;
    for (let i = 0; i < size; i++) {
      const value = values[i]!;
      data[i] = Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
    }
  } else {
    const data = result.data as Int32Array;
    for (let i = 0; i < size; i++) data[i] = values[i]!;
  }
  return result;
}

/** The data of a tensor seen as numbers, whatever its type: for copying elements unchanged. */
export function asNumbers(data: TensorData): Float64Array {
  return data as unknown as Float64Array;
}

/** The larger of two 64-bit integers. */
export function maxBigInt(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** The smaller of two 64-bit integers. */
export function minBigInt(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
