import { ShapeError } from "@edgewright/core";
import type { Pair } from "@edgewright/kernels";
import {
  type ConvPassSpec,
  convForwardWorkspaceBytes,
  convInputGradientWorkspaceBytes,
  convWeightGradientWorkspaceBytes,
  planConvForward,
  planConvInputGradient,
  planConvWeightGradient,
} from "@edgewright/kernels/training";
import type { BackwardCall, ForwardCall, Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import type { Value } from "../engine/value.js";
import { biasGradient } from "./bias-gradient.js";
import { type ConvolutionWindow, resolveWindow } from "./convolution-window.js";

/** Options of {@link conv2d}. */
export interface Conv2dOptions extends ConvolutionWindow {
  /** Of shape [oc], added to every pixel. @default none */
  readonly bias?: Operand;
  /** Both channels divide into as many. @default 1 */
  readonly groups?: number;
  /**
   * `auto` takes Winograd's algorithm for 3 x 3 kernels of stride 1 with at least 16 channels on both sides,
   * in all three passes: about twice as fast, and about four times as far from exact sums as `direct`.
   *
   * @default "auto"
   */
  readonly algorithm?: "auto" | "direct";
}

type Window = Omit<Conv2dOptions, "bias">;
type Shape = readonly number[];

const CONV_2D: Operation<Window, undefined> = {
  name: "conv2d",
  partial: true,
  outputShape(shapes, options) {
    const { spec, outputSize } = passOf(shapes, options);
    return [spec.n, ...outputSize, spec.oc];
  },
  forward(build, call) {
    const { inputs, options, outputShape } = call satisfies ForwardCall<Window>;
    const [x, weight, bias] = inputs;
    const { spec } = passOf(shapesOf(inputs), options);
    const output = build.value(outputShape);
    build.step({
      name: "conv2d",
      reads: inputs,
      writes: [output],
      workspaceBytes: convForwardWorkspaceBytes(spec),
      plan: (kernels, at, workspace) =>
        planConvForward(kernels, {
          ...{ ...spec, x: at(x!), weights: at(weight!), y: at(output), workspace },
          ...(bias && { bias: at(bias) }),
        }),
    });
    return { output };
  },
  backward(build, call) {
    const { inputs, gradient, needs, channels, options } = call;
    const [, , bias] = inputs;
    const { spec } = passOf(shapesOf(inputs), options);
    return [
      needs[0] ? inputGradient(build, spec, call) : undefined,
      needs[1] ? weightGradient(build, spec, call) : undefined,
      bias && needs[2] ? biasGradient(build, gradient, channels[2]) : undefined,
    ];
  },
};

function inputGradient(
  build: ProgramBuilder,
  spec: ConvPassSpec,
  { inputs: [x, weight], gradient }: BackwardCall<Window, undefined>,
): Value {
  const dx = build.value(x!.shape);
  build.step({
    name: "input gradient",
    reads: [gradient, weight!],
    writes: [dx],
    workspaceBytes: convInputGradientWorkspaceBytes(spec),
    plan: (kernels, at, workspace) =>
      planConvInputGradient(kernels, {
        ...{ ...spec, dy: at(gradient), weights: at(weight!), dx: at(dx), workspace },
      }),
  });
  return dx;
}

function weightGradient(
  build: ProgramBuilder,
  spec: ConvPassSpec,
  { inputs: [x, weight], gradient, channels: [, channels] }: BackwardCall<Window, undefined>,
): Value {
  const shape = { ...spec, ...(channels && { channels }) };
  const dw = build.value([...weight!.shape.slice(0, -1), channels?.length ?? spec.oc]);
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
  return dw;
}

function shapesOf(values: readonly Value[]): Shape[] {
  return values.map(({ shape }) => shape);
}

function passOf(
  shapes: readonly Shape[],
  options: Window,
): { readonly spec: Required<ConvPassSpec>; readonly outputSize: Pair } {
  const [x, weight, bias] = shapes as [Shape, Shape, Shape?];
  const { groups = 1, algorithm = "auto" } = options;
  if (x.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      `conv2d: expected x [n, h, w, c] and weight [kh, kw, c / groups, oc], got [${x}] and [${weight}]`,
    );
  }
  const [n, h, w, c] = x as [number, number, number, number];
  const [kh, kw, inner, oc] = weight as [number, number, number, number];
  if (inner * groups !== c || oc % groups !== 0) {
    throw new ShapeError(
      `conv2d: expected a weight [kh, kw, c / groups, oc] for the ${c} channels of x [${x}] in ${groups} ` +
        `group${groups === 1 ? "" : "s"}, got [${weight}]`,
    );
  }
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== oc)) {
    throw new ShapeError(
      `conv2d: expected a bias [${oc}] for the weight [${weight}], got [${bias}]`,
    );
  }
  const { outputSize, ...resolved } = resolveWindow("conv2d", [h, w], [kh, kw], options);
  return { spec: { n, h, w, c, oc, kh, kw, groups, algorithm, ...resolved }, outputSize };
}

/**
 * Convolution of images x [n, h, w, c] with weights [kh, kw, c / groups, oc] to [n, oh, ow, oc].
 *
 * For the backward pass it keeps x if the weights are trained and the weights if something before it is;
 * nothing for the bias. Forward pass, input gradient and weight gradient run the same multiply-accumulate
 * kernel (Tang et al., "EF-Train", ACM TODAES 2022). A weight of which some output channels are trained
 * costs as little as these channels.
 *
 * @throws ShapeError when the shapes do not fit.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const x = tape.input("x", [32, 28, 28, 1]);
 * const weight = createParameter({ name: "w", shape: [5, 5, 1, 6], data: new Float32Array(150) });
 * const y = conv2d(x, weight, { pads: "same" }); // [32, 28, 28, 6]
 * ```
 */
export function conv2d(x: Operand, weight: Operand, options: Conv2dOptions = {}): Variable {
  const { bias, ...window } = options;
  return record(CONV_2D, bias ? [x, weight, bias] : [x, weight], window);
}
