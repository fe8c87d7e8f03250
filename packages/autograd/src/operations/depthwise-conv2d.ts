import { ShapeError } from "@edgewright/core";
import { convOutputSize, type Pair } from "@edgewright/kernels";
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
import { type PadsOption, resolvePads } from "./resolve-pads.js";

/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions {
  /** Of shape [c], added to every pixel. @default none */
  readonly bias?: Operand;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default "valid" */
  readonly pads?: PadsOption;
}

type Window = Omit<DepthwiseConv2dOptions, "bias">;
type Shape = readonly number[];

const DEPTHWISE_CONV_2D: Operation<Window, undefined> = {
  name: "depthwiseConv2d",
  partial: true,
  outputShape(shapes, options) {
    const spec = shapeOf(shapes, options);
    const [oh, ow] = outputSize(spec);
    return [spec.n, oh, ow, spec.c];
  },
  forward(build, { inputs, options, outputShape }) {
    const [x, weight, bias] = inputs;
    const spec = shapeOf(shapesOf(inputs), options);
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
    const spec = shapeOf(shapesOf(inputs), options);
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

function outputSize(spec: Required<DepthwiseShape>): [height: number, width: number] {
  const { h, w, kh, kw, strides, dilations, pads } = spec;
  return [
    convOutputSize(h, kh, strides[0], dilations[0], pads[0], pads[2]),
    convOutputSize(w, kw, strides[1], dilations[1], pads[1], pads[3]),
  ];
}

function shapeOf(shapes: readonly Shape[], options: Window): Required<DepthwiseShape> {
  const [x, weight, bias] = shapes as [Shape, Shape, Shape?];
  const { strides = [1, 1], dilations = [1, 1], pads: padsOption = "valid" } = options;
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
  const pads = resolvePads(padsOption, [h, w], { kernel: [kh, kw], strides, dilations });
  const whole = (values: readonly number[], least: number): boolean =>
    values.every((value) => Number.isInteger(value) && value >= least);
  if (!whole([...strides, ...dilations], 1) || !whole(pads, 0)) {
    throw new ShapeError(
      "depthwiseConv2d: expected whole strides and dilations from 1 and pads from 0, got strides " +
        `[${strides}], dilations [${dilations}] and pads [${pads}]`,
    );
  }
  const spec = { n, h, w, c, kh, kw, strides, dilations, pads };
  if (outputSize(spec).includes(0)) {
    throw new ShapeError(
      `depthwiseConv2d: a ${kh} x ${kw} kernel with dilations [${dilations}] does not fit into ${h} x ${w} ` +
        `pixels with pads [${pads}]`,
    );
  }
  return spec;
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
