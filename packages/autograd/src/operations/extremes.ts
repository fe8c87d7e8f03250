import { planBinary } from "@edgewright/kernels";
import { joinPlans } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { binaryStep } from "./binary-step.js";
import { broadcastShape, reduceToShape, withNumbers } from "./broadcasting.js";

/** `sign` of a - b is where a wins. */
function extreme(name: string, op: "max" | "min", sign: 1 | -1): Operation<undefined> {
  return {
    name,
    outputShape: ([a, b]) => broadcastShape(name, a!, b!),
    forward: (build, { inputs: [a, b], outputShape: shape }) => ({
      output: binaryStep(build, name, op, [a!, b!], { shape }),
    }),
    backward: (build, { inputs, needs, gradient }) =>
      inputs.map((input, i) => {
        if (!needs[i]) return undefined;
        const other = inputs[1 - i]!;
        const { shape } = gradient;
        const full = build.value(shape);
        const isFull = elementsOf(input.shape) === elementsOf(shape);
        build.step({
          name: "gradient",
          reads: [input, other, gradient],
          writes: [full],
          ...(isFull && { inPlace: { read: input, write: full } }),
          plan: (kernels, at) =>
            joinPlans([
              // 1 where this operand wins, 1/2 where both are equal, 0 elsewhere.
              planBinary(kernels, {
                op: "sub",
                a: at(input),
                aShape: input.shape,
                b: at(other),
                bShape: other.shape,
                y: at(full),
                activation: { kind: "sign", scale: 0.5 * sign, shift: 0.5 },
              }),
              planBinary(kernels, {
                op: "mul",
                a: at(full),
                aShape: shape,
                b: at(gradient),
                bShape: shape,
                y: at(full),
              }),
            ]),
        });
        return reduceToShape(build, full, input.shape);
      }),
  };
}

const MAXIMUM: Operation<undefined> = /*@__PURE__*/ extreme("maximum", "max", 1);
const MINIMUM: Operation<undefined> = /*@__PURE__*/ extreme("minimum", "min", -1);

/**
 * The larger of a and b, element by element, with NumPy's broadcasting; where both are equal each gets half
 * of the gradient. Keeps both for the backward pass.
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function maximum(a: Operand | number, b: Operand | number): Variable {
  return record(MAXIMUM, withNumbers("maximum", [a, b]), undefined);
}

/**
 * The smaller of a and b, element by element, with NumPy's broadcasting; where both are equal each gets half
 * of the gradient. Keeps both for the backward pass.
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function minimum(a: Operand | number, b: Operand | number): Variable {
  return record(MINIMUM, withNumbers("minimum", [a, b]), undefined);
}
