import type { Dim } from "../../model/model.js";
import {
  floatsAttribute,
  intsAttribute,
  stringAttribute,
} from "../../operators/node-attributes.js";
import { floorDivideDim, multiplyDims } from "../dim-arithmetic.js";
import { elementsOf, type InferredValue, inferredValue, numbersOf } from "../inferred-value.js";
import {
  invalidNode,
  normalizeAxes,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
} from "../shape-rule.js";

/** `Resize`: by scales or to sizes, on all axes or (opset 18) the named ones. */
export const resize: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const isOld = context.opset < 11;
  const scalesInput = isOld ? inputs[1] : inputs[2];
  const sizesInput = isOld ? undefined : inputs[3];
  const axes = normalizeAxes(
    intsAttribute(context.node, "axes") ?? x.shape.map((_, axis) => axis),
    x.shape.length,
    context,
  );
  const shape = [...x.shape];
  // An empty scales tensor stands for an absent one.
  if (sizesInput !== undefined && !isEmpty(sizesInput)) {
    const sizes = elementsOf(sizesInput);
    checkCount(sizes, axes.length, "sizes", context);
    const fitted = fitAspectRatio(
      axes.map((axis) => shape[axis]!),
      sizes,
      context,
    );
    axes.forEach((axis, i) => {
      shape[axis] = fitted?.[i] ?? null;
    });
  } else {
    if (scalesInput === undefined) throw invalidNode(context, "neither scales nor sizes are given");
    const scales = numbersOf(scalesInput);
    checkCount(scales, axes.length, "scales", context);
    axes.forEach((axis, i) => {
      shape[axis] = scales === undefined ? null : scaleDim(shape[axis]!, scales[i]!, context);
    });
  }
  return [inferredValue(x.dtype, shape)];
};

/** `Upsample`, the older form: scales as an attribute (to opset 8) or the second input. */
export const upsample: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const scales = context.opset < 9 ? floatsAttribute(context.node, "scales") : numbersOf(inputs[1]);
  checkCount(scales, x.shape.length, "scales", context);
  const shape = x.shape.map((dim, axis) =>
    scales === undefined ? null : scaleDim(dim, scales[axis]!, context),
  );
  return [inferredValue(x.dtype, shape)];
};

function isEmpty(value: InferredValue): boolean {
  return value.shape?.length === 1 && value.shape[0] === 0;
}

function checkCount(
  list: readonly unknown[] | undefined,
  count: number,
  what: string,
  context: RuleContext,
): void {
  if (list !== undefined && list.length !== count) {
    throw shapeMismatch(context, `${what} must hold ${count} numbers, got ${list.length}`);
  }
}

// floor(size * scale) in 32-bit floats, as the scales are stored.
function scaleDim(dim: Dim, scale: number, context: RuleContext): Dim {
  if (!(scale > 0) || !Number.isFinite(scale)) {
    throw invalidNode(context, `scales must be positive, got ${scale}`);
  }
  if (typeof dim === "number") return Math.floor(Math.fround(dim * Math.fround(scale)));
  if (Number.isInteger(scale)) return multiplyDims(dim, scale);
  return Number.isInteger(1 / scale) ? floorDivideDim(dim, 1 / scale) : null;
}

function fitAspectRatio(
  from: readonly Dim[],
  sizes: readonly Dim[] | undefined,
  context: RuleContext,
): readonly Dim[] | undefined {
  const policy = stringAttribute(context.node, "keep_aspect_ratio_policy", "stretch");
  if (sizes === undefined || policy === "stretch") return sizes;
  if (![...from, ...sizes].every((dim) => typeof dim === "number")) return undefined;
  const ratios = sizes.map((size, i) => (size as number) / (from[i] as number));
  const ratio = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return from.map((dim) => Math.round(ratio * (dim as number)));
}

/** `GridSample`: the spatial sizes of the grid. */
export const gridSample: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const grid = requiredInput(inputs, 1, context);
  if (x.shape === null || grid.shape === null) return [inferredValue(x.dtype, null)];
  if (grid.shape.length !== x.shape.length || x.shape.length < 3) {
    throw shapeMismatch(context, "input and grid must have the same rank of at least 3");
  }
  return [inferredValue(x.dtype, [x.shape[0]!, x.shape[1]!, ...grid.shape.slice(1, -1)])];
};

/** `AffineGrid`: `[n, d?, h, w, spatial rank]` of the size that the second input holds. */
export const affineGrid: ShapeRule = (inputs, context) => {
  const { dtype } = requiredInput(inputs, 0, context);
  const size = elementsOf(requiredInput(inputs, 1, context));
  if (size === undefined) return [inferredValue(dtype, null)];
  return [inferredValue(dtype, [size[0] ?? null, ...size.slice(2), size.length - 2])];
};
