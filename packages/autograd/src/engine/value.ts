import { ShapeError } from "@edgewright/core";

/** What an element of a value is: a float, an integer (labels, token ids), or a byte (masks, window positions). */
export type ValueType = "f32" | "i32" | "u8";

/**
 * A piece of memory in a program: written by one step, read by others, placed by the memory plan.
 *
 * Values are made by a {@link ProgramBuilder}; an operation's `forward` and `backward` pass them about.
 */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly type: ValueType;
  readonly bytes: number;
  /** What people see in a memory account: "mask", "mean and deviation". */
  readonly label: string;
  /** The value whose memory this one shows under another shape. */
  readonly viewOf?: Value;
}

const BYTES: Readonly<Record<ValueType, number>> = { f32: 4, i32: 4, u8: 1 };

/** The number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of a dense value. */
export function bytesOf(shape: readonly number[], type: ValueType): number {
  return elementsOf(shape) * BYTES[type];
}

/** The value that owns the memory of `value`. */
export function ownerOf(value: Value): Value {
  let owner = value;
  while (owner.viewOf !== undefined) owner = owner.viewOf;
  return owner;
}

/** Refuses shapes that are not lists of whole numbers from 1. */
export function requireShape(where: string, shape: readonly number[]): void {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 1)) {
    throw new ShapeError(`${where}: expected sizes that are whole numbers from 1, got [${shape}]`);
  }
}
