import { planPool2d } from "@edgewright/kernels";
import { planMaxPoolGradient, planMaxPoolTraining } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";
import { type PoolWindow, poolShape } from "./pool-window.js";

/** Options of {@link maxPool2d}. */
export interface MaxPool2dOptions extends PoolWindow {}

const MAX_POOL_2D: Operation<MaxPool2dOptions, Value | undefined> = {
  name: "maxPool2d",
  outputShape([x], options) {
    const { n, oh, ow, c } = poolShape("maxPool2d", x!, options);
    return [n, oh, ow, c];
  },
  forward(build, { inputs: [x], options, outputShape, needs }) {
    const output = build.value(outputShape);
    const positions = needs[0]
      ? build.value(outputShape, { type: "u8", label: "window positions" })
      : undefined;
    const shape = poolShape("maxPool2d", x!.shape, options);
    build.step({
      name: "maxPool2d",
      reads: [x!],
      writes: positions ? [output, positions] : [output],
      plan(kernels, at) {
        const where = { ...shape, x: at(x!), y: at(output) };
        return positions
          ? planMaxPoolTraining(kernels, { ...where, argmax: at(positions) })
          : planPool2d(kernels, { ...where, kind: "max" });
      },
    });
    return { output, saved: positions };
  },
  backward(build, { inputs: [x], saved: positions, options, gradient }) {
    const dx = build.value(x!.shape);
    const shape = poolShape("maxPool2d", x!.shape, options);
    build.step({
      name: "gradient",
      reads: [gradient, positions!],
      writes: [dx],
      plan: (kernels, at) =>
        planMaxPoolGradient(kernels, {
          ...shape,
          dy: at(gradient),
          argmax: at(positions!),
          dx: at(dx),
        }),
    });
    return [dx];
  },
};

/**
 * Largest value of each window of x [n, h, w, c]. Padding never wins; of equal values the first gets the
 * gradient. Keeps one byte an output for the backward pass: where in its window the largest value was.
 *
 * @throws ShapeError when x is no batch of images, when the window does not fit, or has more than 256 pixels.
 *
 * @example
 * ```ts
 * const y = maxPool2d(x, { kernel: 2 }); // half as high and wide
 * ```
 */
export function maxPool2d(x: Operand, options: MaxPool2dOptions): Variable {
  return record(MAX_POOL_2D, [x], options);
}
