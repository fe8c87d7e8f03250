import { bytesPerElement, sizeOf } from "@edgewright/core";
import { planCopy, planTranspose } from "@edgewright/kernels";
import { intAttribute, intsAttribute } from "../operators/node-attributes.js";
import {
  isFreePermutation,
  type Layout,
  memoryAxis,
  memoryOrder,
  memoryShape,
} from "../planning/layout.js";
import { preferredLayout } from "./elementwise.js";
import {
  denseStrides,
  type LoweredValue,
  type LoweringRequest,
  type LoweringRule,
} from "./lowering.js";

/** `Transpose`: no work at all where the new order of axes is one that the memory already has. */
export const lowerTranspose: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const x = inputs[0];
  const y = outputs[0]!;
  if (!x) return null;
  const rank = x.shape.length;
  const permutation =
    intsAttribute(node, "perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const layouts: Layout[] = rank < 3 ? ["row-major"] : ["row-major", "channels-last"];
  const sources = layouts.filter((layout) => x.has(layout));
  for (const from of sources) {
    for (const to of layouts) {
      const { shape, order } = memoryPermutation(x.shape, permutation, from, to);
      if (!isFreePermutation(shape, order)) continue;
      return {
        inputs: [from],
        outputs: [to],
        alias: { input: 0, offset: 0 },
        plan: () => [],
      };
    }
  }
  const from = sources[0] ?? "row-major";
  const { shape, order } = memoryPermutation(x.shape, permutation, from, "row-major");
  return {
    inputs: [from],
    outputs: ["row-major"],
    plan: (at) =>
      planTranspose(kernels, {
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        shape,
        perm: order,
        bytes: elementBytes(y),
      }),
  };
};

/** A permutation of logical axes as one of the axes in memory. */
function memoryPermutation(
  shape: readonly number[],
  permutation: readonly number[],
  from: Layout,
  to: Layout,
): { shape: number[]; order: number[] } {
  const source = memoryOrder(shape.length, from);
  const target = memoryOrder(shape.length, to).map((axis) => permutation[axis]!);
  return {
    shape: memoryShape(shape, from),
    order: target.map((axis) => source.indexOf(axis)),
  };
}

/** `Concat`: one copy of runs for each operand. */
export const lowerConcat: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const y = outputs[0]!;
  const operands = inputs.filter((input) => input !== undefined);
  if (operands.length !== inputs.length || operands.length === 0) return null;
  const rank = y.shape.length;
  const layout: Layout = operands.some(
    (x) => x.constant === undefined && x.shape.length >= 3 && !x.has("row-major"),
  )
    ? "channels-last"
    : "row-major";
  const given = intAttribute(node, "axis", 1);
  const axis = memoryAxis(given < 0 ? given + rank : given, rank, layout);
  const bytes = elementBytes(y);
  const shapes = operands.map((x) => memoryShape(x.shape, layout));
  const target = memoryShape(y.shape, layout);
  const inner = sizeOf(target.slice(axis + 1));
  const outer = sizeOf(target.slice(0, axis));
  const pitch = target[axis]! * inner;
  return {
    inputs: operands.map(() => layout),
    outputs: [layout],
    plan: (at) => {
      let offset = 0;
      return shapes.flatMap((shape, i) => {
        const run = shape[axis]! * inner;
        if (run * outer === 0) return [];
        const plan = planCopy(kernels, {
          x: at.inputs[i]!,
          y: at.outputs[0]! + offset * bytes,
          shape: [outer, run],
          xStrides: [run, 1],
          yStrides: [pitch, 1],
          bytes,
        });
        offset += run;
        return [plan];
      });
    },
  };
};

