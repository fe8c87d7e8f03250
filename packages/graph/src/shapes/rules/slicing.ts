import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute } from "../../operators/node-attributes.js";
import { addDims, ceilDivideDim } from "../dim-arithmetic.js";
import {
  elementsOf,
  type InferredValue,
  inferredValue,
  isConcrete,
  numbersOf,
} from "../inferred-value.js";
import { pickElements } from "../pick-elements.js";
import {
  formatShape,
  invalidNode,
  normalizeAxes,
  normalizeAxis,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  shapeMismatch,
  unifyDims,
} from "../shape-rule.js";

/** `Slice`: starts, ends, axes, steps as attributes (to opset 9) or inputs. */
export const slice: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const { node } = context;
  const isOld = context.opset < 10;
  const starts: readonly Dim[] | undefined = isOld
    ? intsAttribute(node, "starts")
    : elementsOf(requiredInput(inputs, 1, context));
  const ends: readonly Dim[] | undefined = isOld
    ? intsAttribute(node, "ends")
    : elementsOf(requiredInput(inputs, 2, context));
  const hasAxes = isOld ? node.attributes.has("axes") : inputs[3] !== undefined;
  const givenAxes = isOld ? intsAttribute(node, "axes") : numbersOf(inputs[3]);
  if (x.shape === null) return [inferredValue(x.dtype, null)];
  const count = starts?.length ?? ends?.length;
  if (isOld && count === undefined) throw invalidNode(context, `"starts" and "ends" are missing`);
  if (count === undefined || (hasAxes && givenAxes === undefined)) {
    // Which axes shrink is not known, or by how much.
    const touched = givenAxes && normalizeAxes(givenAxes, x.shape.length, context);
    return [
      inferredValue(
        x.dtype,
        x.shape.map((dim, axis) => (touched?.includes(axis) === false ? dim : null)),
      ),
    ];
  }
  const axes = normalizeAxes(
    givenAxes ?? Array.from({ length: count }, (_, axis) => axis),
    x.shape.length,
    context,
  );
  const steps: readonly Dim[] =
    isOld || inputs[4] === undefined
      ? new Array<Dim>(count).fill(1)
      : (elementsOf(inputs[4]) ?? new Array<Dim>(count).fill(null));
  const unknown = new Array<Dim>(count).fill(null);
  const [from, to] = [starts ?? unknown, ends ?? unknown];
  if (
    from.length !== count ||
    to.length !== count ||
    axes.length !== count ||
    steps.length !== count
  ) {
    throw shapeMismatch(
      context,
      `starts, ends, axes and steps must be equally long, got ${from.length}, ${to.length}, ${axes.length}, ${steps.length}`,
    );
  }
  const shape = [...x.shape];
  axes.forEach((axis, i) => {
    if (steps[i] === 0) throw invalidNode(context, "a step must not be 0");
    shape[axis] = slicedSize(x.shape![axis]!, from[i]!, to[i]!, steps[i]!);
  });
  const elements = slicedElements(x, shape, axes, from, to, steps);
  return [inferredValue(x.dtype, shape, elements)];
};

function slicedSize(size: Dim, start: Dim, end: Dim, step: Dim): Dim {
  if (typeof start === "number" && typeof end === "number" && typeof step === "number") {
    if (typeof size === "number") {
      const [from, to] = clampRange(size, start, end, step);
      return Math.max(0, Math.ceil((to - from) / step));
    }
    const isFull = start === 0 && end >= 2 ** 31 - 1 && step > 0;
    return isFull ? ceilDivideDim(size, step) : null;
  }
  return start === 0 && end !== null && end === size && step === 1 ? size : null;
}

