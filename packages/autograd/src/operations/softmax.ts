import { ShapeError } from "@edgewright/core";
import { planSoftmax } from "@edgewright/kernels";
import { planSoftmaxGradient } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

function softmaxOperation(name: string, log: boolean): Operation<undefined> {
  return {
    name,
    outputShape([x]) {
      if (x!.length === 0) throw new ShapeError(`${name}: expected an axis to go over, got []`);
      return x!;
    },
    forward(build, { inputs: [x], outputShape }) {
      const output = build.value(outputShape);
      build.step({
        name,
        reads: [x!],
        writes: [output],
        inPlace: { read: x!, write: output },
        plan: (kernels, at) =>
          planSoftmax(kernels, { x: at(x!), y: at(output), ...rowsOf(outputShape), log }),
      });
      return { output };
    },
    backward(build, { output, gradient }) {
      const dx = build.value(gradient.shape);
      build.step({
        name: "gradient",
        reads: [gradient, output],
        writes: [dx],
        inPlace: { read: gradient, write: dx },
        plan: (kernels, at) =>
          planSoftmaxGradient(kernels, {
            ...rowsOf(dx.shape),
            ...{ y: at(output), dy: at(gradient), dx: at(dx), log },
          }),
      });
      return [dx];
    },
  };
}

const SOFTMAX = /*@__PURE__*/ softmaxOperation("softmax", false);
const LOG_SOFTMAX = /*@__PURE__*/ softmaxOperation("logSoftmax", true);

function rowsOf(shape: readonly number[]): { rows: number; cols: number } {
  const cols = shape.at(-1)!;
  return { rows: elementsOf(shape) / cols, cols };
}

/**
 * e^x over the sum of e^x along the last axis. Keeps the output for the backward pass.
 *
 * @throws ShapeError for a scalar.
 */
export function softmax(x: Operand): Variable {
  return record(SOFTMAX, [x], undefined);
}

/**
 * The logarithm of {@link softmax} along the last axis, exact where a probability is next to nothing. Keeps
 * the output for the backward pass.
 *
 * @throws ShapeError for a scalar.
 */
export function logSoftmax(x: Operand): Variable {
  return record(LOG_SOFTMAX, [x], undefined);
}
