import { planPool2d } from "@edgewright/kernels";
import { planAveragePoolGradient } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { type PoolWindow, poolShapeOf } from "./pool-window.js";

/** Options of {@link averagePool2d}. */
export interface AveragePool2dOptions extends PoolWindow {
  /** Divides by all elements of the window, those in the padding included. @default false */
  readonly countIncludePad?: boolean;
}

const AVERAGE_POOL_2D: Operation<AveragePool2dOptions, undefined> = {
  name: "averagePool2d",
  outputShape([x], options) {
    const { n, oh, ow, c } = poolShapeOf("averagePool2d", x!, options);
    return [n, oh, ow, c];
  },
  forward(build, { inputs: [x], options, outputShape }) {
    const shape = poolShapeOf("averagePool2d", x!.shape, options);
    const { countIncludePad = false } = options;
    const output = build.value(outputShape);
    build.step({
      name: "averagePool2d",
      reads: [x!],
      writes: [output],
      plan: (kernels, at) =>
        planPool2d(kernels, {
          ...{ ...shape, kind: "average", x: at(x!), y: at(output), countIncludePad },
        }),
    });
    return { output };
  },
  backward(build, { inputs: [x], options, gradient }) {
    const shape = poolShapeOf("averagePool2d", x!.shape, options);
    const { countIncludePad = false } = options;
    const dx = build.value(x!.shape);
    build.step({
      name: "gradient",
      reads: [gradient],
      writes: [dx],
      plan: (kernels, at) =>
        planAveragePoolGradient(kernels, {
          ...{ ...shape, dy: at(gradient), dx: at(dx), countIncludePad },
        }),
    });
    return [dx];
  },
};

/**
 * The mean of every window of images x [n, h, w, c]. Keeps nothing.
 *
 * @throws ShapeError when the window does not fit.
 */
export function averagePool2d(x: Operand, options: AveragePool2dOptions): Variable {
  return record(AVERAGE_POOL_2D, [x], options);
}
