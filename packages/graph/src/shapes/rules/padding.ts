import type { Dim } from "../../model/model.js";
import { intsAttribute } from "../../operators/node-attributes.js";
import { addDims } from "../dim-arithmetic.js";
import { elementsOf, inferredValue, numbersOf } from "../inferred-value.js";
import { normalizeAxes, requiredInput, type ShapeRule, shapeMismatch } from "../shape-rule.js";

/** `Pad`: begins and ends added (or, negative, removed) axis by axis. */
export const pad: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const { shape } = x;
  const isOld = context.opset < 11;
  const pads: readonly Dim[] | undefined = isOld
    ? (intsAttribute(context.node, "pads") ?? intsAttribute(context.node, "paddings"))
    : elementsOf(requiredInput(inputs, 1, context));
  const givenAxes = inputs[3] === undefined ? undefined : numbersOf(inputs[3]);
  if (pads === undefined || (inputs[3] !== undefined && givenAxes === undefined)) {
    return [inferredValue(x.dtype, new Array<Dim>(shape.length).fill(null))];
  }
  const axes = givenAxes
    ? normalizeAxes(givenAxes, shape.length, context)
    : shape.map((_, axis) => axis);
  if (pads.length !== 2 * axes.length) {
    throw shapeMismatch(context, `pads must hold ${2 * axes.length} numbers, got ${pads.length}`);
  }
  const padded = [...shape];
  axes.forEach((axis, i) => {
    padded[axis] = addDims(addDims(shape[axis]!, pads[i]!), pads[i + axes.length]!);
  });
  return [inferredValue(x.dtype, padded)];
};

/** `CenterCropPad`: the sizes that the second input holds, on the named axes. */
export const centerCropPad: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const sizes = elementsOf(requiredInput(inputs, 1, context));
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const axes = normalizeAxes(
    intsAttribute(context.node, "axes") ?? x.shape.map((_, axis) => axis),
    x.shape.length,
    context,
  );
  const shape = [...x.shape];
  axes.forEach((axis, i) => {
    shape[axis] = sizes?.[i] ?? null;
  });
  return [inferredValue(x.dtype, shape)];
};
