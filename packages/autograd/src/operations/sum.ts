import { broadcastStrides } from "@edgewright/core";
import { planCopy, planUnary } from "@edgewright/kernels";
import {
  broadcastGradientWorkspaceBytes,
  joinPlans,
  planBroadcastGradient,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { type ReduceOptions, reduceShape } from "./reduction-axes.js";

function scaledSum(name: "sum" | "mean"): Operation<ReduceOptions> {
  return {
    name,
    outputShape: ([x], options) => reduceShape(name, x!, options).output,
    forward(build, { inputs: [x], options, outputShape }) {
      const { shape } = x!;
      const { kept: target, count } = reduceShape(name, shape, options);
      const output = build.value(outputShape);
      build.step({
        name,
        reads: [x!],
        writes: [output],
        workspaceBytes: broadcastGradientWorkspaceBytes({ shape, target }),
        plan(kernels, at, workspace) {
          const y = at(output);
          // The sum over the axes is what the gradient of a broadcast along them is.
          const spec = { shape, target, dy: at(x!), dx: y, workspace };
          const sum = planBroadcastGradient(kernels, spec);
          if (name === "sum") return sum;
          const op = { kind: "identity", scale: 1 / count } as const;
          return joinPlans([
            sum,
            planUnary(kernels, { op, x: y, y, count: elementsOf(outputShape) }),
          ]);
        },
      });
      return { output };
    },
    backward(build, { inputs: [x], options, gradient }) {
      const { shape } = x!;
      const { kept, count } = reduceShape(name, shape, options);
      if (name === "sum" && count === 1) return [build.view(gradient, shape)];
      const dx = build.value(shape);
      const elements = elementsOf(kept);
      build.step({
        name: "gradient",
        reads: [gradient],
        writes: [dx],
        workspaceBytes: name === "mean" ? 4 * elements : 0,
        plan(kernels, at, workspace) {
          const xStrides = broadcastStrides(kept, shape);
          const y = at(dx);
          if (name === "sum") {
            return planCopy(kernels, { x: at(gradient), y, shape, xStrides, bytes: 4 });
          }
          const op = { kind: "identity", scale: 1 / count } as const;
          return joinPlans([
            planUnary(kernels, { op, x: at(gradient), y: workspace, count: elements }),
            planCopy(kernels, { x: workspace, y, shape, xStrides, bytes: 4 }),
          ]);
        },
      });
      return [dx];
    },
  };
}

const SUM: Operation<ReduceOptions> = /*@__PURE__*/ scaledSum("sum");
const MEAN: Operation<ReduceOptions> = /*@__PURE__*/ scaledSum("mean");

/**
 * The sum over axes. Keeps nothing for the backward pass.
 *
 * @throws ShapeError for axes that x does not have.
 */
export function sum(x: Operand, options: ReduceOptions = {}): Variable {
  return record(SUM, [x], options);
}

/**
 * The mean over axes. Keeps nothing for the backward pass.
 *
 * @throws ShapeError for axes that x does not have.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const losses = tape.input("losses", [32, 10]);
 * const each = mean(losses, { axes: [-1] }); // [32]
 * const loss = mean(each); // []
 * ```
 */
export function mean(x: Operand, options: ReduceOptions = {}): Variable {
  return record(MEAN, [x], options);
}
