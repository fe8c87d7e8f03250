import type { DType } from "@edgewright/core";
import type { Dim } from "../../model/model.js";
import { intAttribute, stringAttribute } from "../../operators/node-attributes.js";
import { broadcastInferred } from "../broadcast-shapes.js";
import { type InferredValue, inferredValue } from "../inferred-value.js";
import {
  checkRank,
  formatShape,
  invalidNode,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
  unifyDims,
} from "../shape-rule.js";

/** `MatMul` with NumPy's rules for vectors and stacks of matrices. */
export const matrixProduct: ShapeRule = (inputs, context) => {
  const a = requiredInput(inputs, 0, context);
  return [product(a, requiredInput(inputs, 1, context), a.dtype, context)];
};

/** `MatMulInteger`: sums in i32. */
export const integerMatrixProduct: ShapeRule = (inputs, context) => [
  product(requiredInput(inputs, 0, context), requiredInput(inputs, 1, context), "i32", context),
];

/** `QLinearMatMul`: quantised to the type of the output's zero point. */
export const quantizedMatrixProduct: ShapeRule = (inputs, context) => {
  const a = requiredInput(inputs, 0, context);
  const b = requiredInput(inputs, 3, context);
  return [product(a, b, requiredInput(inputs, 7, context).dtype, context)];
};

function product(
  a: InferredValue,
  b: InferredValue,
  dtype: DType | null,
  context: RuleContext,
): InferredValue {
  if (a.shape === null || b.shape === null) return inferredValue(dtype, null);
  if (a.shape.length === 0 || b.shape.length === 0) {
    throw shapeMismatch(context, "a scalar has no matrix product");
  }
  // A vector is a row on the left and a column on the right, and the axis added is dropped again.
  const left: readonly Dim[] = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right: readonly Dim[] = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const what = `inner sizes of ${formatShape(a.shape)} and ${formatShape(b.shape)}`;
  unifyDims(left[left.length - 1]!, right[right.length - 2]!, what, context);
  const stack = broadcastInferred([left.slice(0, -2), right.slice(0, -2)], context)!;
  const rows = a.shape.length === 1 ? [] : [left[left.length - 2]!];
  const columns = b.shape.length === 1 ? [] : [right[right.length - 1]!];
  return inferredValue(dtype, [...stack, ...rows, ...columns]);
}

/** `Gemm`: `alpha A' B' + beta C` with each of A, B transposed or not. */
export const gemm: ShapeRule = (inputs, context) => {
  const a = requiredInput(inputs, 0, context);
  const b = requiredInput(inputs, 1, context);
  checkRank(a.shape, 2, "A", context);
  checkRank(b.shape, 2, "B", context);
  const transA = intAttribute(context.node, "transA", 0) !== 0;
  const transB = intAttribute(context.node, "transB", 0) !== 0;
  const rows = a.shape?.[transA ? 1 : 0] ?? null;
  const columns = b.shape?.[transB ? 0 : 1] ?? null;
  const innerA = a.shape?.[transA ? 0 : 1] ?? null;
  const innerB = b.shape?.[transB ? 1 : 0] ?? null;
  unifyDims(innerA, innerB, "inner sizes of A and B", context);
  const c = inputs[2]?.shape;
  if (c) broadcastInferred([[rows, columns], c], context);
  return [inferredValue(a.dtype, [rows, columns])];
};

/** `Einsum`: sizes by the letters of the equation. */
export const einsum: ShapeRule = (inputs, context) => {
  const equation = stringAttribute(context.node, "equation", "").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  if (terms.length !== inputs.length) {
    throw invalidNode(context, `equation "${equation}" does not name ${inputs.length} inputs`);
  }
  const sizes = new Map<string, Dim>();
  const counts = new Map<string, number>();
  const ellipses: (readonly Dim[] | null)[] = [];
  terms.forEach((term, i) => {
    const { shape } = requiredInput(inputs, i, context);
    const [head = "", tail] = term.split("...");
    const named = head + (tail ?? "");
    for (const letter of new Set(named)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    for (const letter of named) {
      if (named.indexOf(letter) !== named.lastIndexOf(letter)) counts.set(letter, 2);
      if (!sizes.has(letter)) sizes.set(letter, null);
    }
    if (shape === null) {
      if (tail !== undefined) ellipses.push(null);
      return;
    }
    const extra = shape.length - named.length;
    if (extra < 0 || (tail === undefined && extra !== 0)) {
      throw shapeMismatch(context, `term "${term}" does not fit shape ${formatShape(shape)}`);
    }
    if (tail !== undefined) ellipses.push(shape.slice(head.length, head.length + extra));
    [...named].forEach((letter, position) => {
      const dim = shape[position < head.length ? position : position + extra]!;
      const known = sizes.get(letter)!;
      // A size of 1 broadcasts.
      sizes.set(
        letter,
        known === 1
          ? dim
          : dim === 1 && known !== null
            ? known
            : unifyDims(known, dim, `index "${letter}"`, context),
      );
    });
  });
  const stack = ellipses.length === 0 ? [] : broadcastInferred(ellipses, context);
  // Without an arrow: the ellipsis, then the indices that appear once, in alphabetical order.
  const output =
    right ??
    (ellipses.length > 0 ? "..." : "") +
      [...sizes.keys()]
        .filter((letter) => counts.get(letter) === 1)
        .sort()
        .join("");
  if (output.includes("...") && stack === null) return [inferredValue(inputs[0]!.dtype, null)];
  const [head = "", tail] = output.split("...");
  const sizesOf = (letters: string): Dim[] =>
    [...letters].map((letter) => {
      if (!sizes.has(letter)) {
        throw invalidNode(context, `equation "${equation}" names no input index "${letter}"`);
      }
      return sizes.get(letter)!;
    });
  const shape = [...sizesOf(head), ...(tail === undefined ? [] : stack!), ...sizesOf(tail ?? "")];
  return [inferredValue(inputs[0]!.dtype, shape)];
};

/** `Det`: a stack of square matrices to a stack of numbers. */
export const determinant: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  return [inferredValue(dtype, shape?.slice(0, -2) ?? null)];
};
