import { ShapeError } from "@edgewright/core";

/** Options of the reductions. */
export interface ReduceOptions {
  /** Axes that go, from the front or, below 0, from the end. @default all */
  readonly axes?: readonly number[];
  /** Leaves the axes with length 1. @default false */
  readonly keepAxes?: boolean;
}

/** What a reduction does to a shape. */
export interface ReducedShape {
  /** The axes that go, ascending. */
  readonly axes: readonly number[];
  /** The shape with length 1 where an axis goes. */
  readonly kept: readonly number[];
  /** The shape of the result. */
  readonly output: readonly number[];
  /** Elements that become one. */
  readonly count: number;
}

/** Resolves the options of a reduction for a shape. */
export function reduceShape(
  operation: string,
  shape: readonly number[],
  { axes = shape.map((_, axis) => axis), keepAxes = false }: ReduceOptions,
): ReducedShape {
  const resolved = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const valid = resolved.every(
    (axis) => Number.isInteger(axis) && axis >= 0 && axis < shape.length,
  );
  if (!valid || new Set(resolved).size !== resolved.length) {
    throw new ShapeError(`${operation}: expected different axes of [${shape}], got [${axes}]`);
  }
  const goes = (axis: number): boolean => resolved.includes(axis);
  const kept = shape.map((size, axis) => (goes(axis) ? 1 : size));
  return {
    axes: resolved.sort((a, b) => a - b),
    kept,
    output: keepAxes ? kept : shape.filter((_, axis) => !goes(axis)),
    count: shape.reduce((product, size, axis) => (goes(axis) ? product * size : product), 1),
  };
}
