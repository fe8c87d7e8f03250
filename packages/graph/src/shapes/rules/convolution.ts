import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute } from "../../operators/node-attributes.js";
import { addDims, multiplyDims } from "../dim-arithmetic.js";
import { type InferredValue, inferredValue, isConcrete } from "../inferred-value.js";
import {
  formatShape,
  invalidNode,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
  unifyDims,
} from "../shape-rule.js";
import { slideWindow, type WindowAttributes, windowAttributes } from "./window.js";

/** `Conv`: `[n, c, ...]` with weights `[m, c / group, ...]` gives `[n, m, ...]`. */
export const convolution: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const w = requiredInput(inputs, 1, context);
  const bias = inputs[2];
  return [inferredValue(x.dtype, convolutionShape(x, w, bias, context))];
};

/** `ConvInteger`: sums in i32. */
export const integerConvolution: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const w = requiredInput(inputs, 1, context);
  return [inferredValue("i32", convolutionShape(x, w, undefined, context))];
};

/** `QLinearConv`: quantised to the type of the output's zero point. */
export const quantizedConvolution: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const w = requiredInput(inputs, 3, context);
  const zeroPoint = requiredInput(inputs, 7, context);
  return [inferredValue(zeroPoint.dtype, convolutionShape(x, w, inputs[8], context))];
};

function convolutionShape(
  x: InferredValue,
  w: InferredValue,
  bias: InferredValue | undefined,
  context: RuleContext,
): Dim[] | null {
  if (x.shape === null || w.shape === null) return null;
  const rank = checkOperands(x.shape, w.shape, context);
  const group = groupCount(context);
  const inChannels = multiplyDims(w.shape[1]!, group);
  unifyDims(x.shape[1]!, inChannels, "input channels and weights x group", context);
  const outChannels = w.shape[0]!;
  if (typeof outChannels === "number" && outChannels % group !== 0) {
    throw shapeMismatch(
      context,
      `${outChannels} output channels do not divide into ${group} groups`,
    );
  }
  if (bias?.shape?.length === 1) {
    unifyDims(bias.shape[0]!, outChannels, "bias and output channels", context);
  }
  const window = convolutionWindow(rank, w.shape, context);
  if (window === undefined) return [x.shape[0]!, outChannels, ...new Array<Dim>(rank).fill(null)];
  return [x.shape[0]!, outChannels, ...slideWindow(x.shape.slice(2), window, context)];
}

/** `ConvTranspose`: `[n, c, ...]` with weights `[c, m / group, ...]` gives `[n, m, ...]`. */
export const transposedConvolution: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const w = requiredInput(inputs, 1, context);
  if (x.shape === null || w.shape === null) return [inferredValue(x.dtype, null)];
  const rank = checkOperands(x.shape, w.shape, context);
  const group = groupCount(context);
  unifyDims(x.shape[1]!, w.shape[0]!, "input channels and weights", context);
  const outChannels = multiplyDims(w.shape[1]!, group);
  const window = convolutionWindow(rank, w.shape, context);
  const spatial =
    window === undefined
      ? new Array<Dim>(rank).fill(null)
      : transposedSizes(x.shape.slice(2), window, context);
  return [inferredValue(x.dtype, [x.shape[0]!, outChannels, ...spatial])];
};

function transposedSizes(
  spatial: readonly Dim[],
  window: WindowAttributes,
  context: RuleContext,
): Dim[] {
  const { node } = context;
  const rank = spatial.length;
  const outputPadding = intsAttribute(node, "output_padding") ?? new Array<number>(rank).fill(0);
  // Some exporters list the batch and the channels, too.
  const outputShape = intsAttribute(node, "output_shape")?.slice(-rank);
  if (outputPadding.length !== rank || (outputShape && outputShape.length !== rank)) {
    throw invalidNode(
      context,
      `"output_padding" and "output_shape" must hold one integer for each of ${rank} axes`,
    );
  }
  return spatial.map((size, axis) => {
    if (outputShape !== undefined) return outputShape[axis]!;
    const stride = window.strides[axis]!;
    if (window.autoPad.startsWith("SAME")) return multiplyDims(size, stride);
    const extent = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
    const pads = window.autoPad === "VALID" ? 0 : window.padBegin[axis]! + window.padEnd[axis]!;
    const result = addDims(
      multiplyDims(addDims(size, -1), stride),
      outputPadding[axis]! + extent - pads,
    );
    if (typeof result === "number" && result < 1) {
      throw shapeMismatch(context, `axis ${axis + 2} of size ${size} shrinks to ${result}`);
    }
    return result;
  });
}

/** `DeformConv`: as a convolution; offsets and mask do not change the shape. */
export const deformableConvolution: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const w = requiredInput(inputs, 1, context);
  return [inferredValue(x.dtype, convolutionShape(x, w, undefined, context))];
};

function checkOperands(x: readonly Dim[], w: readonly Dim[], context: RuleContext): number {
  if (x.length < 3 || w.length !== x.length) {
    throw shapeMismatch(
      context,
      `input ${formatShape(x)} and weights ${formatShape(w)} must have the same rank of at least 3`,
    );
  }
  return x.length - 2;
}

function groupCount(context: RuleContext): number {
  const group = intAttribute(context.node, "group", 1);
  if (!Number.isSafeInteger(group) || group < 1) {
    throw invalidNode(context, `attribute "group" must be at least 1, got ${group}`);
  }
  return group;
}

// Undefined when the kernel's sizes are known neither from the attribute nor from the weights.
function convolutionWindow(
  rank: number,
  w: readonly Dim[],
  context: RuleContext,
): WindowAttributes | undefined {
  const sizes = w.slice(2);
  if (isConcrete(sizes)) {
    const window = windowAttributes(rank, sizes, context);
    if (window.kernel.some((size, axis) => size !== sizes[axis])) {
      throw shapeMismatch(
        context,
        `kernel_shape [${window.kernel.join(", ")}] differs from weights ${formatShape(w)}`,
      );
    }
    return window;
  }
  return context.node.attributes.has("kernel_shape")
    ? windowAttributes(rank, undefined, context)
    : undefined;
}
