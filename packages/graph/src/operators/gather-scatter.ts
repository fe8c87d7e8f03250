import { sizeOf, stridesOf, type Tensor } from "@edgewright/core";
import {
  asNumbers,
  isFloat,
  maxBigInt,
  minBigInt,
  packNumbers,
  readNumbers,
} from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { intAttribute, stringAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, readIntegers, requireInput } from "./operator-inputs.js";

/** Operators that read from or write to places that a tensor of indices names. */
export function gatherScatterOperators(): OperatorEntry[] {
  return [
    { opType: "Gather", since: 1, run: runGather },
    { opType: "GatherElements", since: 11, run: runGatherElements },
    { opType: "GatherND", since: 11, run: runGatherNd },
    { opType: "Scatter", since: 9, until: 10, run: runScatterElements },
    { opType: "ScatterElements", since: 11, run: runScatterElements },
    { opType: "ScatterND", since: 11, run: runScatterNd },
  ];
}

// Negative indices count from the end.
function wrapIndex(index: number, size: number, context: OperatorContext): number {
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw shapeError(context, `index ${index} is outside an axis of ${size}`);
  }
  return index < 0 ? index + size : index;
}

const runGather: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const indices = requireInput(inputs, 1, context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context);
  const size = x.shape[axis]!;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const result = allocate(x.dtype, shape, context);
  const positions = readIntegers(indices).map((index) => wrapIndex(index, size, context));
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const source = asNumbers(x.data);
  const out = asNumbers(result.data);
  let next = 0;
  for (let o = 0; o < outer; o++) {
    for (const position of positions) {
      const from = (o * size + position) * inner;
      if (inner === 1) out[next] = source[from]!;
      else out.set(source.subarray(from, from + inner), next);
      next += inner;
    }
  }
  return [result];
};

// Offset in `strides` of element `flat` of `shape`, the position along `axis` replaced.
function elementOffset(
  flat: number,
  shape: readonly number[],
  strides: readonly number[],
  axis: number,
  position: number,
): number {
  let offset = position * strides[axis]!;
  let rest = flat;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    const at = rest % size;
    rest = (rest - at) / size;
    if (i !== axis) offset += at * strides[i]!;
  }
  return offset;
}

function checkElementIndices(
  x: Tensor,
  indices: Tensor,
  axis: number,
  context: OperatorContext,
): void {
  const fits =
    indices.shape.length === x.shape.length &&
    indices.shape.every((size, i) => i === axis || size <= x.shape[i]!);
  if (!fits) {
    throw shapeError(
      context,
      `indices [${indices.shape.join(", ")}] do not fit [${x.shape.join(", ")}]`,
    );
  }
}

const runGatherElements: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const indices = requireInput(inputs, 1, context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context);
  checkElementIndices(x, indices, axis, context);
  const result = allocate(x.dtype, indices.shape, context);
  const strides = stridesOf(x.shape);
  const source = asNumbers(x.data);
  const out = asNumbers(result.data);
  for (let i = 0; i < out.length; i++) {
    const position = wrapIndex(Number(indices.data[i]), x.shape[axis]!, context);
    out[i] = source[elementOffset(i, indices.shape, strides, axis, position)]!;
  }
  return [result];
};

type Combine = (old: number, update: number) => number;

// Numbers, or bigints seen as numbers: `+`, `*` and comparisons mean the same for both.
function readReduction(context: OperatorContext): Combine | undefined {
  const reduction = stringAttribute(context.node, "reduction", "none");
  switch (reduction) {
    case "none":
      return undefined;
    case "add":
      return (old, update) => old + update;
    case "mul":
      return (old, update) => old * update;
    case "max":
      return (old, update) => maxBigInt(old as never, update as never) as never;
    case "min":
      return (old, update) => minBigInt(old as never, update as never) as never;
    default:
      throw invalidNode(context, `reduction "${reduction}" is unknown`);
  }
}

