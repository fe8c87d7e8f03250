import {
  arrayConstructor,
  bytesPerElement,
  type DType,
  type DTypeArrays,
  EdgewrightError,
  sizeOf,
  type Tensor,
} from "@edgewright/core";
import { invalidNode, limitExceeded, type OperatorContext, shapeError } from "./host-operator.js";

/** The input at `index`. @throws ValidationError when the node has no such input. */
export function requireInput(
  inputs: readonly (Tensor | null)[],
  index: number,
  context: OperatorContext,
): Tensor {
  const input = inputs[index];
  if (!input) throw invalidNode(context, `input ${index} is missing`);
  return input;
}

/** Integers of a small shape-like tensor as numbers. */
export function readIntegers(tensor: Tensor): number[] {
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** The only element of a scalar or one-element tensor, as a number. */
export function readScalar(tensor: Tensor, what: string, context: OperatorContext): number {
  if (tensor.data.length !== 1) {
    throw shapeError(
      context,
      `${what} must have one element, got shape [${tensor.shape.join(", ")}]`,
    );
  }
  return Number(tensor.data[0]);
}

/** Maps an axis of `[-rank, rank)` to `[0, rank)`. @throws ShapeError outside of it. */
export function normalizeAxis(axis: number, rank: number, context: OperatorContext): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw shapeError(context, `axis ${axis} is outside a tensor of ${rank} axes`);
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * Zeroed tensor for an output.
 *
 * @throws EdgewrightError `"limit-exceeded"` when it would be larger than the context allows.
 */
export function allocate<D extends DType>(
  dtype: D,
  shape: readonly number[],
  context: OperatorContext,
): Tensor<D> {
  const bytes = sizeOf(shape) * bytesPerElement(dtype);
  const limit = context.maxOutputBytes ?? 2 ** 31;
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw shapeError(context, `output shape [${shape.join(", ")}] has a size of ${dim}`);
    }
  }
  if (!(bytes <= limit)) {
    throw limitExceeded(
      context,
      `output of shape [${shape.join(", ")}] takes ${bytes} bytes, the limit is ${limit}`,
    );
  }
  return { dtype, shape, data: newElements(dtype, sizeOf(shape), bytes, context) };
}

function newElements<D extends DType>(
  dtype: D,
  size: number,
  bytes: number,
  context: OperatorContext,
): DTypeArrays[D] {
  const Elements = arrayConstructor(dtype);
  try {
    return new Elements(size) as DTypeArrays[D];
  } catch (cause) {
    // A RangeError: the engine has no such piece of memory, whatever the limit allows.
    const { opType, name } = context.node;
    const message = `${opType} "${name}": no memory for an output of ${bytes} bytes`;
    throw new EdgewrightError("out-of-memory", message, { where: name, cause });
  }
}
