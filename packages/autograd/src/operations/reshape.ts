import { ShapeError } from "@edgewright/core";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

const RESHAPE: Operation<readonly number[]> = {
  name: "reshape",
  outputShape([x], shape) {
    const open = shape.filter((size) => size === -1).length;
    const known = elementsOf(shape.filter((size) => size !== -1));
    const rest = elementsOf(x!) / known;
    const resolved = shape.map((size) => (size === -1 ? rest : size));
    const valid = resolved.every((size) => Number.isSafeInteger(size) && size >= 1);
    if (open > 1 || !valid || elementsOf(resolved) !== elementsOf(x!)) {
      throw new ShapeError(`reshape: [${x}] cannot be seen as [${shape}]`);
    }
    return resolved;
  },
  forward: (build, { inputs: [x], outputShape }) => ({ output: build.view(x!, outputShape) }),
  backward: (build, { inputs: [x], gradient }) => [build.view(gradient, x!.shape)],
};

/**
 * The same elements under another shape; one size may be -1, which stands for what is left. Costs no time
 * and no memory.
 *
 * @throws ShapeError when the numbers of elements differ.
 */
export function reshape(x: Operand, shape: readonly number[]): Variable {
  return record(RESHAPE, [x], shape);
}

/** Everything behind the first axis in one: [n, ...] as [n, rest]. Costs no time and no memory. */
export function flatten(x: Operand): Variable {
  return reshape(x, [x.shape[0] ?? 1, -1]);
}
