import { ShapeError } from "@edgewright/core";
import { planPool2d } from "@edgewright/kernels";
import { planMaxPoolGradient, planMaxPoolTraining } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";
import { type PoolWindow, poolShapeOf } from "./pool-window.js";

/** Options of {@link maxPool2d}. */
export interface MaxPool2dOptions extends PoolWindow {}

const MAX_POOL_2D: Operation<MaxPool2dOptions, Value | undefined> = {
  name: "maxPool2d",
  outputShape([x], options) {
    const { n, oh, ow, c, kernel } = poolShapeOf("maxPool2d", x!, options);
    if (kernel[0] * kernel[1] > 256) {
      throw new ShapeError(
        `maxPool2d: expected a window of at most 256 elements, got [${kernel}] over x [${x}]`,
      );
    }
    return [n, oh, ow, c];
  },
  forward(build, { inputs: [x], options, outputShape, needs }) {
    const shape = poolShapeOf("maxPool2d", x!.shape, options);
    const output = build.value(outputShape);
    const positions = needs[0]
      ? build.value(outputShape, { type: "u8", label: "window positions" })
      : undefined;
    build.step({
      name: "maxPool2d",
      reads: [x!],
      writes: positions ? [output, positions] : [output],
      plan(kernels, at) {
        const spec = { ...shape, x: at(x!), y: at(output) };
        return positions
          ? planMaxPoolTraining(kernels, { ...spec, argmax: at(positions) })
          : planPool2d(kernels, { ...spec, kind: "max" });
      },
    });
    return { output, saved: positions };
  },
  backward(build, { inputs: [x], options, gradient, saved: positions }) {
    const shape = poolShapeOf("maxPool2d", x!.shape, options);
    const dx = build.value(x!.shape);
    build.step({
      name: "gradient",
      reads: [gradient, positions!],
      writes: [dx],
      plan: (kernels, at) =>
        planMaxPoolGradient(kernels, {
          ...{ ...shape, dy: at(gradient), argmax: at(positions!), dx: at(dx) },
        }),
    });
    return [dx];
  },
};

/**
 * The largest element of every window of images x [n, h, w, c]. Keeps a byte for every element of the result:
 * where in its window the maximum was; the gradient goes there, to the first of equal ones.
 *
 * @throws ShapeError when the window does not fit or has more than 256 elements.
 *
 * @example
 * ```ts
 * const y = maxPool2d(x, { kernel: 2 }); // [32, 28, 28, 6] to [32, 14, 14, 6]
 * ```
 */
export function maxPool2d(x: Operand, options: MaxPool2dOptions): Variable {
  return record(MAX_POOL_2D, [x], options);
}
