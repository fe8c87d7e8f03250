import { type ActivationKind, planBinary, planUnary } from "@edgewright/kernels";
import { joinPlans } from "@edgewright/kernels/training";
import type { BackwardCall, Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";
import { binaryStep } from "./binary-step.js";

type Backward = (build: ProgramBuilder, call: BackwardCall<undefined, unknown>) => Value;

/** An operation that applies a kernel's function to every element. */
function elementwise(name: string, kind: ActivationKind, backward: Backward): Operation<undefined> {
  return {
    name,
    outputShape: ([x]) => x!,
    forward(build, { inputs: [x], outputShape }) {
      const output = build.value(outputShape);
      build.step({
        name,
        reads: [x!],
        writes: [output],
        inPlace: { read: x!, write: output },
        plan: (kernels, at) =>
          planUnary(kernels, {
            op: kind,
            x: at(x!),
            y: at(output),
            count: elementsOf(outputShape),
          }),
      });
      return { output };
    },
    backward: (build, call) => [backward(build, call)],
  };
}

const NEGATE: Operation<undefined> = /*@__PURE__*/ elementwise(
  "negate",
  "neg",
  (build, { gradient }) => {
    const dx = build.value(gradient.shape);
    build.step({
      name: "gradient",
      reads: [gradient],
      writes: [dx],
      inPlace: { read: gradient, write: dx },
      plan: (kernels, at) =>
        planUnary(kernels, { op: "neg", x: at(gradient), y: at(dx), count: elementsOf(dx.shape) }),
    });
    return dx;
  },
);

const SQUARE: Operation<undefined> = /*@__PURE__*/ elementwise(
  "square",
  "square",
  (build, { gradient, inputs: [x] }) =>
    binaryStep(build, "gradient", "mul", [gradient, x!], {
      shape: gradient.shape,
      activation: { kind: "identity", scale: 2 },
    }),
);

const SQUARE_ROOT: Operation<undefined> = /*@__PURE__*/ elementwise(
  "square root",
  "sqrt",
  (build, { gradient, output }) =>
    binaryStep(build, "gradient", "div", [gradient, output], {
      shape: gradient.shape,
      activation: { kind: "identity", scale: 0.5 },
    }),
);

const EXPONENTIAL: Operation<undefined> = /*@__PURE__*/ elementwise(
  "exponential",
  "exp",
  (build, { gradient, output }) =>
    binaryStep(build, "gradient", "mul", [gradient, output], { shape: gradient.shape }),
);

const LOGARITHM: Operation<undefined> = /*@__PURE__*/ elementwise(
  "logarithm",
  "log",
  (build, { gradient, inputs: [x] }) =>
    binaryStep(build, "gradient", "div", [gradient, x!], { shape: gradient.shape }),
);

const ABSOLUTE: Operation<undefined> = /*@__PURE__*/ elementwise(
  "absolute",
  "abs",
  (build, { gradient, inputs: [x] }) => {
    const dx = build.value(gradient.shape);
    const shape = [elementsOf(dx.shape)];
    build.step({
      name: "gradient",
      reads: [x!, gradient],
      writes: [dx],
      inPlace: { read: x!, write: dx },
      plan: (kernels, at) =>
        joinPlans([
          planUnary(kernels, { op: "sign", x: at(x!), y: at(dx), count: shape[0]! }),
          planBinary(kernels, {
            op: "mul",
            a: at(dx),
            aShape: shape,
            b: at(gradient),
            bShape: shape,
            y: at(dx),
          }),
        ]),
    });
    return dx;
  },
);

const POWER: Operation<number> = {
  name: "power",
  outputShape: ([x]) => x!,
  forward(build, { inputs: [x], options: exponent, outputShape: shape }) {
    const p = build.constant(Float32Array.of(exponent), [], "exponent");
    return { output: binaryStep(build, "power", "pow", [x!, p], { shape }) };
  },
  backward(build, { inputs: [x], options: exponent, gradient }) {
    const { shape } = gradient;
    const p = build.constant(Float32Array.of(exponent - 1), [], "exponent less 1");
    const slope = binaryStep(build, "gradient", "pow", [x!, p], {
      shape,
      activation: { kind: "identity", scale: exponent },
    });
    return [binaryStep(build, "gradient", "mul", [gradient, slope], { shape })];
  },
};

/** -x. Keeps nothing for the backward pass. */
export function negate(x: Operand): Variable {
  return record(NEGATE, [x], undefined);
}

/** x squared. Keeps x for the backward pass. */
export function square(x: Operand): Variable {
  return record(SQUARE, [x], undefined);
}

/** The square root of x; its slope at 0 is infinite. Keeps the output for the backward pass. */
export function squareRoot(x: Operand): Variable {
  return record(SQUARE_ROOT, [x], undefined);
}

/** e to the power of x. Keeps the output for the backward pass. */
export function exponential(x: Operand): Variable {
  return record(EXPONENTIAL, [x], undefined);
}

/** The natural logarithm of x. Keeps x for the backward pass. */
export function logarithm(x: Operand): Variable {
  return record(LOGARITHM, [x], undefined);
}

/** The magnitude of x; its slope at 0 is 0. Keeps x for the backward pass. */
export function absolute(x: Operand): Variable {
  return record(ABSOLUTE, [x], undefined);
}

/**
 * x to the power of a number. Keeps x for the backward pass. {@link square} and {@link squareRoot} are much
 * faster than the powers of 2 and 1/2.
 */
export function power(x: Operand, exponent: number): Variable {
  return record(POWER, [x], exponent);
}
