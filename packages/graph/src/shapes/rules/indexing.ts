import type { Dim } from "../../model/model.js";
import { intAttribute } from "../../operators/node-attributes.js";
import { elementsOf, inferredValue, isConcrete, numbersOf } from "../inferred-value.js";
import { pickElements } from "../pick-elements.js";
import {
  formatShape,
  invalidNode,
  normalizeAxis,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
} from "../shape-rule.js";

/** `Gather`: the indexed axis is replaced by the axes of the indices. */
export const gather: ShapeRule = (inputs, context) => {
  const data = requiredInput(inputs, 0, context);
  const indices = requiredInput(inputs, 1, context);
  if (data.shape === null || indices.shape === null) return [inferredValue(data.dtype, null)];
  const rank = data.shape.length;
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), rank, context);
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  const positions = numbersOf(indices);
  const size = data.shape[axis]!;
  if (positions !== undefined && typeof size === "number") {
    for (const position of positions) {
      if (position < -size || position >= size) {
        throw shapeMismatch(context, `index ${position} is outside axis ${axis} of size ${size}`);
      }
    }
  }
  const inner = indices.shape.length;
  const picked =
    positions &&
    typeof size === "number" &&
    isConcrete(indices.shape) &&
    pickElements(data, shape, (position) => {
      let flat = 0;
      for (let i = 0; i < inner; i++) {
        flat = flat * (indices.shape![i] as number) + position[axis + i]!;
      }
      const at = positions[flat]!;
      return [...position.slice(0, axis), at < 0 ? at + size : at, ...position.slice(axis + inner)];
    });
  return [inferredValue(data.dtype, shape, picked || undefined)];
};

/** `GatherElements`: the shape of the indices. */
export const gatherElements: ShapeRule = (inputs, context) => {
  const data = requiredInput(inputs, 0, context);
  const indices = requiredInput(inputs, 1, context);
  if (data.shape !== null) {
    normalizeAxis(intAttribute(context.node, "axis", 0), data.shape.length, context);
  }
  return [inferredValue(data.dtype, indices.shape)];
};

/** `GatherND`: index tuples in the last axis of the indices. */
export const gatherNd: ShapeRule = (inputs, context) => {
  const data = requiredInput(inputs, 0, context);
  const indices = requiredInput(inputs, 1, context);
  if (data.shape === null || indices.shape === null) return [inferredValue(data.dtype, null)];
  const batch = intAttribute(context.node, "batch_dims", 0);
  const tuple = indices.shape[indices.shape.length - 1];
  if (tuple === undefined) throw shapeMismatch(context, "the indices must not be a scalar");
  if (typeof tuple !== "number") return [inferredValue(data.dtype, null)];
  if (batch < 0 || batch + tuple > data.shape.length) {
    throw shapeMismatch(
      context,
      `${tuple} indices after ${batch} batch axes exceed the axes of ${formatShape(data.shape)}`,
    );
  }
  return [
    inferredValue(data.dtype, [...indices.shape.slice(0, -1), ...data.shape.slice(batch + tuple)]),
  ];
};

/** `TopK`: values and their i64 positions, `k` of them along the axis. */
export const topK: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue(dtype, null), inferredValue("i64", null)];
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), shape.length, context);
  const k: Dim =
    context.opset < 10
      ? intAttribute(context.node, "k", -1)
      : (elementsOf(requiredInput(inputs, 1, context))?.[0] ?? null);
  const size = shape[axis]!;
  if (typeof k === "number" && (k < 0 || (typeof size === "number" && k > size))) {
    throw shapeMismatch(context, `k = ${k} is outside axis ${axis} of size ${size}`);
  }
  const top = shape.map((dim, index) => (index === axis ? k : dim));
  return [inferredValue(dtype, top), inferredValue("i64", top)];
};

/** `OneHot`: a new axis of the depth that the second input holds. */
export const oneHot: ShapeRule = (inputs, context) => {
  const indices = requiredInput(inputs, 0, context);
  const depth = elementsOf(requiredInput(inputs, 1, context))?.[0] ?? null;
  const { dtype } = requiredInput(inputs, 2, context);
  if (indices.shape === null) return [inferredValue(dtype, null)];
  const rank = indices.shape.length + 1;
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), rank, context);
  if (typeof depth === "number" && depth < 0) throw invalidNode(context, `depth ${depth} < 0`);
  return [
    inferredValue(dtype, [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)]),
  ];
};

/** `NonZero`: one i64 row of positions for each axis; how many depends on the data. */
export const nonZero: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  return [inferredValue("i64", [shape === null ? null : shape.length, null])];
};

/** `Compress`: as many as the condition selects. */
export const compress: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  const selected = numbersOf(inputs[1])?.filter((flag) => flag !== 0).length ?? null;
  if (!context.node.attributes.has("axis")) return [inferredValue(dtype, [selected])];
  if (shape === null) return [inferredValue(dtype, null)];
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), shape.length, context);
  return [
    inferredValue(
      dtype,
      shape.map((dim, index) => (index === axis ? selected : dim)),
    ),
  ];
};

/** `Unique`: the values, and three i64 lists; lengths depend on the data. */
export const unique: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  const list = inferredValue("i64", [null]);
  if (!context.node.attributes.has("axis")) return [inferredValue(dtype, [null]), list, list, list];
  if (shape === null) return [inferredValue(dtype, null), list, list, list];
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), shape.length, context);
  return [
    inferredValue(
      dtype,
      shape.map((dim, index) => (index === axis ? null : dim)),
    ),
    list,
    list,
    list,
  ];
};

/** `NonMaxSuppression`: `[selected, 3]` i64. */
export const nonMaxSuppression: ShapeRule = () => [inferredValue("i64", [null, 3])];
