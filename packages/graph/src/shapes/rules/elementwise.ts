import type { DType } from "@edgewright/core";
import { broadcastInferred } from "../broadcast-shapes.js";
import {
  binaryElements,
  castElements,
  unaryElements,
  whereElements,
} from "../element-arithmetic.js";
import { type InferredValue, inferredValue } from "../inferred-value.js";
import { dtypeAttribute } from "../node-dtypes.js";
import { type RuleContext, requiredInput, type ShapeRule } from "../shape-rule.js";

/** One output that looks like the first input: activations, `Softmax`, scatters, normalisations. */
export const sameAsFirst: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  return [inferredValue(dtype, shape)];
};

/** {@link sameAsFirst} for arithmetic on a single number that may be part of a shape computation. */
export const unary: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  return [inferredValue(x.dtype, x.shape, unaryElements(context.node.opType, x))];
};

/** The input itself, constant or not. */
export const identity: ShapeRule = (inputs, context) => [requiredInput(inputs, 0, context)];

/** `IsNaN`, `IsInf`: booleans of the input's shape. */
export const predicate: ShapeRule = (inputs, context) => [
  inferredValue("bool", requiredInput(inputs, 0, context).shape),
];

/** Two inputs broadcast against each other; the element type is the first's. */
export const binary: ShapeRule = (inputs, context) => {
  const a = requiredInput(inputs, 0, context);
  const b = requiredInput(inputs, 1, context);
  return [broadcastPair(a, b, a.dtype ?? b.dtype, context)];
};

/** {@link binary} with a boolean result. */
export const comparison: ShapeRule = (inputs, context) => {
  const a = requiredInput(inputs, 0, context);
  const b = requiredInput(inputs, 1, context);
  return [broadcastPair(a, b, "bool", context)];
};

/** `Max`, `Min`, `Sum`, `Mean`: any number of inputs, broadcast. */
export const variadic: ShapeRule = (inputs, context) => {
  let result = requiredInput(inputs, 0, context);
  if (inputs.length === 1) return [inferredValue(result.dtype, result.shape)];
  for (let i = 1; i < inputs.length; i++) {
    const next = requiredInput(inputs, i, context);
    result = broadcastPair(result, next, result.dtype ?? next.dtype, context);
  }
  return [result];
};

/** `Where(condition, x, y)`. */
export const where: ShapeRule = (inputs, context) => {
  const condition = requiredInput(inputs, 0, context);
  const x = requiredInput(inputs, 1, context);
  const y = requiredInput(inputs, 2, context);
  const shape = broadcastInferred([condition.shape, x.shape, y.shape], context);
  return [inferredValue(x.dtype ?? y.dtype, shape, whereElements(condition, x, y, shape))];
};

/** `Cast`: attribute `to`. */
export const cast: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const dtype = dtypeAttribute(context, "to");
  return [inferredValue(dtype, x.shape, castElements(x, dtype))];
};

/** `CastLike`: the element type of the second input. */
export const castLike: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const { dtype } = requiredInput(inputs, 1, context);
  return [inferredValue(dtype, x.shape, castElements(x, dtype))];
};

/** `Dropout`: the values and the mask. */
export const dropout: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  // Up to opset 9 the mask had the type of the data.
  return [
    inferredValue(x.dtype, x.shape),
    inferredValue(context.opset < 10 ? x.dtype : "bool", x.shape),
  ];
};

function broadcastPair(
  a: InferredValue,
  b: InferredValue,
  dtype: DType | null,
  context: RuleContext,
): InferredValue {
  const shape = broadcastInferred([a.shape, b.shape], context);
  return inferredValue(dtype, shape, binaryElements(context.node.opType, a, b, shape));
}
