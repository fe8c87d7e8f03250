import { ShapeError } from "@edgewright/core";
import { planTranspose } from "@edgewright/kernels";
import type { Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";

const TRANSPOSE: Operation<readonly number[]> = {
  name: "transpose",
  outputShape([x], permutation) {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== x!.length || sorted.some((axis, i) => axis !== i)) {
      throw new ShapeError(
        `transpose: expected a permutation of the ${x!.length} axes of [${x}], got [${permutation}]`,
      );
    }
    return permutation.map((axis) => x![axis]!);
  },
  forward: (build, { inputs: [x], options, outputShape }) => ({
    output: permute(build, "transpose", x!, options, outputShape),
  }),
  backward(build, { inputs: [x], options, gradient }) {
    const back = options.map((_, axis) => options.indexOf(axis));
    return [permute(build, "gradient", gradient, back, x!.shape)];
  },
};

function permute(
  build: ProgramBuilder,
  name: string,
  x: Value,
  perm: readonly number[],
  shape: readonly number[],
): Value {
  // Only axes of length 1 move: the elements stay where they are.
  const moving = perm.filter((axis) => x.shape[axis] !== 1);
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)) return build.view(x, shape);
  const y = build.value(shape);
  build.step({
    name,
    reads: [x],
    writes: [y],
    plan: (kernels, at) =>
      planTranspose(kernels, { x: at(x), y: at(y), shape: x.shape, perm, bytes: 4 }),
  });
  return y;
}

/**
 * x with its axes in another order: axis i of the result is axis permutation[i] of x. Keeps nothing for the
 * backward pass.
 *
 * @throws ShapeError when the list is not a permutation of the axes.
 */
export function transpose(x: Operand, permutation: readonly number[]): Variable {
  return record(TRANSPOSE, [x], permutation);
}
