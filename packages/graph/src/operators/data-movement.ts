import { broadcastStrides, sizeOf, stridesOf, type Tensor } from "@edgewright/core";
import { broadcastShape } from "./broadcasting.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { intAttribute, intsAttribute, stringAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, readIntegers, requireInput } from "./operator-inputs.js";
import { copyStrided } from "./strided-copy.js";

/** Operators that copy elements to other places: transpose, concatenate, split, slice, repeat. */
export function dataMovementOperators(): OperatorEntry[] {
  return [
    { opType: "Concat", since: 4, run: runConcat },
    { opType: "DepthToSpace", since: 1, run: runDepthToSpace },
    { opType: "Expand", since: 8, run: runExpand },
    { opType: "ReverseSequence", since: 10, run: runReverseSequence },
    { opType: "Slice", since: 1, run: runSlice },
    { opType: "SpaceToDepth", since: 1, run: runSpaceToDepth },
    { opType: "Split", since: 2, run: runSplit },
    { opType: "Tile", since: 6, run: runTile },
    { opType: "Transpose", since: 1, run: runTranspose },
  ];
}

/** Reorders axes: axis `i` of the result is axis `order[i]` of `x`. */
export function transposeTensor(
  x: Tensor,
  order: readonly number[],
  context: OperatorContext,
): Tensor {
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]!);
  const result = allocate(x.dtype, shape, context);
  copyStrided(
    shape,
    { data: x.data, strides: order.map((axis) => strides[axis]!) },
    { data: result.data, strides: stridesOf(shape) },
  );
  return result;
}

const runTranspose: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const rank = x.shape.length;
  const order = intsAttribute(context.node, "perm") ?? x.shape.map((_, i) => rank - 1 - i);
  if (
    order.length !== rank ||
    new Set(order).size !== rank ||
    order.some((a) => !(a >= 0 && a < rank))
  ) {
    throw shapeError(context, `perm [${order.join(", ")}] is no permutation of ${rank} axes`);
  }
  return [transposeTensor(x, order, context)];
};

const runConcat: HostOperator = (inputs, context) => {
  const parts = inputs.map((_, i) => requireInput(inputs, i, context));
  const first = requireInput(inputs, 0, context);
  const rank = first.shape.length;
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), rank, context);
  for (const part of parts) {
    const fits =
      part.shape.length === rank && part.shape.every((n, i) => i === axis || n === first.shape[i]);
    if (!fits || part.dtype !== first.dtype) {
      throw shapeError(
        context,
        `inputs differ beside axis ${axis}: ${first.dtype} [${first.shape.join(", ")}] and ${part.dtype} [${part.shape.join(", ")}]`,
      );
    }
  }
  const shape = first.shape.slice();
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const result = allocate(first.dtype, shape, context);
  const outer = sizeOf(shape.slice(0, axis));
  const rowLength = sizeOf(shape.slice(axis));
  let start = 0;
  for (const part of parts) {
    const length = sizeOf(part.shape.slice(axis));
    for (let o = 0; o < outer; o++) {
      const row = part.data.subarray(o * length, (o + 1) * length);
      result.data.set(row as never, o * rowLength + start);
    }
    start += length;
  }
  return [result];
};

const runSplit: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context);
  const size = x.shape[axis]!;
  const sizes = splitSizes(inputs, size, context);
  if (sizes.some((n) => n < 0) || sizes.reduce((sum, n) => sum + n, 0) !== size) {
    throw shapeError(context, `parts [${sizes.join(", ")}] do not add up to ${size}`);
  }
  const outer = sizeOf(x.shape.slice(0, axis));
  const inner = sizeOf(x.shape.slice(axis + 1));
  let start = 0;
  return sizes.map((length) => {
    const shape = x.shape.slice();
    shape[axis] = length;
    const part = allocate(x.dtype, shape, context);
    for (let o = 0; o < outer; o++) {
      const from = (o * size + start) * inner;
      part.data.set(x.data.subarray(from, from + length * inner) as never, o * length * inner);
    }
    start += length;
    return part;
  });
};

