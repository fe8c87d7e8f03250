import { planUnary } from "@edgewright/kernels";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { binaryStep } from "./binary-step.js";
import { broadcastShape, reduceToShape, withNumbers } from "./broadcasting.js";

const ADD: Operation<undefined> = {
  name: "add",
  outputShape: ([a, b]) => broadcastShape("add", a!, b!),
  forward: (build, { inputs: [a, b], outputShape: shape }) => ({
    output: binaryStep(build, "add", "add", [a!, b!], { shape }),
  }),
  backward: (build, { inputs, needs, gradient }) =>
    inputs.map((input, i) => (needs[i] ? reduceToShape(build, gradient, input.shape) : undefined)),
};

const SUBTRACT: Operation<undefined> = {
  name: "subtract",
  outputShape: ([a, b]) => broadcastShape("subtract", a!, b!),
  forward: (build, { inputs: [a, b], outputShape: shape }) => ({
    output: binaryStep(build, "subtract", "sub", [a!, b!], { shape }),
  }),
  backward(build, { inputs: [a, b], needs, gradient }) {
    const da = needs[0] ? reduceToShape(build, gradient, a!.shape) : undefined;
    if (!needs[1]) return [da, undefined];
    const sum = reduceToShape(build, gradient, b!.shape);
    const db = build.value(b!.shape);
    build.step({
      name: "gradient",
      reads: [sum],
      writes: [db],
      inPlace: { read: sum, write: db },
      plan: (kernels, at) =>
        planUnary(kernels, { op: "neg", x: at(sum), y: at(db), count: elementsOf(db.shape) }),
    });
    return [da, db];
  },
};

const MULTIPLY: Operation<undefined> = {
  name: "multiply",
  outputShape: ([a, b]) => broadcastShape("multiply", a!, b!),
  forward: (build, { inputs: [a, b], outputShape: shape }) => ({
    output: binaryStep(build, "multiply", "mul", [a!, b!], { shape }),
  }),
  backward: (build, { inputs, needs, gradient }) =>
    inputs.map((input, i) => {
      if (!needs[i]) return undefined;
      const { shape } = gradient;
      const full = binaryStep(build, "gradient", "mul", [gradient, inputs[1 - i]!], { shape });
      return reduceToShape(build, full, input.shape);
    }),
};

const DIVIDE: Operation<undefined> = {
  name: "divide",
  outputShape: ([a, b]) => broadcastShape("divide", a!, b!),
  forward: (build, { inputs: [a, b], outputShape: shape }) => ({
    output: binaryStep(build, "divide", "div", [a!, b!], { shape }),
  }),
  backward(build, { inputs: [a, b], output, needs, gradient }) {
    const { shape } = gradient;
    let db: ReturnType<typeof build.value> | undefined;
    if (needs[1]) {
      // d(a/b)/db = -(a/b)/b, and b is the same for everything that is summed.
      const product = binaryStep(build, "gradient", "mul", [gradient, output], { shape });
      const sum = reduceToShape(build, product, b!.shape);
      db = binaryStep(build, "gradient", "div", [sum, b!], {
        shape: b!.shape,
        activation: { kind: "identity", scale: -1 },
      });
    }
    if (!needs[0]) return [undefined, db];
    const full = binaryStep(build, "gradient", "div", [gradient, b!], { shape });
    return [reduceToShape(build, full, a!.shape), db];
  },
};

/**
 * a + b with NumPy's broadcasting; a number stands for itself everywhere. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function add(a: Operand | number, b: Operand | number): Variable {
  return record(ADD, withNumbers("add", [a, b]), undefined);
}

/**
 * a - b with NumPy's broadcasting; a number stands for itself everywhere. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function subtract(a: Operand | number, b: Operand | number): Variable {
  return record(SUBTRACT, withNumbers("subtract", [a, b]), undefined);
}

/**
 * a b, element by element, with NumPy's broadcasting; a number stands for itself everywhere. Keeps each
 * operand for the gradient of the other.
 *
 * @throws ShapeError when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const x = tape.input("x", [2, 3]);
 * const halved = multiply(x, 0.5); // [2, 3]
 * const scaled = multiply(x, createParameter({ name: "scale", shape: [3], data: [1, 2, 3] })); // [2, 3]
 * ```
 */
export function multiply(a: Operand | number, b: Operand | number): Variable {
  return record(MULTIPLY, withNumbers("multiply", [a, b]), undefined);
}

/**
 * a / b, element by element, with NumPy's broadcasting; a number stands for itself everywhere. Keeps b for
 * the gradient of a; b and the output for that of b.
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function divide(a: Operand | number, b: Operand | number): Variable {
  return record(DIVIDE, withNumbers("divide", [a, b]), undefined);
}
