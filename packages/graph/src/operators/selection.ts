import { sizeOf, type Tensor } from "@edgewright/core";
import { castTensor } from "./casting.js";
import { lineStarts } from "./cumulative-sum.js";
import { asNumbers, isFloat, readNumbers } from "./element-values.js";
import { type HostOperator, invalidNode, type OperatorEntry, shapeError } from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import {
  allocate,
  normalizeAxis,
  readIntegers,
  readScalar,
  requireInput,
} from "./operator-inputs.js";

/** Operators that pick, mark or order elements by their value or their place. */
export function selectionOperators(): OperatorEntry[] {
  return [
    { opType: "Compress", since: 9, run: runCompress },
    { opType: "NonZero", since: 9, run: runNonZero },
    { opType: "OneHot", since: 9, run: runOneHot },
    { opType: "TopK", since: 1, run: runTopK },
    { opType: "Trilu", since: 14, run: runTrilu },
  ];
}

/** Elements that compare by value: 16-bit floats decoded, everything else as it is. */
export function comparableValues(x: Tensor): { readonly [i: number]: number } {
  return isFloat(x.dtype) ? readNumbers(x) : asNumbers(x.data);
}

const runCompress: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const condition = readIntegers(requireInput(inputs, 1, context));
  const axisGiven = context.node.attributes.has("axis");
  const axis = axisGiven
    ? normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context)
    : 0;
  const shape = axisGiven ? x.shape : [x.data.length];
  const size = shape[axis]!;
  const kept = condition.slice(0, size).flatMap((flag, i) => (flag ? [i] : []));
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const result = allocate(
    x.dtype,
    shape.map((n, i) => (i === axis ? kept.length : n)),
    context,
  );
  for (let o = 0; o < outer; o++) {
    for (const [k, i] of kept.entries()) {
      const from = (o * size + i) * inner;
      result.data.set(x.data.subarray(from, from + inner) as never, (o * kept.length + k) * inner);
    }
  }
  return [result];
};

const runNonZero: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const values = readNumbers(x);
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) found.push(i);
  // The standard takes scalars as one-element vectors here.
  const shape = x.shape.length === 0 ? [1] : x.shape;
  const result = allocate("i64", [shape.length, found.length], context);
  for (const [column, flat] of found.entries()) {
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = rest % shape[axis]!;
      rest = (rest - at) / shape[axis]!;
      result.data[axis * found.length + column] = BigInt(at);
    }
  }
  return [result];
};

const runOneHot: HostOperator = (inputs, context) => {
  const indices = requireInput(inputs, 0, context);
  const depthInput = castTensor(requireInput(inputs, 1, context), "f64", context);
  const depth = Math.trunc(readScalar(depthInput, "the depth", context));
  const choices = requireInput(inputs, 2, context);
  if (choices.data.length !== 2 || !(depth >= 1)) {
    throw invalidNode(
      context,
      `needs [off, on] and a positive depth, got ${choices.data.length} values and ${depth}`,
    );
  }
  const rank = indices.shape.length + 1;
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), rank, context);
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)];
  const result = allocate(choices.dtype, shape, context);
  const [off, on] = asNumbers(choices.data) as unknown as [number, number];
  const out = asNumbers(result.data);
  out.fill(off);
  const inner = sizeOf(indices.shape.slice(axis));
  const positions = readNumbers(indices);
  for (let i = 0; i < positions.length; i++) {
    const index = Math.trunc(positions[i]!);
    const wrapped = index < 0 ? index + depth : index;
    // Out-of-range indices mark nothing.
    if (wrapped < 0 || wrapped >= depth) continue;
    const outer = Math.floor(i / inner);
    out[(outer * depth + wrapped) * inner + (i % inner)] = on;
  }
  return [result];
};

// Number of elements: an attribute before version 10, an input since.
const runTopK: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const k =
    context.opset < 10
      ? intAttribute(context.node, "k", 0)
      : readScalar(requireInput(inputs, 1, context), "k", context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), x.shape.length, context);
  const length = x.shape[axis]!;
  if (!(k >= 0 && k <= length)) throw shapeError(context, `k is ${k}, the axis has ${length}`);
  const largest = intAttribute(context.node, "largest", 1) !== 0;
  const shape = x.shape.map((n, i) => (i === axis ? k : n));
  const values = allocate(x.dtype, shape, context);
  const indices = allocate("i64", shape, context);
  const inner = sizeOf(x.shape.slice(axis + 1));
  const compare = comparableValues(x);
  const source = asNumbers(x.data);
  const out = asNumbers(values.data);
  for (const start of lineStarts(x.data.length, length, inner)) {
    const order = Array.from({ length }, (_, i) => i);
    order.sort((a, b) => {
      const [u, v] = [compare[start + a * inner]!, compare[start + b * inner]!];
      if (u === v) return a - b;
      return u > v === largest ? -1 : 1;
    });
    const row = Math.floor(start / (length * inner));
    const target = row * k * inner + (start % inner);
    for (let i = 0; i < k; i++) {
      out[target + i * inner] = source[start + order[i]! * inner]!;
      indices.data[target + i * inner] = BigInt(order[i]!);
    }
  }
  return [values, indices];
};

const runTrilu: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const shift = inputs[1] ? readScalar(inputs[1], "k", context) : 0;
  const upper = intAttribute(context.node, "upper", 1) !== 0;
  const [rows, columns] = x.shape.slice(-2);
  if (rows === undefined || columns === undefined) throw shapeError(context, "takes matrices");
  const result = allocate(x.dtype, x.shape, context);
  const source = asNumbers(x.data);
  const out = asNumbers(result.data);
  for (let i = 0; i < source.length; i++) {
    const column = i % columns;
    const row = Math.floor(i / columns) % rows;
    if (upper ? column - row >= shift : column - row <= shift) out[i] = source[i]!;
  }
  return [result];
};
