import { arrayConstructor, type DType, sizeOf, type Tensor } from "@edgewright/core";
import type { Dim } from "../model/model.js";

/** What is known of a value before the model runs. */
export interface InferredValue {
  readonly dtype: DType | null;
  /** `null`: not even the rank is known. */
  readonly shape: readonly Dim[] | null;
  /** The whole value, where it is an initialiser or a `Constant`. */
  readonly value?: Tensor;
  /**
   * Contents of a small tensor in row-major order, where shape computations made it: `Shape` of
   * `["batch", 3]` has the elements `["batch", 3]`. Booleans are 0 and 1.
   */
  readonly elements?: readonly Dim[];
}

/**
 * Most elements that are followed through the computation of shapes. Real graphs compute with a
 * handful; the bound keeps hostile ones from filling the memory through 250,000 nodes.
 */
export const MAX_KNOWN_ELEMENTS = 128;

/** A value of which only type and shape are known. */
export function inferredValue(
  dtype: DType | null,
  shape: readonly Dim[] | null,
  elements?: readonly Dim[] | undefined,
): InferredValue {
  return elements === undefined || elements.length > MAX_KNOWN_ELEMENTS
    ? { dtype, shape }
    : { dtype, shape, elements };
}

/** A constant. */
export function constantValue(tensor: Tensor): InferredValue {
  return { dtype: tensor.dtype, shape: tensor.shape, value: tensor };
}

/** Nothing is known. */
export function unknownValue(): InferredValue {
  return { dtype: null, shape: null };
}

/**
 * The contents of a value element by element, each a number, a symbol or `null`, or `undefined`
 * when they are not known at all (or too many, or half precision, which shapes never use).
 */
export function elementsOf(value: InferredValue | undefined): readonly Dim[] | undefined {
  if (value === undefined) return undefined;
  if (value.elements !== undefined) return value.elements;
  const tensor = value.value;
  if (tensor === undefined || tensor.data.length > MAX_KNOWN_ELEMENTS) return undefined;
  if (tensor.dtype === "f16" || tensor.dtype === "bf16") return undefined;
  return Array.from(tensor.data as ArrayLike<number | bigint>, exactNumber);
}

// 2^63 - 1 and -2^63 mean "to the end" in slices; other integers a double cannot hold are unknown.
function exactNumber(value: number | bigint): Dim {
  const number = Number(value);
  if (typeof value === "number" || Number.isSafeInteger(number)) return number;
  return Math.abs(number) >= 2 ** 63 ? number : null;
}

/** The numbers of {@link elementsOf} when every one is known. */
export function numbersOf(value: InferredValue | undefined): readonly number[] | undefined {
  const elements = elementsOf(value);
  return elements?.every((element) => typeof element === "number")
    ? (elements as readonly number[])
    : undefined;
}

/** The value as a tensor when all of it is known: a candidate for constant folding. */
export function constantOf(value: InferredValue): Tensor | undefined {
  if (value.value !== undefined) return value.value;
  const { dtype, shape } = value;
  const numbers = numbersOf(value);
  if (numbers === undefined || dtype === null || shape === null) return undefined;
  if (!isConcrete(shape) || sizeOf(shape) !== numbers.length) return undefined;
  if (dtype === "f16" || dtype === "bf16") return undefined;
  const Elements = arrayConstructor(dtype);
  const data = new Elements(numbers.length);
  numbers.forEach((number, index) => {
    (data as { [i: number]: number | bigint })[index] =
      dtype === "i64" || dtype === "u64" ? clampInt64(number) : number;
  });
  return { dtype, shape, data } as Tensor;
}

function clampInt64(number: number): bigint {
  if (number >= 2 ** 63) return 2n ** 63n - 1n;
  return BigInt(Math.trunc(number));
}

/** Whether every axis has a size. */
export function isConcrete(shape: readonly Dim[]): shape is readonly number[] {
  return shape.every((dim) => typeof dim === "number");
}
