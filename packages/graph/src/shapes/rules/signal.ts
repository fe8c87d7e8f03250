import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute } from "../../operators/node-attributes.js";
import { addDims, floorDivideDim, subtractDims } from "../dim-arithmetic.js";
import { elementsOf, inferredValue } from "../inferred-value.js";
import { dtypeAttribute } from "../node-dtypes.js";
import { invalidNode, normalizeAxis, requiredInput, type ShapeRule } from "../shape-rule.js";

/** `DFT`: complex values in the last axis; one-sided transforms keep half of the spectrum. */
export const fourierTransform: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue(dtype, null)];
  const given =
    context.opset < 20
      ? intAttribute(context.node, "axis", 1)
      : inputs[2] === undefined
        ? -2
        : elementsOf(inputs[2])?.[0];
  if (typeof given !== "number")
    return [
      inferredValue(
        dtype,
        shape.map(() => null),
      ),
    ];
  const axis = normalizeAxis(given, shape.length, context);
  const isOneSided = intAttribute(context.node, "onesided", 0) !== 0;
  const isInverse = intAttribute(context.node, "inverse", 0) !== 0;
  const size = shape[axis]!;
  // Half a spectrum of n values is that of a real signal of 2 (n - 1).
  const whole = typeof size === "number" ? 2 * (size - 1) : null;
  const length: Dim =
    inputs[1] === undefined
      ? isOneSided && isInverse
        ? whole
        : size
      : (elementsOf(inputs[1])?.[0] ?? null);
  const result = [...shape];
  result[axis] = isOneSided && !isInverse ? addDims(floorDivideDim(length, 2), 1) : length;
  result[shape.length - 1] = isOneSided && isInverse ? 1 : 2;
  return [inferredValue(dtype, result)];
};

/** `STFT`: `[batch, frames, bins, 2]` of `[batch, length, 1 or 2]`. */
export const shortTimeFourierTransform: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  const step = elementsOf(requiredInput(inputs, 1, context))?.[0];
  const frame: Dim =
    inputs[3] === undefined
      ? (inputs[2]?.shape?.[0] ?? null)
      : (elementsOf(inputs[3])?.[0] ?? null);
  if (typeof step === "number" && step < 1) {
    throw invalidNode(context, `the frame step must be at least 1, got ${step}`);
  }
  const room = subtractDims(shape?.[1] ?? null, frame);
  const frames = typeof step === "number" ? addDims(floorDivideDim(room, step), 1) : null;
  const isOneSided = intAttribute(context.node, "onesided", 1) !== 0;
  const bins = isOneSided ? addDims(floorDivideDim(frame, 2), 1) : frame;
  return [inferredValue(dtype, [shape?.[0] ?? null, frames, bins, 2])];
};

/** `MelWeightMatrix`: `[bins of the spectrum, mel bins]`. */
export const melWeights: ShapeRule = (inputs, context) => {
  const bins = elementsOf(requiredInput(inputs, 0, context))?.[0] ?? null;
  const length = elementsOf(requiredInput(inputs, 1, context))?.[0] ?? null;
  const dtype = dtypeAttribute(context, "output_datatype", "f32");
  return [inferredValue(dtype, [addDims(floorDivideDim(length, 2), 1), bins])];
};

/** `TfIdfVectorizer`: one weight for each n-gram index. */
export const ngramWeights: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  const indexes = intsAttribute(context.node, "ngram_indexes") ?? [];
  if (shape === null) return [inferredValue("f32", null)];
  const size = indexes.reduce((most, index) => Math.max(most, index), -1) + 1;
  return [inferredValue("f32", [...shape.slice(0, -1), size])];
};
