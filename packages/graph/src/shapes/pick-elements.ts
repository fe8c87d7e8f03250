import { sizeOf } from "@edgewright/core";
import type { Dim } from "../model/model.js";
import {
  elementsOf,
  type InferredValue,
  isConcrete,
  MAX_KNOWN_ELEMENTS,
} from "./inferred-value.js";

/**
 * Elements of a tensor that is made by picking elements of `x`: for each position of the result,
 * `positionIn` tells the position (one index an axis) in `x`.
 *
 * `undefined` when the contents of `x` are not known, or too many are asked for.
 */
export function pickElements(
  x: InferredValue,
  shape: readonly Dim[],
  positionIn: (position: readonly number[]) => readonly number[],
): Dim[] | undefined {
  const elements = elementsOf(x);
  if (elements === undefined || x.shape === null) return undefined;
  if (!isConcrete(x.shape) || !isConcrete(shape)) return undefined;
  const size = sizeOf(shape);
  if (size > MAX_KNOWN_ELEMENTS) return undefined;
  const from = x.shape;
  return Array.from({ length: size }, (_, flat) => {
    const source = positionIn(positionOf(flat, shape));
    let index = 0;
    for (let axis = 0; axis < from.length; axis++) index = index * from[axis]! + source[axis]!;
    return elements[index] ?? null;
  });
}

function positionOf(flat: number, shape: readonly number[]): number[] {
  const position = new Array<number>(shape.length);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return position;
}
