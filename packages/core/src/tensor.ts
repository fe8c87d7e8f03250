import { arrayConstructor, type DType, type DTypeArrays } from "./dtype.js";
import { ShapeError } from "./errors.js";

/**
 * An n-dimensional array: row-major elements in a flat typed array.
 *
 * A structural interface, not a class: a literal `{ dtype, shape, data }` is a tensor, survives
 * `structuredClone` and worker boundaries, and is the same type in every copy of the package.
 */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  /** Sizes from the outermost to the innermost axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Elements in row-major order; its length is the product of `shape`. */
  readonly data: DTypeArrays[D];
}

/** Number of elements of a shape; 1 for the scalar shape `[]`. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/**
 * Makes a tensor and checks that data and shape agree.
 *
 * @example
 * const x = tensor("f32", [2, 3], [1, 2, 3, 4, 5, 6]);
 * console.log(x.shape, x.data[4]); // [ 2, 3 ] 5
 *
 * @throws ShapeError when the number of elements is not the product of the shape.
 */
export function tensor<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data?: DTypeArrays[D] | ArrayLike<number> | ArrayLike<bigint>,
): Tensor<D> {
  const size = sizeOf(shape);
  const Elements = arrayConstructor(dtype);
  if (data === undefined) return { dtype, shape, data: new Elements(size) };
  if (data.length !== size) {
    throw new ShapeError(
      `tensor: shape [${shape.join(", ")}] holds ${size} elements, got ${data.length}`,
    );
  }
  if (ArrayBuffer.isView(data) && data instanceof (Elements as unknown as new () => object)) {
    return { dtype, shape, data: data as DTypeArrays[D] };
  }
  const own = new Elements(size);
  for (let i = 0; i < size; i++) (own as { [i: number]: unknown })[i] = data[i];
  return { dtype, shape, data: own };
}
