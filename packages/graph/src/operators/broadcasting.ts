import { broadcastShapes, sizeOf } from "@edgewright/core";
import { type OperatorContext, shapeError } from "./host-operator.js";

/**
 * Shape that several shapes broadcast to, by the rules of NumPy; an error names the node.
 *
 * @throws ShapeError when two sizes differ and neither is 1.
 */
export function broadcastShape(
  shapes: readonly (readonly number[])[],
  context: OperatorContext,
): number[] {
  try {
    return broadcastShapes(...shapes);
  } catch {
    const list = shapes.map((s) => `[${s.join(", ")}]`).join(" and ");
    throw shapeError(context, `shapes ${list} do not broadcast`);
  }
}

/**
 * Calls `visit` once per innermost row of a strided walk over `shape`.
 *
 * Neighbouring axes that all operands walk in one stride are merged first, so equal shapes are one
 * row. `offsets[k]` is operand `k`'s first element of the row, `steps[k]` its step along it.
 */
export function forEachRow(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (
    offsets: readonly number[],
    steps: readonly number[],
    length: number,
    row: number,
  ) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const merged = mergeAxes(shape, strides);
  const inner = merged.shape.length - 1;
  const length = merged.shape[inner]!;
  const steps = merged.strides.map((s) => s[inner]!);
  const offsets = new Array<number>(strides.length).fill(0);
  const position = new Array<number>(inner).fill(0);
  for (let row = 0; ; row++) {
    visit(offsets, steps, length, row);
    let axis = inner - 1;
    for (; axis >= 0; axis--) {
      position[axis]!++;
      for (let k = 0; k < offsets.length; k++) offsets[k]! += merged.strides[k]![axis]!;
      if (position[axis]! < merged.shape[axis]!) break;
      for (let k = 0; k < offsets.length; k++) {
        offsets[k]! -= merged.strides[k]![axis]! * merged.shape[axis]!;
      }
      position[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function mergeAxes(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): { shape: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const steps: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const last = sizes.length - 1;
    const mergeable = last >= 0 && strides.every((s, k) => steps[k]![last] === s[axis]! * size);
    if (mergeable) {
      sizes[last]! *= size;
      for (let k = 0; k < steps.length; k++) steps[k]![last] = strides[k]![axis]!;
    } else {
      sizes.push(size);
      for (let k = 0; k < steps.length; k++) steps[k]!.push(strides[k]![axis]!);
    }
  }
  if (sizes.length === 0) {
    sizes.push(1);
    for (const s of steps) s.push(0);
  }
  return { shape: sizes, strides: steps };
}
