/** @file Element-wise arithmetic on the small tensors of shape computations, symbols included. */
import { type DType, sizeOf } from "@edgewright/core";
import type { Dim } from "../model/model.js";
import { broadcastIndex } from "./broadcast-shapes.js";
import { addDims, floorDivideDim, multiplyDims, subtractDims } from "./dim-arithmetic.js";
import {
  elementsOf,
  type InferredValue,
  isConcrete,
  MAX_KNOWN_ELEMENTS,
} from "./inferred-value.js";

/** Elements after a unary operator, or `undefined` when they are not known. */
export function unaryElements(opType: string, x: InferredValue): readonly Dim[] | undefined {
  const compute = unaryFunction(opType);
  const elements = compute === undefined ? undefined : elementsOf(x);
  return elements?.map((element) =>
    typeof element === "number"
      ? roundTo(x.dtype, compute!(element))
      : opType === "Neg"
        ? subtractDims(0, element)
        : null,
  );
}

function unaryFunction(opType: string): ((x: number) => number) | undefined {
  switch (opType) {
    case "Neg":
      return (x) => -x;
    case "Abs":
      return Math.abs;
    case "Floor":
      return Math.floor;
    case "Ceil":
      return Math.ceil;
    case "Sqrt":
      return Math.sqrt;
    case "Sign":
      return Math.sign;
    case "Reciprocal":
      return (x) => 1 / x;
    case "Not":
      return (x) => (x === 0 ? 1 : 0);
    default:
      return undefined;
  }
}

/** Elements after a binary operator with broadcasting to `shape`. */
export function binaryElements(
  opType: string,
  a: InferredValue,
  b: InferredValue,
  shape: readonly Dim[] | null,
): readonly Dim[] | undefined {
  const dtype = a.dtype ?? b.dtype;
  const compute = binaryFunction(opType, dtype);
  if (compute === undefined) return undefined;
  return broadcastElements([a, b], shape, ([x, y]) => {
    const result = compute(x!, y!);
    return typeof result === "number" ? roundTo(dtype, result) : result;
  });
}

type Combine = (a: Dim, b: Dim) => Dim;

function binaryFunction(opType: string, dtype: DType | null): Combine | undefined {
  const isInteger = isIntegerType(dtype);
  switch (opType) {
    case "Add":
    case "Sum":
      return addDims;
    case "Sub":
      return subtractDims;
    case "Mul":
      return multiplyDims;
    case "Div":
      return (a, b) => divide(a, b, isInteger);
    case "Mod":
      return onNumbers((a, b) => (b === 0 ? Number.NaN : a - b * Math.floor(a / b)));
    case "Pow":
      return onNumbers((a, b) => a ** b);
    case "Max":
      return orEqual(Math.max);
    case "Min":
      return orEqual(Math.min);
    case "Equal":
      return (a, b) => (a !== null && a === b ? 1 : onNumbers((x, y) => +(x === y))(a, b));
    case "Less":
      return onNumbers((a, b) => +(a < b));
    case "Greater":
      return onNumbers((a, b) => +(a > b));
    case "LessOrEqual":
      return onNumbers((a, b) => +(a <= b));
    case "GreaterOrEqual":
      return onNumbers((a, b) => +(a >= b));
    case "And":
      return onNumbers((a, b) => +(a !== 0 && b !== 0));
    case "Or":
      return onNumbers((a, b) => +(a !== 0 || b !== 0));
    case "Xor":
      return onNumbers((a, b) => +((a !== 0) !== (b !== 0)));
    default:
      return undefined;
  }
}

function divide(a: Dim, b: Dim, isInteger: boolean): Dim {
  if (typeof b !== "number" || b === 0) return null;
  if (typeof a === "number") return isInteger ? Math.trunc(a / b) : a / b;
  if (!isInteger) return b === 1 ? a : null;
  return b > 0 ? floorDivideDim(a, b) : null;
}

function onNumbers(compute: (a: number, b: number) => number): Combine {
  return (a, b) => (typeof a === "number" && typeof b === "number" ? compute(a, b) : null);
}

function orEqual(compute: (a: number, b: number) => number): Combine {
  return (a, b) => (a === b ? a : onNumbers(compute)(a, b));
}

/** Elements of `Where`; a condition that is not known gives `null` unless both sides agree. */
export function whereElements(
  condition: InferredValue,
  x: InferredValue,
  y: InferredValue,
  shape: readonly Dim[] | null,
): readonly Dim[] | undefined {
  return broadcastElements([condition, x, y], shape, ([c, a, b]) => {
    if (typeof c === "number") return c !== 0 ? a! : b!;
    return a === b ? a! : null;
  });
}

/** Elements after a conversion. */
export function castElements(x: InferredValue, to: DType | null): readonly Dim[] | undefined {
  if (to === null) return undefined;
  return elementsOf(x)?.map((element) => {
    if (typeof element !== "number") return to === "bool" ? null : element;
    if (to === "bool") return element === 0 ? 0 : 1;
    return roundTo(to, isIntegerType(to) ? Math.trunc(element) : element);
  });
}

function broadcastElements(
  values: readonly InferredValue[],
  shape: readonly Dim[] | null,
  combine: (elements: readonly Dim[]) => Dim,
): readonly Dim[] | undefined {
  if (shape === null || !isConcrete(shape)) return undefined;
  const size = sizeOf(shape);
  if (size > MAX_KNOWN_ELEMENTS) return undefined;
  const operands: { elements: readonly Dim[]; shape: readonly number[] }[] = [];
  for (const value of values) {
    const elements = elementsOf(value);
    if (elements === undefined || value.shape === null || !isConcrete(value.shape)) {
      return undefined;
    }
    operands.push({ elements, shape: value.shape });
  }
  return Array.from({ length: size }, (_, flat) =>
    combine(
      operands.map(
        (operand) => operand.elements[broadcastIndex(flat, operand.shape, shape)] ?? null,
      ),
    ),
  );
}

function isIntegerType(dtype: DType | null): boolean {
  return dtype !== null && !["f32", "f64", "f16", "bf16", "bool"].includes(dtype);
}

// NaN and infinities are of no use as sizes; a 32-bit float computes what the model will compute.
function roundTo(dtype: DType | null, value: number): Dim {
  if (!Number.isFinite(value) && isIntegerType(dtype)) return null;
  return dtype === "f32" ? Math.fround(value) : value;
}
