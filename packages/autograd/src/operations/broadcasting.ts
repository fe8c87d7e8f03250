import { ShapeError } from "@edgewright/core";
import {
  broadcastGradientWorkspaceBytes,
  planBroadcastGradient,
} from "@edgewright/kernels/training";
import type { ProgramBuilder } from "../engine/operation.js";
import { type Operand, tapeOf } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** The shape that two shapes broadcast to, by NumPy's rule. */
export function broadcastShape(
  operation: string,
  a: readonly number[],
  b: readonly number[],
): number[] {
  const rank = Math.max(a.length, b.length);
  const sizes = (shape: readonly number[]): number[] => [
    ...new Array<number>(rank - shape.length).fill(1),
    ...shape,
  ];
  const right = sizes(b);
  return sizes(a).map((size, axis) => {
    const other = right[axis]!;
    if (size !== other && size !== 1 && other !== 1) {
      throw new ShapeError(
        `${operation}: [${a}] and [${b}] do not broadcast: ${size} meets ${other}`,
      );
    }
    return size === 1 ? other : size;
  });
}

/** The gradient of an operand that was broadcast: summed over what was repeated, at no cost where nothing was. */
export function reduceToShape(
  build: ProgramBuilder,
  gradient: Value,
  target: readonly number[],
): Value {
  const { shape } = gradient;
  if (`${shape}` === `${target}`) return gradient;
  if (elementsOf(shape) === elementsOf(target)) return build.view(gradient, target);
  const sum = build.value(target, { label: "sum over repeated axes" });
  build.step({
    name: "sum over repeated axes",
    reads: [gradient],
    writes: [sum],
    workspaceBytes: broadcastGradientWorkspaceBytes({ shape, target }),
    plan: (kernels, at, workspace) =>
      planBroadcastGradient(kernels, {
        shape,
        target,
        dy: at(gradient),
        dx: at(sum),
        workspace,
      }),
  });
  return sum;
}

/** The tape's operands for numbers and operands together. */
export function withNumbers(
  operation: string,
  values: readonly (Operand | number)[],
): readonly Operand[] {
  const operands = values.filter((value) => typeof value !== "number");
  const tape = tapeOf(operation, operands);
  return values.map((value) => (typeof value === "number" ? tape.constant([value], []) : value));
}
