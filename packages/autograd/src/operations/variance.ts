import { ShapeError } from "@edgewright/core";
import { planBinary, planUnary } from "@edgewright/kernels";
import {
  broadcastGradientWorkspaceBytes,
  joinPlans,
  planBroadcastGradient,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";
import { type ReduceOptions, reduceShape } from "./reduction-axes.js";

/** Options of {@link variance}. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken off the count that the squares are divided by; 1 makes the estimate unbiased. @default 0 */
  readonly correction?: number;
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

const VARIANCE: Operation<VarianceOptions, Value> = {
  name: "variance",
  outputShape([x], options) {
    const { output, count } = reduceShape("variance", x!, options);
    if (count <= (options.correction ?? 0)) {
      throw new ShapeError(
        `variance: expected more than ${options.correction} elements to reduce, got ${count} of [${x}]`,
      );
    }
    return output;
  },
  // Two passes: the squares are of deviations from the mean, so nothing cancels.
  forward(build, { inputs: [x], options, outputShape }) {
    const { shape } = x!;
    const { kept: target, count } = reduceShape("variance", shape, options);
    const output = build.value(outputShape);
    const mean = build.value(target, { label: "mean" });
    const squareBytes = align(4 * elementsOf(shape));
    build.step({
      name: "variance",
      reads: [x!],
      writes: [mean, output],
      workspaceBytes: squareBytes + broadcastGradientWorkspaceBytes({ shape, target }),
      plan(kernels, at, workspace) {
        const between = workspace + squareBytes;
        const sum = (from: number, to: number, divisor: number) => [
          planBroadcastGradient(kernels, { shape, target, dy: from, dx: to, workspace: between }),
          planUnary(kernels, {
            op: { kind: "identity", scale: 1 / divisor },
            x: to,
            y: to,
            count: elementsOf(target),
          }),
        ];
        return joinPlans([
          ...sum(at(x!), at(mean), count),
          planBinary(kernels, {
            op: "sub",
            a: at(x!),
            aShape: shape,
            b: at(mean),
            bShape: target,
            y: workspace,
            activation: { kind: "square" },
          }),
          ...sum(workspace, at(output), count - (options.correction ?? 0)),
        ]);
      },
    });
    return { output, saved: mean };
  },
  backward(build, { inputs: [x], saved: mean, options, gradient }) {
    const { shape } = x!;
    const { kept, count } = reduceShape("variance", shape, options);
    const dx = build.value(shape);
    build.step({
      name: "gradient",
      reads: [x!, mean, gradient],
      writes: [dx],
      inPlace: { read: x!, write: dx },
      plan: (kernels, at) =>
        joinPlans([
          planBinary(kernels, {
            op: "sub",
            a: at(x!),
            aShape: shape,
            b: at(mean),
            bShape: kept,
            y: at(dx),
            activation: { kind: "identity", scale: 2 / (count - (options.correction ?? 0)) },
          }),
          planBinary(kernels, {
            op: "mul",
            a: at(dx),
            aShape: shape,
            b: at(gradient),
            bShape: kept,
            y: at(dx),
          }),
        ]),
    });
    return [dx];
  },
};

/**
 * The variance over axes: the mean square of the deviations from the mean. Keeps x and the mean for the
 * backward pass.
 *
 * @throws ShapeError for axes that x does not have, or fewer elements than `correction` leaves any of.
 */
export function variance(x: Operand, options: VarianceOptions = {}): Variable {
  return record(VARIANCE, [x], options);
}
