import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute, stringAttribute } from "../../operators/node-attributes.js";
import { broadcastInferred } from "../broadcast-shapes.js";
import { divideExactly, multiplyAll, multiplyDims } from "../dim-arithmetic.js";
import {
  constantValue,
  elementsOf,
  type InferredValue,
  inferredValue,
  isConcrete,
  numbersOf,
} from "../inferred-value.js";
import { pickElements } from "../pick-elements.js";
import {
  checkRank,
  formatShape,
  invalidNode,
  normalizeAxes,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
} from "../shape-rule.js";

/** `Reshape`: 0 copies a size (unless `allowzero`), one -1 takes what is left. */
export const reshape: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const target = inputs[1];
  const sizes: readonly Dim[] | undefined =
    context.opset < 5 ? intsAttribute(context.node, "shape") : elementsOf(target);
  if (sizes === undefined) {
    const rank = target?.shape?.length === 1 ? target.shape[0] : null;
    const known = typeof rank === "number" && rank <= 64;
    return [inferredValue(x.dtype, known ? new Array<Dim>(rank).fill(null) : null)];
  }
  return [withShape(x, reshapeTarget(x.shape, sizes, context))];
};

function reshapeTarget(
  from: readonly Dim[] | null,
  sizes: readonly Dim[],
  context: RuleContext,
): Dim[] {
  const allowZero = intAttribute(context.node, "allowzero", 0) !== 0;
  const result = sizes.map((size, axis): Dim => {
    if (size !== 0 || allowZero) return size;
    if (from === null) return null;
    if (axis >= from.length) {
      throw shapeMismatch(
        context,
        `size 0 at axis ${axis} copies nothing from ${formatShape(from)}`,
      );
    }
    return from[axis]!;
  });
  const wild = result.indexOf(-1);
  if (
    result.some(
      (size, axis) => typeof size === "number" && (size < -1 || (size === -1 && axis !== wild)),
    )
  ) {
    throw shapeMismatch(context, `target ${formatShape(sizes)} must hold sizes and at most one -1`);
  }
  if (wild >= 0) {
    const rest = result.filter((_, axis) => axis !== wild);
    result[wild] = from === null ? null : remainingSize(from, rest, context);
  } else if (from !== null && isConcrete(from) && isConcrete(result)) {
    if (multiplyAll(from) !== multiplyAll(result)) {
      throw shapeMismatch(
        context,
        `${formatShape(from)} does not reshape to ${formatShape(result)}`,
      );
    }
  }
  return result;
}

function remainingSize(from: readonly Dim[], rest: readonly Dim[], context: RuleContext): Dim {
  if (isConcrete(from) && isConcrete(rest)) {
    const total = multiplyAll(from) as number;
    const known = multiplyAll(rest) as number;
    if (known === 0 ? total !== 0 : total % known !== 0) {
      throw shapeMismatch(context, `${total} elements do not divide into ${formatShape(rest)}`);
    }
    return known === 0 ? 0 : total / known;
  }
  return divideExactly(from, rest);
}

/** `Flatten`: a matrix of the axes before and from `axis`. */
export const flatten: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue(dtype, [null, null])];
  const rank = shape.length;
  const axis = intAttribute(context.node, "axis", 1);
  if (axis < -rank || axis > rank) {
    throw shapeMismatch(context, `axis ${axis} is outside a tensor of rank ${rank}`);
  }
  const split = axis < 0 ? axis + rank : axis;
  return [
    inferredValue(dtype, [multiplyAll(shape.slice(0, split)), multiplyAll(shape.slice(split))]),
  ];
};

/** `Squeeze`: drops axes of size 1, the named ones or all. */
export const squeeze: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const { shape } = x;
  const given = axesOf(inputs, 13, context);
  if (shape === null || given === "unknown") return [inferredValue(x.dtype, null)];
  if (given === undefined) {
    if (shape.some((dim) => typeof dim !== "number")) return [inferredValue(x.dtype, null)];
    return [
      withShape(
        x,
        shape.filter((dim) => dim !== 1),
      ),
    ];
  }
  const axes = normalizeAxes(given, shape.length, context);
  for (const axis of axes) {
    const dim = shape[axis]!;
    if (typeof dim === "number" && dim !== 1) {
      throw shapeMismatch(context, `axis ${axis} of ${formatShape(shape)} is not of size 1`);
    }
  }
  return [
    withShape(
      x,
      shape.filter((_, axis) => !axes.includes(axis)),
    ),
  ];
};

/** `Unsqueeze`: inserts axes of size 1 at positions of the result. */
export const unsqueeze: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const given = axesOf(inputs, 13, context);
  if (given === undefined) throw invalidNode(context, "axes are missing");
  if (x.shape === null || given === "unknown") return [inferredValue(x.dtype, null)];
  const rank = x.shape.length + given.length;
  const axes = normalizeAxes(given, rank, context);
  const rest = [...x.shape];
  const shape = Array.from(
    { length: rank },
    (_, axis): Dim => (axes.includes(axis) ? 1 : rest.shift()!),
  );
  return [withShape(x, shape)];
};

