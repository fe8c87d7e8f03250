import { ShapeError } from "@edgewright/core";
import {
  type ConvWeightGradientShape,
  convWeightGradientWorkspaceBytes,
  planConvWeightGradient,
  planProduct,
  productWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { biasGradient } from "./bias-gradient.js";

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Of shape [out]. @default none */
  readonly bias?: Operand;
}

const LINEAR: Operation<undefined, undefined> = {
  name: "linear",
  partial: true,
  outputShape([x, weight, bias]) {
    if (x!.length < 1 || weight!.length !== 2 || x!.at(-1) !== weight![0]) {
      throw new ShapeError(
        `linear: expected x [..., in] and weight [in, out], got [${x}] and [${weight}]`,
      );
    }
    if (bias !== undefined && (bias.length !== 1 || bias[0] !== weight![1])) {
      throw new ShapeError(
        `linear: expected a bias [${weight![1]}] for the weight [${weight}], got [${bias}]`,
      );
    }
    return [...x!.slice(0, -1), weight![1]!];
  },
  forward(build, { inputs, outputShape }) {
    const [x, weight, bias] = inputs;
    const [k, n] = weight!.shape as [number, number];
    const shape = { m: elementsOf(x!.shape) / k, n, k };
    const output = build.value(outputShape);
    build.step({
      name: "linear",
      reads: inputs,
      writes: [output],
      workspaceBytes: productWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        planProduct(kernels, {
          ...{ ...shape, a: at(x!), b: at(weight!), c: at(output), workspace },
          ...(bias && { bias: at(bias) }),
        }),
    });
    return { output };
  },
  backward(build, { inputs: [x, weight, bias], gradient, needs, channels }) {
    const [inner, outer] = weight!.shape as [number, number];
    const rows = elementsOf(x!.shape) / inner;
    const dx = needs[0] ? build.value(x!.shape) : undefined;
    if (dx) {
      const shape = { m: rows, n: inner, k: outer, transposeB: true };
      build.step({
        name: "input gradient",
        reads: [gradient, weight!],
        writes: [dx],
        workspaceBytes: productWorkspaceBytes(shape),
        plan: (kernels, at, workspace) =>
          planProduct(kernels, {
            ...{ ...shape, a: at(gradient), b: at(weight!), c: at(dx), workspace },
          }),
      });
    }
    const picked = channels[1];
    const dw = needs[1] ? build.value([inner, picked?.length ?? outer]) : undefined;
    if (dw) {
      // The rows are the pixels of a 1 x 1 convolution, which knows how to leave channels out.
      const shape: ConvWeightGradientShape = {
        ...{ h: 1, w: rows, c: inner, oc: outer, kh: 1, kw: 1 },
        ...(picked && { channels: picked }),
      };
      build.step({
        name: "weight gradient",
        reads: [x!, gradient],
        writes: [dw],
        workspaceBytes: convWeightGradientWorkspaceBytes(shape),
        plan: (kernels, at, workspace) =>
          planConvWeightGradient(kernels, {
            ...{ ...shape, x: at(x!), dy: at(gradient), dw: at(dw), workspace },
          }),
      });
    }
    const db = bias && needs[2] ? biasGradient(build, gradient, channels[2]) : undefined;
    return [dx, dw, db];
  },
};

/**
 * x W + b over the last axis: x [..., in] with weight [in, out] gives [..., out].
 *
 * For the backward pass it keeps x if the weight is trained and the weight if something before it is; nothing
 * for the bias.
 *
 * @throws ShapeError when the shapes do not fit.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const x = tape.input("x", [32, 84]);
 * const weight = createParameter({ name: "w", shape: [84, 10], data: new Float32Array(840) });
 * const bias = createParameter({ name: "b", shape: [10], data: new Float32Array(10) });
 * const logits = linear(x, weight, { bias }); // [32, 10]
 * ```
 */
export function linear(x: Operand, weight: Operand, options: LinearOptions = {}): Variable {
  return record(LINEAR, options.bias ? [x, weight, options.bias] : [x, weight], undefined);
}
