import { ShapeError, stridesOf } from "@edgewright/core";
import { floatBits, planCopy, planFill } from "@edgewright/kernels";
import { joinPlans } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

/** Options of {@link pad}. */
export interface PadOptions {
  /** Elements put before each axis. */
  readonly before: readonly number[];
  /** Elements put behind each axis. */
  readonly after: readonly number[];
  /** What is put there. @default 0 */
  readonly value?: number;
}

const PAD: Operation<PadOptions> = {
  name: "pad",
  outputShape([x], { before, after }) {
    const valid = [...before, ...after].every((size) => Number.isSafeInteger(size) && size >= 0);
    if (before.length !== x!.length || after.length !== x!.length || !valid) {
      throw new ShapeError(
        `pad: expected whole numbers from 0 for each axis of [${x}], got [${before}] and [${after}]`,
      );
    }
    return x!.map((size, axis) => before[axis]! + size + after[axis]!);
  },
  forward(build, { inputs: [x], options, outputShape }) {
    const output = build.value(outputShape);
    const yStrides = stridesOf(outputShape);
    const { shape } = x!;
    build.step({
      name: "pad",
      reads: [x!],
      writes: [output],
      plan: (kernels, at) =>
        joinPlans([
          planFill(kernels, {
            y: at(output),
            count: elementsOf(outputShape),
            value: floatBits(options.value ?? 0),
          }),
          planCopy(kernels, {
            x: at(x!),
            y: at(output) + 4 * offsetOf(options.before, yStrides),
            shape,
            xStrides: stridesOf(shape),
            yStrides,
            bytes: 4,
          }),
        ]),
    });
    return { output };
  },
  backward(build, { inputs: [x], options, gradient }) {
    const dx = build.value(x!.shape);
    const xStrides = stridesOf(gradient.shape);
    build.step({
      name: "gradient",
      reads: [gradient],
      writes: [dx],
      plan: (kernels, at) =>
        planCopy(kernels, {
          x: at(gradient) + 4 * offsetOf(options.before, xStrides),
          y: at(dx),
          shape: dx.shape,
          xStrides,
          bytes: 4,
        }),
    });
    return [dx];
  },
};

function offsetOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
}

/**
 * x with a constant around it. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when the lists do not fit the axes.
 */
export function pad(x: Operand, options: PadOptions): Variable {
  return record(PAD, [x], options);
}
