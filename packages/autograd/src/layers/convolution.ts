import type { Rng } from "@edgewright/core";
import { createParameter } from "../engine/parameter.js";
import { type Conv2dOptions, conv2d } from "../operations/conv2d.js";
import { type DepthwiseConv2dOptions, depthwiseConv2d } from "../operations/depthwise-conv2d.js";
import { type Initializer, kaimingUniform } from "./initialization.js";
import type { Layer } from "./layer.js";

/** Options of {@link convolution}, beside strides, dilations, pads and groups as `conv2d` has them. */
export interface ConvolutionOptions extends Omit<Conv2dOptions, "bias"> {
  /** Parameters are called "name.weight" and "name.bias". */
  readonly name: string;
  /** Input channels. */
  readonly in: number;
  /** Output channels. */
  readonly out: number;
  /** Height and width, or one number for both. */
  readonly kernel: number | readonly [height: number, width: number];
  /** Source of the initial weights. */
  readonly rng: Rng;
  /** Whether there is a bias. @default true */
  readonly bias?: boolean;
  /** Draws the weights. @default kaimingUniform */
  readonly initializer?: Initializer;
}

/**
 * A convolution of images [n, h, w, in] to [n, h', w', out] with weights [kh, kw, in / groups, out] and a
 * bias that begins at 0.
 *
 * @throws ShapeError for sizes that are no whole numbers from 1.
 *
 * @example
 * ```ts
 * const conv1 = convolution({ name: "conv1", in: 1, out: 6, kernel: 5, pads: "same", rng: createRng(1) });
 * const y = conv1.apply(createTape().input("x", [32, 28, 28, 1])); // [32, 28, 28, 6]
 * ```
 */
export function convolution(options: ConvolutionOptions): Layer {
  const { name, in: c, out: oc, kernel, rng, bias = true, ...rest } = options;
  const { initializer = kaimingUniform, ...conv } = rest;
  const [kh, kw] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const groups = conv.groups ?? 1;
  const shape = [kh, kw, c / groups, oc];
  const fans = { fanIn: (kh * kw * c) / groups, fanOut: (kh * kw * oc) / groups };
  const data = initializer({ shape, ...fans }, rng);
  const weight = createParameter({ name: `${name}.weight`, shape, data });
  const shift = bias ? zeros(`${name}.bias`, oc) : undefined;
  return {
    parameters: shift ? [weight, shift] : [weight],
    apply: (x) =>
      x.tape.scope(name, () => conv2d(x, weight, { ...conv, ...(shift && { bias: shift }) })),
  };
}

/** Options of {@link depthwiseConvolution}, beside strides, dilations and pads as `depthwiseConv2d` has them. */
export interface DepthwiseConvolutionOptions extends Omit<DepthwiseConv2dOptions, "bias"> {
  /** Parameters are called "name.weight" and "name.bias". */
  readonly name: string;
  /** Channels of the input, and of the output. */
  readonly channels: number;
  /** Height and width, or one number for both. */
  readonly kernel: number | readonly [height: number, width: number];
  /** Source of the initial weights. */
  readonly rng: Rng;
  /** Whether there is a bias. @default true */
  readonly bias?: boolean;
  /** Draws the weights. @default kaimingUniform */
  readonly initializer?: Initializer;
}

/**
 * A convolution of every channel by itself, [n, h, w, channels] to [n, h', w', channels], with weights
 * [kh, kw, channels] and a bias that begins at 0.
 *
 * @throws ShapeError for sizes that are no whole numbers from 1.
 */
export function depthwiseConvolution(options: DepthwiseConvolutionOptions): Layer {
  const { name, channels, kernel, rng, bias = true, ...rest } = options;
  const { initializer = kaimingUniform, ...conv } = rest;
  const [kh, kw] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const shape = [kh, kw, channels];
  const data = initializer({ shape, fanIn: kh * kw, fanOut: kh * kw }, rng);
  const weight = createParameter({ name: `${name}.weight`, shape, data });
  const shift = bias ? zeros(`${name}.bias`, channels) : undefined;
  return {
    parameters: shift ? [weight, shift] : [weight],
    apply: (x) =>
      x.tape.scope(name, () =>
        depthwiseConv2d(x, weight, { ...conv, ...(shift && { bias: shift }) }),
      ),
  };
}

function zeros(name: string, count: number): ReturnType<typeof createParameter> {
  return createParameter({ name, shape: [count], data: new Float32Array(count) });
}