function splitSizes(
  inputs: readonly (Tensor | null)[],
  size: number,
  context: OperatorContext,
): number[] {
  const given =
    context.opset < 13
      ? intsAttribute(context.node, "split")
      : inputs[1]
        ? readIntegers(inputs[1])
        : undefined;
  if (given !== undefined) return given;
  const count = intAttribute(context.node, "num_outputs", context.outputCount);
  if (!(count >= 1 && count <= Math.max(size, context.outputCount))) {
    throw invalidNode(context, `splits ${size} elements into ${count} parts`);
  }
  // From version 18 on the last part may be smaller; before, sizes had to divide.
  const length = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(length, size - i * length)));
}

const runSlice: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const rank = x.shape.length;
  const { starts, ends, axes, steps } = sliceArguments(inputs, context);
  const shape = x.shape.slice();
  const strides = stridesOf(x.shape);
  let offset = 0;
  const seen = new Set<number>();
  for (const [i, givenAxis] of axes.entries()) {
    const axis = normalizeAxis(givenAxis, rank, context);
    if (seen.has(axis)) throw shapeError(context, `axis ${axis} is sliced twice`);
    seen.add(axis);
    const size = x.shape[axis]!;
    const step = steps[i] ?? 1;
    if (step === 0) throw shapeError(context, `step of axis ${axis} is 0`);
    // A step beyond the axis takes one element; clamped, as strides must stay exact numbers.
    const bounded = Math.max(-size - 1, Math.min(size + 1, step));
    const low = step > 0 ? 0 : -1;
    const high = step > 0 ? size : size - 1;
    const clamp = (position: number): number =>
      Math.max(low, Math.min(high, position < 0 ? position + size : position));
    const start = clamp(starts[i]!);
    const end = clamp(ends[i]!);
    shape[axis] = Math.max(0, Math.ceil((end - start) / bounded));
    offset += start * strides[axis]!;
    strides[axis] = strides[axis]! * bounded;
  }
  const result = allocate(x.dtype, shape, context);
  copyStrided(
    shape,
    { data: x.data, offset, strides },
    { data: result.data, strides: stridesOf(shape) },
  );
  return [result];
};

interface SliceArguments {
  starts: number[];
  ends: number[];
  axes: number[];
  steps: number[];
}

// Attributes before version 10, inputs since.
function sliceArguments(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): SliceArguments {
  const fromInput = context.opset >= 10;
  const read = (name: string, index: number): number[] | undefined => {
    if (!fromInput) return intsAttribute(context.node, name);
    const input = inputs[index];
    return input ? readIntegers(input) : undefined;
  };
  const starts = read("starts", 1);
  const ends = read("ends", 2);
  if (starts === undefined || ends === undefined) {
    throw invalidNode(context, "needs starts and ends");
  }
  const axes = read("axes", 3) ?? starts.map((_, i) => i);
  const steps = (fromInput ? read("steps", 4) : undefined) ?? starts.map(() => 1);
  if (
    ends.length !== starts.length ||
    axes.length !== starts.length ||
    steps.length !== starts.length
  ) {
    throw shapeError(
      context,
      `starts, ends, axes and steps have lengths ${starts.length}, ${ends.length}, ${axes.length} and ${steps.length}`,
    );
  }
  return { starts, ends, axes, steps };
}

const runExpand: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const shape = broadcastShape([x.shape, readIntegers(requireInput(inputs, 1, context))], context);
  const result = allocate(x.dtype, shape, context);
  copyStrided(
    shape,
    { data: x.data, strides: broadcastStrides(x.shape, shape) },
    { data: result.data, strides: stridesOf(shape) },
  );
  return [result];
};

const runTile: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const repeats = readIntegers(requireInput(inputs, 1, context));
  if (repeats.length !== x.shape.length || repeats.some((n) => n < 0)) {
    throw shapeError(context, `repeats [${repeats.join(", ")}] do not fit ${x.shape.length} axes`);
  }
  const result = allocate(
    x.dtype,
    x.shape.map((n, i) => n * repeats[i]!),
    context,
  );
  // Two axes for each: which copy, and where inside the copy.
  const strides = stridesOf(x.shape);
  const outStrides = stridesOf(result.shape);
  copyStrided(
    x.shape.flatMap((n, i) => [repeats[i]!, n]),
    { data: x.data, strides: strides.flatMap((s) => [0, s]) },
    { data: result.data, strides: outStrides.flatMap((s, i) => [s * x.shape[i]!, s]) },
  );
  return [result];
};

