import { EdgewrightError, ShapeError, ValidationError } from "../errors.js";
import { decodeFloat16, encodeFloat16 } from "../half.js";
import { checkShape, formatShape } from "../shape.js";
import { sizeOf } from "../tensor.js";
import type { PackedFloats } from "./packed-tensor.js";

/** A tensor seen as a matrix, its first axis against all the others. */
export interface MatrixView {
  readonly rows: number;
  readonly cols: number;
}

/** Rows and columns of a tensor that is to be packed; a vector is one row. */
export function viewAsMatrix(shape: readonly number[], where: string): MatrixView {
  checkShape(shape, where);
  if (shape.length < 2) return { rows: 1, cols: sizeOf(shape) };
  return { rows: shape[0]!, cols: sizeOf(shape.slice(1)) };
}

/** Throws unless there is one value for every element of the shape. */
export function checkElements(length: number, shape: readonly number[], where: string): void {
  if (length === sizeOf(shape)) return;
  throw new ShapeError(
    `${where}: shape ${formatShape(shape)} holds ${sizeOf(shape)} elements, got ${length}`,
  );
}

/** Throws when a weight is not a finite number: there is no code for it. */
export function checkFinite(weights: ArrayLike<number>, where: string): void {
  for (let i = 0; i < weights.length; i++) {
    if (Number.isFinite(weights[i])) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: weights must be finite, element ${i} is ${weights[i]}`,
    );
  }
}

/** Throws when a part of a packed tensor does not have the length that its layout gives it. */
export function checkPart(actual: number, expected: number, part: string, where: string): void {
  if (actual === expected) return;
  throw new ValidationError(`${where}: ${part} must hold ${expected} elements, got ${actual}`);
}

/** Numbers as they will be stored. */
export function packFloats(values: Float32Array, dtype: PackedFloats["dtype"]): PackedFloats {
  return dtype === "f32" ? { dtype, data: values } : { dtype, data: encodeFloat16(values) };
}

/** Stored numbers as 32-bit floats. */
export function unpackFloats(floats: PackedFloats): Float32Array {
  return floats.dtype === "f32" ? floats.data : decodeFloat16(floats.data);
}

/** Nearest whole number within a range. */
export function roundInto(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.round(value)));
}
