import type { Tensor } from "@edgewright/core";
import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute, tensorAttribute } from "../../operators/node-attributes.js";
import { ceilDivideDim, multiplyAll, subtractDims } from "../dim-arithmetic.js";
import {
  constantValue,
  elementsOf,
  type InferredValue,
  inferredValue,
  isConcrete,
  MAX_KNOWN_ELEMENTS,
} from "../inferred-value.js";
import { dtypeAttribute } from "../node-dtypes.js";
import {
  checkRank,
  formatShape,
  invalidNode,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
} from "../shape-rule.js";

/** `Constant`: whichever of the value attributes is there. */
export const constant: ShapeRule = (_, context) => {
  const { node } = context;
  const [entry, more] = [...node.attributes].filter(([name]) => /^(sparse_)?value/.test(name));
  if (entry === undefined || more !== undefined) {
    throw invalidNode(context, "exactly one value attribute must be given");
  }
  const attribute = entry[1];
  switch (attribute.type) {
    case "tensor":
      return [constantValue(attribute.value)];
    case "float":
      return [constantValue(floats([attribute.value], []))];
    case "floats":
      return [constantValue(floats(attribute.value, [attribute.value.length]))];
    case "int":
      return [constantValue(integers([attribute.value], []))];
    case "ints":
      return [constantValue(integers(attribute.value, [attribute.value.length]))];
    default:
      // Strings have no element type here.
      return [inferredValue(null, attribute.type === "string" ? [] : [null])];
  }
};

function floats(values: readonly number[], shape: readonly number[]): Tensor {
  return { dtype: "f32", shape, data: Float32Array.from(values) };
}

function integers(values: readonly (number | bigint)[], shape: readonly number[]): Tensor {
  return { dtype: "i64", shape, data: BigInt64Array.from(values, BigInt) };
}

/** `Shape`: the sizes of the input as data, or those from `start` to `end`. */
export const shapeOf: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue("i64", [null])];
  const start = intAttribute(context.node, "start", 0);
  const end = intAttribute(context.node, "end", shape.length);
  const sizes = shape.slice(start, end);
  return [inferredValue("i64", [sizes.length], sizes)];
};

/** `Size`: the number of elements as data. */
export const elementCount: ShapeRule = (inputs, context) => {
  const { shape } = requiredInput(inputs, 0, context);
  return [inferredValue("i64", [], [shape === null ? null : multiplyAll(shape)])];
};

/** `ConstantOfShape`: the shape that the input holds, filled with one value. */
export const constantOfShape: ShapeRule = (inputs, context) => {
  const sizes = requiredInput(inputs, 0, context);
  const fill = tensorAttribute(context.node, "value");
  const dtype = fill?.dtype ?? "f32";
  const shape = shapeInput(sizes, context);
  const filler = fill === undefined ? 0 : (elementsOf(constantValue(fill))?.[0] ?? null);
  return [inferredValue(dtype, shape, filled(shape, filler))];
};

function filled(shape: readonly Dim[] | null, filler: Dim): Dim[] | undefined {
  if (shape === null || !isConcrete(shape)) return undefined;
  const size = multiplyAll(shape) as number;
  return size <= MAX_KNOWN_ELEMENTS ? new Array<Dim>(size).fill(filler) : undefined;
}

/** The shape that a value's contents spell. */
function shapeInput(sizes: InferredValue, context: RuleContext): readonly Dim[] | null {
  checkRank(sizes.shape, 1, "the shape", context);
  const elements = elementsOf(sizes);
  if (elements === undefined) {
    const rank = sizes.shape?.[0];
    return typeof rank === "number" && rank <= 64 ? new Array<Dim>(rank).fill(null) : null;
  }
  if (elements.some((size) => typeof size === "number" && !(Number.isInteger(size) && size >= 0))) {
    throw shapeMismatch(context, `${formatShape(elements)} must hold sizes of at least 0`);
  }
  return elements;
}

/** `Range(start, limit, delta)`. */
export const range: ShapeRule = (inputs, context) => {
  const { dtype } = requiredInput(inputs, 0, context);
  const [start, limit, delta] = [0, 1, 2].map(
    (i) => elementsOf(requiredInput(inputs, i, context))?.[0] ?? null,
  ) as [Dim, Dim, Dim];
  if (delta === 0) throw invalidNode(context, "delta must not be 0");
  if (typeof start === "number" && typeof limit === "number" && typeof delta === "number") {
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    const elements =
      count <= MAX_KNOWN_ELEMENTS
        ? Array.from({ length: count }, (_, i) => start + i * delta)
        : undefined;
    return [inferredValue(dtype, [count], elements)];
  }
  const counts = typeof delta === "number" && delta > 0 && dtype?.startsWith("i");
  return [inferredValue(dtype, [counts ? ceilDivideDim(subtractDims(limit, start), delta) : null])];
};

/** `EyeLike`, `RandomNormalLike`, `RandomUniformLike`, `Bernoulli`: the input's shape, another type. */
export const likeInput: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  return [inferredValue(dtypeAttribute(context, "dtype", dtype), shape)];
};

/** `RandomNormal`, `RandomUniform`: attribute `shape`. */
export const ofShapeAttribute: ShapeRule = (_, context) => [
  inferredValue(
    dtypeAttribute(context, "dtype", "f32"),
    intsAttribute(context.node, "shape") ?? null,
  ),
];

/** `Multinomial`: `[batch, sample_size]`. */
export const multinomial: ShapeRule = (inputs, context) => [
  inferredValue(dtypeAttribute(context, "dtype", "i32"), [
    requiredInput(inputs, 0, context).shape?.[0] ?? null,
    intAttribute(context.node, "sample_size", 1),
  ]),
];

/** `HannWindow` and its kin: as many values as the input says. */
export const windowOfSize: ShapeRule = (inputs, context) => {
  const size = elementsOf(requiredInput(inputs, 0, context))?.[0] ?? null;
  return [inferredValue(dtypeAttribute(context, "output_datatype", "f32"), [size])];
};