const runScatterElements: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const indices = requireInput(inputs, 1, context);
  const updates = requireInput(inputs, 2, context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context);
  checkElementIndices(x, indices, axis, context);
  if (updates.shape.join() !== indices.shape.join()) {
    throw shapeError(
      context,
      `updates [${updates.shape.join(", ")}] and indices [${indices.shape.join(", ")}] differ`,
    );
  }
  const strides = stridesOf(x.shape);
  return [
    scatter(x, updates, context, (write) => {
      for (let i = 0; i < updates.data.length; i++) {
        const position = wrapIndex(Number(indices.data[i]), x.shape[axis]!, context);
        write(i, elementOffset(i, indices.shape, strides, axis, position), 1);
      }
    }),
  ];
};

type WriteRun = (from: number, to: number, count: number) => void;

function scatter(
  x: Tensor,
  updates: Tensor,
  context: OperatorContext,
  walk: (write: WriteRun) => void,
): Tensor {
  if (updates.dtype !== x.dtype) {
    throw invalidNode(context, `updates are ${updates.dtype}, the input is ${x.dtype}`);
  }
  const combine = readReduction(context);
  const numeric = combine !== undefined && isFloat(x.dtype);
  const out = numeric ? Float64Array.from(readNumbers(x)) : asNumbers(x.data.slice());
  const source = numeric ? readNumbers(updates) : asNumbers(updates.data);
  walk((from, to, count) => {
    for (let k = 0; k < count; k++) {
      out[to + k] =
        combine === undefined ? source[from + k]! : combine(out[to + k]!, source[from + k]!);
    }
  });
  if (numeric) return packNumbers(x.dtype, x.shape, out, context);
  return { dtype: x.dtype, shape: x.shape, data: out as never };
}

const runGatherNd: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const indices = requireInput(inputs, 1, context);
  const batchDims = intAttribute(context.node, "batch_dims", 0);
  const depth = indices.shape.at(-1) ?? 0;
  if (indices.shape.length < 1 || !(batchDims >= 0) || batchDims + depth > x.shape.length) {
    throw shapeError(
      context,
      `indices [${indices.shape.join(", ")}] do not fit [${x.shape.join(", ")}]`,
    );
  }
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(batchDims + depth)];
  const result = allocate(x.dtype, shape, context);
  const inner = sizeOf(x.shape.slice(batchDims + depth));
  const count = sizeOf(indices.shape.slice(0, -1));
  const perBatch = sizeOf(indices.shape.slice(batchDims, -1));
  const batchSize = sizeOf(x.shape.slice(batchDims));
  for (let i = 0; i < count; i++) {
    const batch = Math.floor(i / perBatch);
    const from = batch * batchSize + tupleOffset(x, indices, i, batchDims, context);
    result.data.set(x.data.subarray(from, from + inner) as never, i * inner);
  }
  return [result];
};

// Offset that tuple `tuple` of the last axis of `indices` names, axes before `skip` left out.
function tupleOffset(
  x: Tensor,
  indices: Tensor,
  tuple: number,
  skip: number,
  context: OperatorContext,
): number {
  const depth = indices.shape.at(-1)!;
  let offset = 0;
  let step = sizeOf(x.shape.slice(skip + depth));
  for (let d = depth - 1; d >= 0; d--) {
    const size = x.shape[skip + d]!;
    offset += wrapIndex(Number(indices.data[tuple * depth + d]), size, context) * step;
    step *= size;
  }
  return offset;
}

const runScatterNd: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const indices = requireInput(inputs, 1, context);
  const updates = requireInput(inputs, 2, context);
  const depth = indices.shape.at(-1) ?? 0;
  const expected = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
  if (
    indices.shape.length < 1 ||
    depth > x.shape.length ||
    updates.shape.join() !== expected.join()
  ) {
    throw shapeError(
      context,
      `updates [${updates.shape.join(", ")}] do not fit indices [${indices.shape.join(", ")}] of [${x.shape.join(", ")}]`,
    );
  }
  const inner = sizeOf(x.shape.slice(depth));
  const count = sizeOf(indices.shape.slice(0, -1));
  return [
    scatter(x, updates, context, (write) => {
      for (let i = 0; i < count; i++) {
        write(i * inner, tupleOffset(x, indices, i, 0, context), inner);
      }
    }),
  ];
};
