import { ShapeError } from "@edgewright/core";
import {
  planSquaredError,
  planSquaredErrorGradient,
  squaredErrorWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

const MEAN_SQUARED_ERROR: Operation<undefined> = {
  name: "meanSquaredError",
  outputShape([a, b]) {
    if (`${a}` !== `${b}`) {
      throw new ShapeError(`meanSquaredError: expected equal shapes, got [${a}] and [${b}]`);
    }
    return [];
  },
  forward(build, { inputs: [a, b], outputShape }) {
    const output = build.value(outputShape);
    const count = elementsOf(a!.shape);
    build.step({
      name: "meanSquaredError",
      reads: [a!, b!],
      writes: [output],
      workspaceBytes: squaredErrorWorkspaceBytes(count),
      plan: (kernels, at, workspace) =>
        planSquaredError(kernels, {
          ...{ x: at(a!), target: at(b!), count, loss: at(output), workspace },
        }),
    });
    return { output };
  },
  backward(build, { inputs, gradient, needs }) {
    const [a, b] = inputs;
    const count = elementsOf(a!.shape);
    return inputs.map((own, i) => {
      if (!needs[i]) return undefined;
      const dx = build.value(own.shape);
      build.step({
        name: "gradient",
        reads: [gradient, a!, b!],
        writes: [dx],
        inPlace: { read: own, write: dx },
        plan: (kernels, at) =>
          planSquaredErrorGradient(kernels, {
            ...{ x: at(a!), target: at(b!), count, upstream: at(gradient), dx: at(dx) },
            ofTarget: i === 1,
          }),
      });
      return dx;
    });
  },
};

/**
 * The mean of (a - b)^2 over all elements: a scalar. Keeps both for the backward pass.
 *
 * @throws ShapeError when the shapes differ.
 */
export function meanSquaredError(a: Operand, b: Operand): Variable {
  return record(MEAN_SQUARED_ERROR, [a, b], undefined);
}
