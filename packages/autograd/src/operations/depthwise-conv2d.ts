import { ShapeError } from "@edgewright/core";
import type { Pair } from "@edgewright/kernels";
import {
  type DepthwiseShape,
  depthwiseForwardWorkspaceBytes,
  depthwiseWeightGradientWorkspaceBytes,
  planDepthwiseForward,
  planDepthwiseInputGradient,
  planDepthwiseWeightGradient,
} from "@edgewright/kernels/training";
import type { BackwardCall, Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";
import { biasGradient } from "./bias-gradient.js";
import { type ConvolutionWindow, resolveWindow } from "./convolution-window.js";

/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions extends ConvolutionWindow {
  /** Of shape [c], added to every pixel. @default none */
  readonly bias?: Operand;
}

type Window = Omit<DepthwiseConv2dOptions, "bias">;
type Shape = readonly number[];

const DEPTHWISE_CONV_2D: Operation<Window, undefined> = {
  name: "depthwiseConv2d",
  partial: true,
  outputShape(shapes, options) {
    const { spec, outputSize } = shapeOf(shapes, options);
    return [spec.n, ...outputSize, spec.c];
  },
  forward(build, { inputs, options, outputShape }) {
    const [x, weight, bias] = inputs;
    const { spec } = shapeOf(shapesOf(inputs), options);
    const output = build.value(outputShape);
    build.step({
      name: "depthwiseConv2d",
      reads: inputs,
      writes: [output],
      workspaceBytes: depthwiseForwardWorkspaceBytes(spec),
      plan: (kernels, at, workspace) =>
        planDepthwiseForward(kernels, {
          ...{ ...spec, x: at(x!), weights: at(weight!), y: at(output), workspace },
          ...(bias && { bias: at(bias) }),
        }),
    });
    return { output };
  },
  backward(build, call) {
    const { inputs, gradient, needs, channels, options } = call;
    const [, , bias] = inputs;
    const { spec } = shapeOf(shapesOf(inputs), options);
    return [
      needs[0] ? inputGradient(build, spec, call) : undefined,
      needs[1] ? weightGradient(build, spec, call) : undefined,
      bias && needs[2] ? biasGradient(build, gradient, channels[2]) : undefined,
    ];
  },
};

function inputGradient(
  build: ProgramBuilder,
  spec: DepthwiseShape,
  { inputs: [x, weight], gradient }: BackwardCall<Window, undefined>,
): Value {
  const dx = build.value(x!.shape);
  build.step({
    name: "input gradient",
    reads: [gradient, weight!],
    writes: [dx],
    plan: (kernels, at) =>
      planDepthwiseInputGradient(kernels, {
        ...{ ...spec, dy: at(gradient), weights: at(weight!), dx: at(dx) },
      }),
  });
  return dx;
}

function weightGradient(
  build: ProgramBuilder,
  spec: DepthwiseShape,
  { inputs: [x], gradient, channels: [, channels] }: BackwardCall<Window, undefined>,
): Value {
  const shape = { ...spec, ...(channels && { channels }) };
  const dw = build.value([spec.kh, spec.kw, channels?.length ?? spec.c]);
  build.step({
    name: "weight gradient",
    reads: [x!, gradient],
    writes: [dw],
    workspaceBytes: depthwiseWeightGradientWorkspaceBytes(shape),
    plan: (kernels, at, workspace) =>
      planDepthwiseWeightGradient(kernels, {
        ...{ ...shape, x: at(x!), dy: at(gradient), dw: at(dw), workspace },
      }),
  });
  return dw;
}

function shapesOf(values: readonly Value[]): Shape[] {
  return values.map(({ shape }) => shape);
}

function shapeOf(
  shapes: readonly Shape[],
  options: Window,
): { readonly spec: Required<DepthwiseShape>; readonly outputSize: Pair } {
  const [x, weight, bias] = shapes as [Shape, Shape, Shape?];
  if (x.length !== 4 || weight.length !== 3 || weight[2] !== x[3]) {
    throw new ShapeError(
      `depthwiseConv2d: expected x [n, h, w, c] and weight [kh, kw, c], got [${x}] and [${weight}]`,
    );
  }
  const [n, h, w, c] = x as [number, number, number, number];
  const [kh, kw] = weight as [number, number, number];
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== c)) {
    throw new ShapeError(
      `depthwiseConv2d: expected a bias [${c}] for the weight [${weight}], got [${bias}]`,
    );
  }
  const { outputSize, ...resolved } = resolveWindow("depthwiseConv2d", [h, w], [kh, kw], options);
  return { spec: { n, h, w, c, kh, kw, ...resolved }, outputSize };
}

/**
 * Convolution of every channel by itself: images x [n, h, w, c] with weights [kh, kw, c] to [n, oh, ow, c].
 *
 * For the backward pass it keeps x if the weights are trained and the weights if something before it is;
 * nothing for the bias. Of weights of which some channels are trained only these are computed, in fours.
 *
 * @throws ShapeError when the shapes do not fit.
 *
 * @example
 * ```ts
 * const y = depthwiseConv2d(x, weight, { pads: "same" }); // [32, 25, 5, 64] with [3, 3, 64]
 * ```
 */
export function depthwiseConv2d(
  x: Operand,
  weight: Operand,
  options: DepthwiseConv2dOptions = {},
): Variable {
  const { bias, ...window } = options;
  return record(DEPTHWISE_CONV_2D, bias ? [x, weight, bias] : [x, weight], window);
}
