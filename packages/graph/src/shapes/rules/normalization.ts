import type { Dim } from "../../model/model.js";
import { intAttribute } from "../../operators/node-attributes.js";
import { inferredValue } from "../inferred-value.js";
import {
  normalizeAxis,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  unifyDims,
} from "../shape-rule.js";

/** `BatchNormalization`: the data, and in training the statistics. */
export const batchNormalization: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const scale = requiredInput(inputs, 1, context);
  if (x.shape !== null && scale.shape !== null && x.shape.length > 1 && scale.shape.length === 1) {
    unifyDims(x.shape[1]!, scale.shape[0]!, "channels of input and scale", context);
  }
  const statistics = inferredValue(scale.dtype, scale.shape);
  return [inferredValue(x.dtype, x.shape), statistics, statistics, statistics, statistics];
};

/** `LayerNormalization`, `RMSNormalization`: the data, its means and inverse deviations. */
export const layerNormalization: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  if (x.shape === null)
    return [inferredValue(x.dtype, null), inferredValue("f32", null), inferredValue("f32", null)];
  const axis = axisAttribute(x.shape, -1, context);
  const statistics = inferredValue(
    "f32",
    x.shape.map((dim, index): Dim => (index < axis ? dim : 1)),
  );
  return [inferredValue(x.dtype, x.shape), statistics, statistics];
};

/** `Softmax`, `LogSoftmax`, `Hardmax`: the input's shape, once the axis exists. */
export const alongAxis: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  // Up to opset 12 the axis split the tensor in two, so that the rank itself was a valid axis.
  if (x.shape !== null && context.opset >= 13) axisAttribute(x.shape, -1, context);
  return [inferredValue(x.dtype, x.shape)];
};

function axisAttribute(shape: readonly Dim[], fallback: number, context: RuleContext): number {
  return normalizeAxis(intAttribute(context.node, "axis", fallback), shape.length, context);
}
