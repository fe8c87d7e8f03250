import { sizeOf, type Tensor } from "@edgewright/core";
import { isFloat, type NumberArray, packNumbers, readNumbers } from "./element-values.js";
import {
  type HostOperator,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import { intAttribute, intsAttribute } from "./node-attributes.js";
import { allocate, requireInput } from "./operator-inputs.js";
import {
  forEachTap,
  outputSizes,
  readSlidingWindow,
  readTransposedWindow,
  type SlidingWindow,
} from "./sliding-window.js";

/** `Conv` and `ConvTranspose` over one, two or three spatial axes. */
export function convolutionOperators(): OperatorEntry[] {
  return [
    { opType: "Conv", since: 1, run: runConv },
    { opType: "ConvTranspose", since: 1, run: runConvTranspose },
  ];
}

/** Sums of a convolution in doubles, with the shape they belong to. */
export interface ConvolutionSums {
  readonly shape: readonly number[];
  readonly sums: Float64Array;
}

/**
 * Convolves `x` `[n, c, ...]` with `w` `[m, c / group, ...]`, both given as plain numbers.
 *
 * @throws ShapeError when channels, groups and shapes do not fit.
 */
export function convolve(
  x: NumberArray,
  xShape: readonly number[],
  w: NumberArray,
  wShape: readonly number[],
  context: OperatorContext,
): ConvolutionSums {
  const group = intAttribute(context.node, "group", 1);
  const [batch, channels] = xShape as [number, number];
  const [filters, groupChannels] = wShape as [number, number];
  const kernel = checkKernel(xShape, wShape, context);
  if (!(group >= 1) || channels !== groupChannels * group || filters % group !== 0) {
    throw shapeError(
      context,
      `input [${xShape.join(", ")}] and weights [${wShape.join(", ")}] do not fit ${group} groups`,
    );
  }
  const window = readSlidingWindow(xShape.slice(2), kernel, context);
  const shape = [batch, filters, ...outputSizes(window)];
  const sums = allocate("f64", shape, context).data;
  const inputPlane = sizeOf(window.input);
  const outputPlane = sizeOf(window.output);
  const taps = sizeOf(window.kernel);
  const step = window.strides[2];
  const groupFilters = filters / group;
  for (let n = 0; n < batch; n++) {
    for (let filter = 0; filter < filters; filter++) {
      const firstChannel = Math.floor(filter / groupFilters) * groupChannels;
      const target = (n * filters + filter) * outputPlane;
      for (let c = 0; c < groupChannels; c++) {
        const source = (n * channels + firstChannel + c) * inputPlane;
        const weights = (filter * groupChannels + c) * taps;
        forEachTap(window, (tap, inputStart, outputStart, count) => {
          const weight = w[weights + tap]!;
          let i = source + inputStart;
          const o = target + outputStart;
          for (let k = 0; k < count; k++, i += step) sums[o + k]! += weight * x[i]!;
        });
      }
    }
  }
  return { shape, sums };
}

function checkKernel(
  xShape: readonly number[],
  wShape: readonly number[],
  context: OperatorContext,
): number[] {
  const kernel = intsAttribute(context.node, "kernel_shape") ?? wShape.slice(2);
  const fits = xShape.length >= 3 && wShape.length === xShape.length;
  if (
    !fits ||
    kernel.some((size, i) => size !== wShape[2 + i]) ||
    kernel.length !== wShape.length - 2
  ) {
    throw shapeError(
      context,
      `input [${xShape.join(", ")}], weights [${wShape.join(", ")}] and kernel [${kernel.join(", ")}] do not fit`,
    );
  }
  return kernel;
}

const runConv: HostOperator = (inputs, context) => {
  const { x, w } = requireFloatPair(inputs, context);
  const result = convolve(readNumbers(x), x.shape, readNumbers(w), w.shape, context);
  addBias(result, inputs[2] ?? null, context);
  return [packNumbers(x.dtype, result.shape, result.sums, context)];
};

const runConvTranspose: HostOperator = (inputs, context) => {
  const { x, w } = requireFloatPair(inputs, context);
  const group = intAttribute(context.node, "group", 1);
  const [batch, channels] = x.shape as [number, number];
  const [weightChannels, groupFilters] = w.shape as [number, number];
  const kernel = checkKernel(x.shape, w.shape, context);
  if (!(group >= 1) || channels !== weightChannels || channels % group !== 0) {
    throw shapeError(
      context,
      `input [${x.shape.join(", ")}] and weights [${w.shape.join(", ")}] do not fit ${group} groups`,
    );
  }
  const window = readTransposedWindow(x.shape.slice(2), kernel, context);
  const filters = groupFilters * group;
  const shape = [batch, filters, ...window.input.slice(3 - window.rank)];
  const sums = allocate("f64", shape, context).data;
  scatterTaps(readNumbers(x), readNumbers(w), sums, window, {
    batch,
    channels,
    groupFilters,
    group,
  });
  const result = { shape, sums };
  addBias(result, inputs[2] ?? null, context);
  return [packNumbers(x.dtype, shape, sums, context)];
};

interface TransposedSizes {
  batch: number;
  channels: number;
  groupFilters: number;
  group: number;
}

// The gradient of a convolution: every input element spreads a scaled kernel over the result.
function scatterTaps(
  x: NumberArray,
  w: NumberArray,
  sums: Float64Array,
  window: SlidingWindow,
  { batch, channels, groupFilters, group }: TransposedSizes,
): void {
  const inputPlane = sizeOf(window.output);
  const outputPlane = sizeOf(window.input);
  const taps = sizeOf(window.kernel);
  const step = window.strides[2];
  const groupChannels = channels / group;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const firstFilter = Math.floor(c / groupChannels) * groupFilters;
      const source = (n * channels + c) * inputPlane;
      for (let f = 0; f < groupFilters; f++) {
        const target = (n * groupFilters * group + firstFilter + f) * outputPlane;
        const weights = (c * groupFilters + f) * taps;
        forEachTap(window, (tap, resultStart, inputStart, count) => {
          const weight = w[weights + tap]!;
          let o = target + resultStart;
          const i = source + inputStart;
          for (let k = 0; k < count; k++, o += step) sums[o]! += weight * x[i + k]!;
        });
      }
    }
  }
}

function requireFloatPair(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): { x: Tensor; w: Tensor } {
  const x = requireInput(inputs, 0, context);
  const w = requireInput(inputs, 1, context);
  if (!isFloat(x.dtype)) throw unsupportedNode(context, `works on floats, got ${x.dtype}`);
  return { x, w };
}

function addBias(result: ConvolutionSums, bias: Tensor | null, context: OperatorContext): void {
  if (bias === null) return;
  const [batch, filters] = result.shape as [number, number];
  const values = readNumbers(bias);
  if (values.length !== filters) {
    throw shapeError(context, `bias [${bias.shape.join(", ")}] does not fit ${filters} channels`);
  }
  const plane = sizeOf(result.shape.slice(2));
  for (let i = 0; i < batch * filters; i++) {
    const value = values[i % filters]!;
    for (let k = i * plane; k < (i + 1) * plane; k++) result.sums[k]! += value;
  }
}
