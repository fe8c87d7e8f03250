import { ShapeError } from "@edgewright/core";
import { convOutputSize, type Pair } from "@edgewright/kernels";
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
import { type PadsOption, resolvePads } from "./resolve-pads.js";

/** Options of {@link conv2d}. */
export interface Conv2dOptions {
  /** Of shape [oc], added to every pixel. @default none */
  readonly bias?: Operand;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default "valid" */
  readonly pads?: PadsOption;
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
    const spec = passOf(shapes, options);
    const [sh, sw] = spec.strides!;
    const [dh, dw] = spec.dilations!;
    const [top, left, bottom, right] = spec.pads!;
    const oh = convOutputSize(spec.h, spec.kh, sh, dh, top, bottom);
    const ow = convOutputSize(spec.w, spec.kw, sw, dw, left, right);
    return [spec.n!, oh, ow, spec.oc];
  },
  forward(build, call) {
    const { inputs, options, outputShape } = call satisfies ForwardCall<Window>;
    const [x, weight, bias] = inputs;
    const spec = passOf(shapesOf(inputs), options);
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
    const spec = passOf(shapesOf(inputs), options);
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

function passOf(shapes: readonly Shape[], options: Window): ConvPassSpec {
  const [x, weight, bias] = shapes as [Shape, Shape, Shape?];
  const { strides = [1, 1], dilations = [1, 1], groups = 1, pads = "valid" } = options;
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
  const kernel = [kh, kw] as const;
  const numbers = resolvePads(pads, [h, w], { kernel, strides, dilations });
  const { algorithm = "auto" } = options;
  const window = { kh, kw, strides, dilations, pads: numbers, groups, algorithm };
  const spec = { n, h, w, c, oc, ...window };
  checkWindow(spec);
  return spec;
}

function checkWindow(spec: Required<ConvPassSpec>): void {
  const { h, w, kh, kw, strides, dilations, pads } = spec;
  const whole = (values: readonly number[], least: number): boolean =>
    values.every((value) => Number.isInteger(value) && value >= least);
  if (!whole([...strides, ...dilations], 1) || !whole(pads, 0)) {
    throw new ShapeError(
      `conv2d: expected whole strides and dilations from 1 and pads from 0, got strides [${strides}], ` +
        `dilations [${dilations}] and pads [${pads}]`,
    );
  }
  const fits = [
    convOutputSize(h, kh, strides[0], dilations[0], pads[0], pads[2]),
    convOutputSize(w, kw, strides[1], dilations[1], pads[1], pads[3]),
  ];
  if (fits.includes(0)) {
    throw new ShapeError(
      `conv2d: a ${kh} x ${kw} kernel with dilations [${dilations}] does not fit into ${h} x ${w} pixels ` +
        `with pads [${pads}]`,
    );
  }
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
