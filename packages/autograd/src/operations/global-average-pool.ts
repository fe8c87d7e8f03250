import { ShapeError } from "@edgewright/core";
import { planGlobalPool } from "@edgewright/kernels";
import { planGlobalAveragePoolGradient } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

const GLOBAL_AVERAGE_POOL: Operation<undefined, undefined> = {
  name: "globalAveragePool",
  outputShape([x]) {
    if (x!.length < 3) {
      throw new ShapeError(
        `globalAveragePool: expected x [n, ..., c] with axes between, got [${x}]`,
      );
    }
    return [x![0]!, x!.at(-1)!];
  },
  forward(build, { inputs: [x], outputShape }) {
    const output = build.value(outputShape);
    build.step({
      name: "globalAveragePool",
      reads: [x!],
      writes: [output],
      plan: (kernels, at) =>
        planGlobalPool(kernels, {
          ...{ ...shapeOf(x!.shape), kind: "average", x: at(x!), y: at(output) },
        }),
    });
    return { output };
  },
  backward(build, { inputs: [x], gradient }) {
    const dx = build.value(x!.shape);
    build.step({
      name: "gradient",
      reads: [gradient],
      writes: [dx],
      plan: (kernels, at) =>
        planGlobalAveragePoolGradient(kernels, {
          ...{ ...shapeOf(x!.shape), dy: at(gradient), dx: at(dx) },
        }),
    });
    return [dx];
  },
};

function shapeOf(x: readonly number[]): { n: number; positions: number; c: number } {
  return { n: x[0]!, positions: elementsOf(x.slice(1, -1)), c: x.at(-1)! };
}

/**
 * The mean over all positions of each image, by channel: x [n, ..., c] to [n, c]. Keeps nothing.
 *
 * @throws ShapeError when there is no axis between the first and the last.
 */
export function globalAveragePool(x: Operand): Variable {
  return record(GLOBAL_AVERAGE_POOL, [x], undefined);
}