function axesOf(
  inputs: readonly (InferredValue | undefined)[],
  inputSince: number,
  context: RuleContext,
): readonly number[] | "unknown" | undefined {
  const attribute = intsAttribute(context.node, "axes");
  if (attribute !== undefined || context.opset < inputSince) return attribute;
  if (inputs[1] === undefined) return undefined;
  return numbersOf(inputs[1]) ?? "unknown";
}

/** `Transpose`: axes permuted, reversed by default. */
export const transpose: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const given = intsAttribute(context.node, "perm");
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const { shape } = x;
  const permutation = given ?? shape.map((_, axis) => shape.length - 1 - axis);
  const isPermutation =
    permutation.length === shape.length &&
    new Set(permutation).size === shape.length &&
    permutation.every((axis) => axis >= 0 && axis < shape.length && Number.isInteger(axis));
  if (!isPermutation) {
    throw shapeMismatch(
      context,
      `perm [${permutation.join(", ")}] does not permute the axes of ${formatShape(shape)}`,
    );
  }
  const permuted = permutation.map((axis) => shape[axis]!);
  const elements = pickElements(x, permuted, (position) => {
    const source: number[] = [];
    permutation.forEach((axis, i) => {
      source[axis] = position[i]!;
    });
    return source;
  });
  return [inferredValue(x.dtype, permuted, elements)];
};

/** `Expand`: broadcast with the shape that the second input holds. */
export const expand: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const target = requiredInput(inputs, 1, context);
  const sizes = elementsOf(target);
  if (sizes === undefined) {
    const rank = target.shape?.[0];
    const known = x.shape !== null && typeof rank === "number" && rank <= 64;
    const longer = known ? Math.max(rank, x.shape.length) : 0;
    return [inferredValue(x.dtype, known ? new Array<Dim>(longer).fill(null) : null)];
  }
  checkSizes(sizes, context);
  const shape = broadcastInferred([x.shape, sizes], context);
  const elements = elementsOf(x);
  const isUniform = elements?.length === 1 && shape !== null && isConcrete(shape);
  return [
    inferredValue(x.dtype, shape, isUniform ? repeatElement(elements[0]!, shape) : undefined),
  ];
};

/** `Tile`: every size times its repeats. */
export const tile: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const repeats = elementsOf(requiredInput(inputs, 1, context));
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  if (repeats === undefined)
    return [
      inferredValue(
        x.dtype,
        x.shape.map(() => null),
      ),
    ];
  checkSizes(repeats, context);
  checkRank(x.shape, repeats.length, "the tiled input", context);
  return [
    inferredValue(
      x.dtype,
      x.shape.map((dim, axis) => multiplyDims(dim, repeats[axis]!)),
    ),
  ];
};

/** `DepthToSpace` and `SpaceToDepth` of `[n, c, h, w]`. */
export const depthSpace: ShapeRule = (inputs, context) => {
  const { dtype, shape } = requiredInput(inputs, 0, context);
  if (shape === null) return [inferredValue(dtype, null)];
  checkRank(shape, 4, "the input", context);
  const block = intAttribute(context.node, "blocksize", 0);
  if (!Number.isSafeInteger(block) || block < 1) {
    throw invalidNode(context, `attribute "blocksize" must be at least 1, got ${block}`);
  }
  const [n, c, h, w] = shape as [Dim, Dim, Dim, Dim];
  stringAttribute(context.node, "mode", "DCR");
  const shrink = (dim: Dim, by: number): Dim => {
    if (typeof dim === "number" && dim % by !== 0) {
      throw shapeMismatch(context, `size ${dim} does not divide by ${by}`);
    }
    return divideExactly([dim], [by]);
  };
  return [
    context.node.opType === "DepthToSpace"
      ? inferredValue(dtype, [
          n,
          shrink(c, block * block),
          multiplyDims(h, block),
          multiplyDims(w, block),
        ])
      : inferredValue(dtype, [
          n,
          multiplyDims(c, block * block),
          shrink(h, block),
          shrink(w, block),
        ]),
  ];
};

function checkSizes(sizes: readonly Dim[], context: RuleContext): void {
  if (sizes.some((size) => typeof size === "number" && !(Number.isInteger(size) && size >= 0))) {
    throw shapeMismatch(context, `${formatShape(sizes)} must hold sizes of at least 0`);
  }
}

function repeatElement(element: Dim, shape: readonly number[]): Dim[] | undefined {
  const size = multiplyAll(shape) as number;
  return size <= 64 ? new Array<Dim>(size).fill(element) : undefined;
}

/** The same data in another shape: what is known of the contents stays known. */
function withShape(x: InferredValue, shape: readonly Dim[]): InferredValue {
  if (x.value !== undefined && isConcrete(shape)) {
    return constantValue({ ...x.value, shape } as typeof x.value);
  }
  return inferredValue(x.dtype, shape, elementsOf(x));
}
