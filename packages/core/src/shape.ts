import { ShapeError } from "./errors.js";
import { sizeOf } from "./tensor.js";

/** A shape as messages show it: `[2, 3]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes have the same sizes. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/**
 * Checks that a shape is made of whole numbers from 0 whose product a double counts exactly.
 *
 * @throws ShapeError naming the axis.
 */
export function checkShape(shape: readonly number[], where = "checkShape"): void {
  shape.forEach((dim, axis) => {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new ShapeError(
        `${where}: axis ${axis} of shape ${formatShape(shape)} must be a whole number from 0`,
      );
    }
  });
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new ShapeError(`${where}: shape ${formatShape(shape)} has too many elements`);
  }
}

/** Elements between neighbours along each axis of a row-major array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/**
 * The shape that operands of these shapes broadcast to, by NumPy's rule: aligned at the last axis,
 * a size of 1 stretches to the others.
 *
 * @example
 * console.log(broadcastShapes([8, 1, 6], [7, 1])); // [ 8, 7, 6 ]
 *
 * @throws ShapeError when two sizes differ and neither is 1.
 */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    shape.forEach((dim, axis) => {
      const current = result[axis + offset]!;
      if (dim === current || dim === 1) return;
      if (current !== 1) {
        throw new ShapeError(
          `broadcastShapes: ${shapes.map(formatShape).join(" and ")} do not broadcast: ` +
            `${current} meets ${dim}`,
        );
      }
      result[axis + offset] = dim;
    });
  }
  return result;
}

/**
 * Strides that walk an array of `shape` as though it had the broadcast shape `target`: 0 along every
 * stretched or missing axis.
 *
 * @throws ShapeError when `shape` does not broadcast to `target`.
 */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const offset = target.length - shape.length;
  const own = stridesOf(shape);
  const fits = offset >= 0 && shape.every((dim, a) => dim === 1 || dim === target[a + offset]);
  if (!fits) {
    throw new ShapeError(
      `broadcastStrides: ${formatShape(shape)} does not broadcast to ${formatShape(target)}`,
    );
  }
  return target.map((_, axis) => {
    const dim = shape[axis - offset];
    return dim === undefined || dim === 1 ? 0 : own[axis - offset]!;
  });
}

/** Position in the flat row-major data of the element at `index`. */
export function flattenIndex(index: readonly number[], shape: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const at = index[axis];
    if (at === undefined || !(at >= 0 && at < shape[axis]!) || index.length !== shape.length) {
      throw new ShapeError(
        `flattenIndex: ${formatShape(index)} is not an index into shape ${formatShape(shape)}`,
      );
    }
    offset = offset * shape[axis]! + at;
  }
  return offset;
}

/** Index of the element at a position of the flat row-major data: undoes {@link flattenIndex}. */
export function unflattenIndex(offset: number, shape: readonly number[]): number[] {
  const size = sizeOf(shape);
  if (!(Number.isInteger(offset) && offset >= 0 && offset < size)) {
    throw new ShapeError(
      `unflattenIndex: ${offset} is not a position in the ${size} elements of ${formatShape(shape)}`,
    );
  }
  const index = new Array<number>(shape.length);
  let rest = offset;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = shape[axis]!;
    index[axis] = rest % dim;
    rest = Math.floor(rest / dim);
  }
  return index;
}

/**
 * An axis counted from the front; negative ones count from the back, as in NumPy and ONNX.
 *
 * @throws ShapeError when there is no such axis.
 */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`normalizeAxis: axis ${axis} is not one of the ${rank} axes`);
  }
  return axis < 0 ? axis + rank : axis;
}
