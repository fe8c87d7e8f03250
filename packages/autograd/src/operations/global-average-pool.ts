import { ShapeError } from "@edgewright/core";
import { planGlobalPool } from "@edgewright/kernels";
import { planGlobalAveragePoolGradient } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";

const GLOBAL_AVERAGE_POOL: Operation<undefined, undefined> = {
  name: "globalAveragePool",
  outputShape([x]) {
    if (x!.length !== 4) {
      throw new ShapeError(`globalAveragePool: expected x [n, h, w, c], got [${x}]`);
    }
    return [x![0]!, x![3]!];
  },
  forward(build, { inputs: [x], outputShape }) {
    const output = build.value(outputShape);
    build.step({
      name: "globalAveragePool",
      reads: [x!],
      writes: [output],
      plan: (kernels, at) =>
        planGlobalPool(kernels, {
          ...sizesOf(x!.shape),
          kind: "average",
          x: at(x!),
          y: at(output),
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
          ...sizesOf(x!.shape),
          dy: at(gradient),
          dx: at(dx),
        }),
    });
    return [dx];
  },
};

function sizesOf(x: readonly number[]): { n: number; positions: number; c: number } {
  const [n, h, w, c] = x as [number, number, number, number];
  return { n, positions: h * w, c };
}

/**
 * Mean over all pixels of each channel: [n, h, w, c] to [n, c]. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when x is no batch of images.
 */
export function globalAveragePool(x: Operand): Variable {
  return record(GLOBAL_AVERAGE_POOL, [x], undefined);
}