/** `Slice` with constant bounds: a view where the slice is one run of memory, a strided copy otherwise. */
export const lowerSlice: LoweringRule = (request) => {
  const { inputs, outputs, kernels } = request;
  const x = inputs[0];
  const y = outputs[0]!;
  if (!x) return null;
  const bounds = readSlices(request);
  if (bounds === undefined) return null;
  const { starts, steps } = bounds;
  const layout = preferredLayout(x);
  const order = memoryOrder(x.shape.length, layout);
  const source = memoryShape(x.shape, layout);
  const target = memoryShape(y.shape, layout);
  const strides = denseStrides(source);
  const offset = order.reduce((sum, axis, i) => sum + starts[axis]! * strides[i]!, 0);
  const bytes = elementBytes(y);
  const rest = inputs.slice(1).map(() => null);
  // Whole from the first axis that is not single: everything behind lies together.
  const first = target.findIndex((size) => size !== 1);
  const isRun =
    first < 0 ||
    target.every(
      (size, i) => i < first || (i === first ? steps[order[i]!] === 1 : size === source[i]),
    );
  if (isRun && (offset * bytes) % 16 === 0) {
    return {
      inputs: [layout, ...rest],
      outputs: [layout],
      alias: { input: 0, offset: offset * bytes },
      plan: () => [],
    };
  }
  return {
    inputs: [layout, ...rest],
    outputs: [layout],
    plan: (at) =>
      planCopy(kernels, {
        x: at.inputs[0]! + offset * bytes,
        y: at.outputs[0]!,
        shape: target,
        xStrides: strides.map((stride, i) => stride * steps[order[i]!]!),
        bytes,
      }),
  };
};

/** First index and step along every axis. */
function readSlices({
  node,
  inputs,
}: LoweringRequest): { starts: number[]; steps: number[] } | undefined {
  const { shape } = inputs[0]!;
  const list = (position: number, name: string): number[] | undefined => {
    const input = inputs[position];
    if (input === undefined) return intsAttribute(node, name);
    if (input.constant === undefined) return undefined;
    return Array.from(input.constant.data as ArrayLike<number>, Number);
  };
  if (inputs.slice(1).some((input) => input !== undefined && input.constant === undefined)) {
    return undefined;
  }
  const given = list(1, "starts");
  if (given === undefined) return undefined;
  const axes = list(3, "axes") ?? given.map((_, i) => i);
  const givenSteps = list(4, "steps") ?? given.map(() => 1);
  const starts = shape.map(() => 0);
  const steps = shape.map(() => 1);
  for (const [i, raw] of axes.entries()) {
    const axis = raw < 0 ? raw + shape.length : raw;
    const size = shape[axis]!;
    const step = givenSteps[i]!;
    const start = given[i]! < 0 ? given[i]! + size : given[i]!;
    starts[axis] = Math.min(Math.max(start, 0), step > 0 ? size : size - 1);
    steps[axis] = step;
  }
  return { starts, steps };
}

/** `Gather` of one constant index along an axis: a view where what is taken is one run of memory. */
export const lowerGather: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const [x, indices] = inputs;
  const y = outputs[0]!;
  if (!x || indices?.constant?.data.length !== 1) return null;
  const given = intAttribute(node, "axis", 0);
  const axis = given < 0 ? given + x.shape.length : given;
  const size = x.shape[axis]!;
  const raw = Number(indices.constant.data[0]);
  const index = raw < 0 ? raw + size : raw;
  if (!(index >= 0 && index < size)) return null;
  const bytes = elementBytes(y);
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const offset = index * inner * bytes;
  const layouts = { inputs: ["row-major", null], outputs: ["row-major"] } as const;
  if (outer === 1 && offset % 16 === 0) {
    return { ...layouts, alias: { input: 0, offset }, plan: () => [] };
  }
  return {
    ...layouts,
    plan: (at) =>
      planCopy(kernels, {
        x: at.inputs[0]! + offset,
        y: at.outputs[0]!,
        shape: [outer, inner],
        xStrides: [size * inner, 1],
        bytes,
      }),
  };
};

/** `Expand`: a copy that repeats single axes. */
export const lowerExpand: LoweringRule = ({ inputs, outputs, kernels }) => {
  const x = inputs[0];
  const y = outputs[0]!;
  if (!x) return null;
  const missing = y.shape.length - x.shape.length;
  const own = denseStrides(x.shape);
  const xStrides = y.shape.map((size, axis) =>
    axis < missing || (x.shape[axis - missing] === 1 && size !== 1) ? 0 : own[axis - missing]!,
  );
  return {
    inputs: ["row-major", null],
    outputs: ["row-major"],
    plan: (at) =>
      planCopy(kernels, {
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        shape: y.shape,
        xStrides,
        bytes: elementBytes(y),
      }),
  };
};

function elementBytes({ dtype }: LoweredValue): 1 | 2 | 4 | 8 {
  return bytesPerElement(dtype) as 1 | 2 | 4 | 8;
}