const runDepthToSpace: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const [n, c, h, w] = imageShape(x, context);
  const block = blockSize(context);
  const depth = c / (block * block);
  if (!Number.isInteger(depth)) {
    throw shapeError(context, `${c} channels do not divide by ${block} x ${block}`);
  }
  const mode = blockMode(context);
  const [split, order] =
    mode === "DCR"
      ? [
          [n, block, block, depth, h, w],
          [0, 3, 4, 1, 5, 2],
        ]
      : [
          [n, depth, block, block, h, w],
          [0, 1, 4, 2, 5, 3],
        ];
  const moved = transposeTensor({ ...x, shape: split! }, order!, context);
  return [{ ...moved, shape: [n, depth, h * block, w * block] }];
};

const runSpaceToDepth: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const [n, c, h, w] = imageShape(x, context);
  const block = blockSize(context);
  const [rows, columns] = [h / block, w / block];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw shapeError(context, `${h} x ${w} pixels do not divide by ${block}`);
  }
  const split = [n, c, rows, block, columns, block];
  const order = blockMode(context) === "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  const moved = transposeTensor({ ...x, shape: split }, order, context);
  return [{ ...moved, shape: [n, c * block * block, rows, columns] }];
};

// Depth outside or inside the block's columns and rows; `SpaceToDepth` has had the choice since 26.
function blockMode(context: OperatorContext): "DCR" | "CRD" {
  const mode = stringAttribute(context.node, "mode", "DCR");
  if (mode === "DCR" || mode === "CRD") return mode;
  throw invalidNode(context, `mode is DCR or CRD, got ${mode}`);
}

function blockSize(context: OperatorContext): number {
  const block = intAttribute(context.node, "blocksize", 0);
  if (!(block >= 1)) throw invalidNode(context, `blocksize must be positive, got ${block}`);
  return block;
}

function imageShape(x: Tensor, context: OperatorContext): [number, number, number, number] {
  if (x.shape.length !== 4) {
    throw shapeError(context, `takes [n, c, h, w], got [${x.shape.join(", ")}]`);
  }
  return x.shape as unknown as [number, number, number, number];
}

const runReverseSequence: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const lengths = readIntegers(requireInput(inputs, 1, context));
  const rank = x.shape.length;
  const batchAxis = normalizeAxis(intAttribute(context.node, "batch_axis", 1), rank, context);
  const timeAxis = normalizeAxis(intAttribute(context.node, "time_axis", 0), rank, context);
  const batches = x.shape[batchAxis]!;
  const times = x.shape[timeAxis]!;
  if (
    batchAxis === timeAxis ||
    lengths.length !== batches ||
    lengths.some((n) => n < 0 || n > times)
  ) {
    throw shapeError(context, `lengths [${lengths.join(", ")}] do not fit [${x.shape.join(", ")}]`);
  }
  const strides = stridesOf(x.shape);
  const rest = x.shape.slice();
  rest[batchAxis] = 1;
  const result = allocate(x.dtype, x.shape, context);
  const backwards = strides.map((s, axis) => (axis === timeAxis ? -s : s));
  for (let b = 0; b < batches; b++) {
    const offset = b * strides[batchAxis]!;
    const length = lengths[b]!;
    const reversed = rest.slice();
    reversed[timeAxis] = length;
    const last = offset + Math.max(0, length - 1) * strides[timeAxis]!;
    copyStrided(
      reversed,
      { data: x.data, offset: last, strides: backwards },
      { data: result.data, offset, strides },
    );
    const kept = rest.slice();
    kept[timeAxis] = times - length;
    const from = offset + length * strides[timeAxis]!;
    copyStrided(
      kept,
      { data: x.data, offset: from, strides },
      { data: result.data, offset: from, strides },
    );
  }
  return [result];
};
