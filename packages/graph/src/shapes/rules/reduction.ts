import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute } from "../../operators/node-attributes.js";
import { multiplyDims } from "../dim-arithmetic.js";
import { elementsOf, inferredValue, numbersOf } from "../inferred-value.js";
import {
  normalizeAxes,
  normalizeAxis,
  type RuleContext,
  requiredInput,
  type ShapeRule,
} from "../shape-rule.js";

/** `ReduceSum`, `ReduceMean`, ...: axes as an attribute or (later opsets) as the second input. */
export const reduction: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const { node } = context;
  const keepDims = intAttribute(node, "keepdims", 1) !== 0;
  const axesInput = inputs[1];
  const given = intsAttribute(node, "axes") ?? (axesInput && numbersOf(axesInput));
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const rank = x.shape.length;
  if (axesInput !== undefined && given === undefined) {
    const unknown = keepDims ? new Array<Dim>(rank).fill(null) : null;
    return [inferredValue(x.dtype, unknown)];
  }
  const isNoop = intAttribute(node, "noop_with_empty_axes", 0) !== 0;
  const axes = given?.length
    ? normalizeAxes(given, rank, context)
    : isNoop
      ? []
      : x.shape.map((_, axis) => axis);
  const elements = axes.length === rank && rank <= 1 ? reducedElements(x, context) : undefined;
  return [inferredValue(x.dtype, removeAxes(x.shape, axes, keepDims), elements)];
};

// Products and sums of shapes are how exporters write "number of elements".
function reducedElements(
  x: Parameters<typeof elementsOf>[0],
  context: RuleContext,
): readonly Dim[] | undefined {
  const elements = elementsOf(x);
  if (elements === undefined || elements.length === 0) return undefined;
  if (context.node.opType === "ReduceProd") return [elements.reduce(multiplyDims)];
  if (!elements.every((element) => typeof element === "number")) return undefined;
  const numbers = elements as readonly number[];
  switch (context.node.opType) {
    case "ReduceSum":
      return [numbers.reduce((sum, value) => sum + value, 0)];
    case "ReduceMax":
      return [Math.max(...numbers)];
    case "ReduceMin":
      return [Math.min(...numbers)];
    default:
      return undefined;
  }
}

/** `ArgMax`, `ArgMin`: i64 positions along one axis. */
export const argReduction: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue("i64", null)];
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), shape.length, context);
  const keepDims = intAttribute(context.node, "keepdims", 1) !== 0;
  return [inferredValue("i64", removeAxes(shape, [axis], keepDims))];
};

function removeAxes(shape: readonly Dim[], axes: readonly number[], keepDims: boolean): Dim[] {
  return keepDims
    ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.includes(axis));
}
