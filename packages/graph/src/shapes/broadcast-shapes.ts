import type { Dim } from "../model/model.js";
import { formatShape, type RuleContext, shapeMismatch } from "./shape-rule.js";

/**
 * Shape that NumPy-style broadcasting of `shapes` gives; `null` when one of them is unknown.
 *
 * @throws ShapeError when two sizes differ and neither is 1.
 */
export function broadcastInferred(
  shapes: readonly (readonly Dim[] | null)[],
  context: RuleContext,
): Dim[] | null {
  if (shapes.some((shape) => shape === null)) return null;
  const known = shapes as readonly (readonly Dim[])[];
  const rank = Math.max(0, ...known.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let result: Dim = 1;
    for (const shape of known) {
      const index = axis - (rank - shape.length);
      if (index < 0) continue;
      const dim = broadcastDims(result, shape[index]!);
      if (dim === undefined) {
        throw shapeMismatch(
          context,
          `shapes ${known.map(formatShape).join(" and ")} do not broadcast`,
        );
      }
      result = dim;
    }
    return result;
  });
}

// Of an unknown size and a number above 1 the number must win; of two different symbols either may.
function broadcastDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  return typeof b === "number" ? b : null;
}

/** Flat index into a tensor of `shape` for the element `flat` of the broadcast `target`. */
export function broadcastIndex(
  flat: number,
  shape: readonly number[],
  target: readonly number[],
): number {
  let index = 0;
  let stride = 1;
  let rest = flat;
  for (let axis = target.length - 1; axis >= 0; axis--) {
    const size = target[axis]!;
    const position = rest % size;
    rest = Math.floor(rest / size);
    const own = axis - (target.length - shape.length);
    if (own < 0) break;
    if (shape[own] !== 1) index += position * stride;
    stride *= shape[own]!;
  }
  return index;
}
