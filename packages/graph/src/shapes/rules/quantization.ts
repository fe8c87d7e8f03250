import type { DType } from "@edgewright/core";
import { intAttribute } from "../../operators/node-attributes.js";
import { inferredValue } from "../inferred-value.js";
import { dtypeAttribute } from "../node-dtypes.js";
import { type RuleContext, requiredInput, type ShapeRule } from "../shape-rule.js";

/** `QuantizeLinear`: the type of the zero point, else `output_dtype`, else u8. */
export const quantize: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  const zeroPoint = inputs[2];
  return [
    inferredValue(zeroPoint === undefined ? outputType(context, "u8") : zeroPoint.dtype, shape),
  ];
};

/** `DequantizeLinear`: the type of the scale. */
export const dequantize: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  const scale = requiredInput(inputs, 1, context);
  return [inferredValue(outputType(context, scale.dtype), shape)];
};

// 0 stands for "not given".
function outputType(context: RuleContext, fallback: DType | null): DType | null {
  return intAttribute(context.node, "output_dtype", 0) === 0
    ? fallback
    : dtypeAttribute(context, "output_dtype");
}

/** `DynamicQuantizeLinear`: the codes, their scale and their zero point. */
export const dynamicQuantize: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  return [inferredValue("u8", shape), inferredValue("f32", []), inferredValue("u8", [])];
};
