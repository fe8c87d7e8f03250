import type { Dim } from "../../model/model.js";
import { intsAttribute } from "../../operators/node-attributes.js";
import { addDims, multiplyDims } from "../dim-arithmetic.js";
import { elementsOf, inferredValue } from "../inferred-value.js";
import {
  formatShape,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
} from "../shape-rule.js";
import { slideWindow, windowAttributes } from "./window.js";

/** `MaxPool`, `AveragePool`, `LpPool`; the second output of `MaxPool` holds i64 indices. */
export const pool: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue(dtype, null), inferredValue("i64", null)];
  const rank = spatialRank(shape, context);
  const window = windowAttributes(rank, undefined, context);
  const pooled = [shape[0]!, shape[1]!, ...slideWindow(shape.slice(2), window, context)];
  return [inferredValue(dtype, pooled), inferredValue("i64", pooled)];
};

/** `GlobalAveragePool`, `GlobalMaxPool`, `GlobalLpPool`: every spatial axis becomes 1. */
export const globalPool: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue(dtype, null)];
  const rank = spatialRank(shape, context);
  return [inferredValue(dtype, [shape[0]!, shape[1]!, ...new Array<Dim>(rank).fill(1)])];
};

/** `MaxUnpool`: undoes a `MaxPool`, or gives the shape of the third input. */
export const unpool: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  const target = elementsOf(inputs[2]);
  if (target !== undefined) return [inferredValue(dtype, target)];
  if (shape === null || inputs[2] !== undefined) return [inferredValue(dtype, null)];
  const window = windowAttributes(spatialRank(shape, context), undefined, context);
  const spatial = shape.slice(2).map((size, axis) => {
    const pads = window.padBegin[axis]! + window.padEnd[axis]!;
    const strided = multiplyDims(addDims(size, -1), window.strides[axis]!);
    return addDims(strided, window.kernel[axis]! - pads);
  });
  return [inferredValue(dtype, [shape[0]!, shape[1]!, ...spatial])];
};

/** `MaxRoiPool` and `RoiAlign`: one pooled patch for each region of interest. */
export const roiPool: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  const regions = requiredInput(inputs, 1, context);
  const { node } = context;
  const size = intsAttribute(node, "pooled_shape") ?? [
    Number(node.attributes.get("output_height")?.value ?? 1),
    Number(node.attributes.get("output_width")?.value ?? 1),
  ];
  return [inferredValue(dtype, [regions.shape?.[0] ?? null, shape?.[1] ?? null, ...size])];
};

function spatialRank(shape: readonly Dim[], context: RuleContext): number {
  if (shape.length < 3) {
    throw shapeMismatch(context, `input must have rank 3 or more, got ${formatShape(shape)}`);
  }
  return shape.length - 2;
}