// Start and end counted from the end where negative, then held inside the axis.
function clampRange(size: number, start: number, end: number, step: number): [number, number] {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  return step > 0
    ? [clamp(from, 0, size), clamp(to, 0, size)]
    : [clamp(from, 0, size - 1), clamp(to, -1, size - 1)];
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function slicedElements(
  x: InferredValue,
  shape: readonly Dim[],
  axes: readonly number[],
  starts: readonly Dim[],
  ends: readonly Dim[],
  steps: readonly Dim[],
): readonly Dim[] | undefined {
  if (![...starts, ...ends, ...steps].every((bound) => typeof bound === "number")) return undefined;
  return pickElements(x, shape, (position) => {
    const source = [...position];
    axes.forEach((axis, i) => {
      const [start, end, step] = [starts[i], ends[i], steps[i]] as [number, number, number];
      const [from] = clampRange(x.shape![axis] as number, start, end, step);
      source[axis] = from + position[axis]! * step;
    });
    return source;
  });
}

/** `Concat` along one axis. */
export const concat: ShapeRule = (inputs, context) => {
  const values = inputs.map((_, i) => requiredInput(inputs, i, context));
  const dtype = values.find((value) => value.dtype !== null)?.dtype ?? null;
  if (values.length === 0) throw invalidNode(context, "there are no inputs");
  const known = values.flatMap((value) => (value.shape === null ? [] : [value.shape]));
  if (known.length < values.length) return [inferredValue(dtype, null)];
  const rank = known[0]!.length;
  if (context.opset >= 4 && !context.node.attributes.has("axis")) {
    throw invalidNode(context, `attribute "axis" is missing`);
  }
  const axis = normalizeAxis(intAttribute(context.node, "axis", 1), rank, context);
  const shape: Dim[] = [...known[0]!];
  for (const next of known.slice(1)) {
    if (next.length !== rank) {
      throw shapeMismatch(context, `inputs differ in rank: ${known.map(formatShape).join(", ")}`);
    }
    for (let i = 0; i < rank; i++) {
      shape[i] =
        i === axis
          ? addDims(shape[i]!, next[i]!)
          : unifyDims(shape[i]!, next[i]!, `sizes of axis ${i}`, context);
    }
  }
  return [inferredValue(dtype, shape, rank === 1 ? concatElements(values) : undefined)];
};

function concatElements(values: readonly InferredValue[]): Dim[] | undefined {
  const result: Dim[] = [];
  for (const value of values) {
    const size = value.shape![0]!;
    const elements =
      elementsOf(value) ??
      // One unknown part must not hide the sizes around it.
      (typeof size === "number" && size <= 16 ? new Array<Dim>(size).fill(null) : undefined);
    if (elements === undefined) return undefined;
    result.push(...elements);
  }
  return result.some((element) => element !== null) ? result : undefined;
}

/** `Split` into given or equal parts. */
export const split: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const { node } = context;
  const count = node.outputs.length;
  if (x.shape === null) return new Array<InferredValue>(count).fill(inferredValue(x.dtype, null));
  const axis = normalizeAxis(intAttribute(node, "axis", 0), x.shape.length, context);
  const size = x.shape[axis]!;
  const given: readonly Dim[] | undefined =
    context.opset < 13
      ? intsAttribute(node, "split")
      : inputs[1] && (elementsOf(inputs[1]) ?? new Array<Dim>(count).fill(null));
  const parts = given ?? equalParts(size, count, context);
  if (parts.length < count) {
    throw shapeMismatch(context, `${parts.length} parts are given for ${count} outputs`);
  }
  if (isConcrete(parts) && typeof size === "number") {
    const total = parts.reduce((sum, part) => sum + part, 0);
    if (total !== size || parts.some((part) => part < 0)) {
      throw shapeMismatch(context, `parts [${parts.join(", ")}] do not add up to ${size}`);
    }
  }
  const elements = x.shape.length === 1 && isConcrete(parts) ? elementsOf(x) : undefined;
  let begin = 0;
  return node.outputs.map((_, i) => {
    const shape = x.shape!.map((dim, index) => (index === axis ? parts[i]! : dim));
    const part = elements?.slice(begin, begin + (parts[i] as number));
    begin += typeof parts[i] === "number" ? parts[i] : 0;
    return inferredValue(x.dtype, shape, part);
  });
};

// From opset 18 on the last part may be smaller.
function equalParts(size: Dim, count: number, context: RuleContext): Dim[] {
  const parts = intAttribute(context.node, "num_outputs", count);
  if (typeof size !== "number") {
    const isExact = context.opset < 18;
    return new Array<Dim>(count).fill(isExact ? ceilDivideDim(size, parts) : null);
  }
  if (context.opset < 18 && size % parts !== 0) {
    throw shapeMismatch(context, `axis of size ${size} does not split into ${parts} equal parts`);
  }
  const part = Math.ceil(size / parts);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, size - i * part)));
}
