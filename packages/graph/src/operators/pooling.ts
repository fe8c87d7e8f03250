import { sizeOf, stridesOf, type Tensor } from "@edgewright/core";
import { asNumbers, isFloat, packNumbers, readNumbers } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import { intAttribute, intsAttribute } from "./node-attributes.js";
import { allocate, readIntegers, requireInput } from "./operator-inputs.js";
import {
  forEachTap,
  outputSizes,
  readSlidingWindow,
  type SlidingWindow,
} from "./sliding-window.js";

/** Average, maximum and p-norm pooling, local and global, and the inverse of maximum pooling. */
export function poolingOperators(): OperatorEntry[] {
  return [
    { opType: "AveragePool", since: 7, run: runAveragePool },
    { opType: "GlobalAveragePool", since: 1, run: globalPool((sum, count) => sum / count) },
    { opType: "GlobalLpPool", since: 2, run: runGlobalLpPool },
    { opType: "GlobalMaxPool", since: 1, run: runGlobalMaxPool },
    { opType: "LpPool", since: 2, run: runLpPool },
    { opType: "MaxPool", since: 1, run: runMaxPool },
    { opType: "MaxUnpool", since: 9, run: runMaxUnpool },
  ];
}

interface Pool {
  x: Tensor;
  window: SlidingWindow;
  /** Images times channels. */
  planes: number;
  inputPlane: number;
  outputPlane: number;
  shape: number[];
}

function readPool(inputs: readonly (Tensor | null)[], context: OperatorContext): Pool {
  const x = requireInput(inputs, 0, context);
  requireSpatial(x, context);
  const kernel = intsAttribute(context.node, "kernel_shape");
  if (kernel === undefined) throw invalidNode(context, "attribute kernel_shape is missing");
  const window = readSlidingWindow(x.shape.slice(2), kernel, context);
  return {
    x,
    window,
    planes: x.shape[0]! * x.shape[1]!,
    inputPlane: sizeOf(window.input),
    outputPlane: sizeOf(window.output),
    shape: [x.shape[0]!, x.shape[1]!, ...outputSizes(window)],
  };
}

function requireSpatial(x: Tensor, context: OperatorContext): void {
  if (x.shape.length < 3) {
    throw shapeError(context, `takes [n, c, ...], got [${x.shape.join(", ")}]`);
  }
}

function requireFloats(x: Tensor, context: OperatorContext): void {
  if (!isFloat(x.dtype)) throw unsupportedNode(context, `works on floats, got ${x.dtype}`);
}

const runAveragePool: HostOperator = (inputs, context) => {
  const pool = readPool(inputs, context);
  requireFloats(pool.x, context);
  const includePad = intAttribute(context.node, "count_include_pad", 0) !== 0;
  const sums = sumWindows(pool, (value) => value, context);
  const counts = includePad ? paddedCounts(pool.window) : countTaps(pool.window);
  for (let i = 0; i < sums.length; i++) sums[i]! /= counts[i % pool.outputPlane]!;
  return [packNumbers(pool.x.dtype, pool.shape, sums, context)];
};

const runLpPool: HostOperator = (inputs, context) => {
  const pool = readPool(inputs, context);
  requireFloats(pool.x, context);
  const p = intAttribute(context.node, "p", 2);
  const sums = sumWindows(pool, (value) => Math.abs(value) ** p, context);
  for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! ** (1 / p);
  return [packNumbers(pool.x.dtype, pool.shape, sums, context)];
};

function sumWindows(
  pool: Pool,
  compute: (value: number) => number,
  context: OperatorContext,
): Float64Array {
  const sums = allocate("f64", pool.shape, context).data;
  const source = readNumbers(pool.x);
  const step = pool.window.strides[2];
  for (let plane = 0; plane < pool.planes; plane++) {
    const from = plane * pool.inputPlane;
    const to = plane * pool.outputPlane;
    forEachTap(pool.window, (_tap, inputStart, outputStart, count) => {
      let i = from + inputStart;
      const o = to + outputStart;
      for (let k = 0; k < count; k++, i += step) sums[o + k]! += compute(source[i]!);
    });
  }
  return sums;
}

function countTaps(window: SlidingWindow): Float64Array {
  const counts = new Float64Array(sizeOf(window.output));
  forEachTap(window, (_tap, _inputStart, outputStart, count) => {
    for (let k = outputStart; k < outputStart + count; k++) counts[k]!++;
  });
  return counts;
}

// Padding counts; what rounding the output up lets hang over behind it does not.
function paddedCounts(window: SlidingWindow): Float64Array {
  const { input, begin, end } = window;
  return countTaps({
    ...window,
    input: [
      input[0] + begin[0] + end[0],
      input[1] + begin[1] + end[1],
      input[2] + begin[2] + end[2],
    ],
    begin: [0, 0, 0],
  });
}

const runMaxPool: HostOperator = (inputs, context) => {
  const pool = readPool(inputs, context);
  const { x, window, inputPlane, outputPlane } = pool;
  const result = allocate(x.dtype, pool.shape, context);
  const winners = new Int32Array(result.data.length).fill(-1);
  // 16-bit floats are compared as numbers, and copied as they are.
  const values = isFloat(x.dtype) ? readNumbers(x) : asNumbers(x.data);
  const step = window.strides[2];
  for (let plane = 0; plane < pool.planes; plane++) {
    const from = plane * inputPlane;
    const to = plane * outputPlane;
    forEachTap(window, (_tap, inputStart, outputStart, count) => {
      let i = from + inputStart;
      for (let o = to + outputStart; o < to + outputStart + count; o++, i += step) {
        const best = winners[o]!;
        if (best < 0 || values[i]! > values[best]! || Number.isNaN(values[i])) winners[o] = i;
      }
    });
  }
  const source = asNumbers(x.data);
  const out = asNumbers(result.data);
  for (let o = 0; o < out.length; o++) {
    if (winners[o]! < 0) throw shapeError(context, "a window lies in the padding altogether");
    out[o] = source[winners[o]!]!;
  }
  if (context.outputCount < 2) return [result];
  return [result, winnerIndices(winners, pool, context)];
};

// Indices into the whole input; with storage_order 1 the spatial axes count column by column.
function winnerIndices(winners: Int32Array, pool: Pool, context: OperatorContext): Tensor {
  const columnMajor = intAttribute(context.node, "storage_order", 0) !== 0;
  const result = allocate("i64", pool.shape, context);
  const spatial = pool.x.shape.slice(2);
  const strides = stridesOf(spatial);
  for (let o = 0; o < winners.length; o++) {
    let index = winners[o]!;
    if (columnMajor) {
      const inPlane = index % pool.inputPlane;
      let step = 1;
      index -= inPlane;
      for (const [axis, size] of spatial.entries()) {
        index += (Math.floor(inPlane / strides[axis]!) % size) * step;
        step *= size;
      }
    }
    result.data[o] = BigInt(index);
  }
  return result;
}

const runMaxUnpool: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const indices = requireInput(inputs, 1, context);
  requireSpatial(x, context);
  const rank = x.shape.length - 2;
  const kernel = intsAttribute(context.node, "kernel_shape") ?? [];
  const strides = intsAttribute(context.node, "strides") ?? kernel.map(() => 1);
  const pads = intsAttribute(context.node, "pads") ?? new Array<number>(2 * rank).fill(0);
  if (kernel.length !== rank || strides.length !== rank || indices.data.length !== x.data.length) {
    throw shapeError(context, `kernel, strides or indices do not fit [${x.shape.join(", ")}]`);
  }
  const inferred = x.shape.map((size, axis) => {
    const i = axis - 2;
    if (i < 0) return size;
    return (size - 1) * strides[i]! - pads[i]! - pads[rank + i]! + kernel[i]!;
  });
  const shape = inputs[2] ? readIntegers(inputs[2]) : inferred;
  const result = allocate(x.dtype, shape, context);
  // Indices count in the shape that the attributes give, whatever the result's shape.
  const from = stridesOf(inferred);
  const to = stridesOf(shape);
  const source = asNumbers(x.data);
  const out = asNumbers(result.data);
  for (let k = 0; k < source.length; k++) {
    const index = Number(indices.data[k]);
    let target = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      target += (Math.floor(index / from[axis]!) % inferred[axis]!) * to[axis]!;
    }
    if (!(target >= 0 && target < out.length)) {
      throw shapeError(context, `index ${index} is outside [${shape.join(", ")}]`);
    }
    out[target] = source[k]!;
  }
  return [result];
};

function globalPool(finish: (sum: number, count: number) => number): HostOperator {
  return (inputs, context) => [
    reducePlanes(inputs, context, (values, start, count) => {
      let sum = 0;
      for (let i = start; i < start + count; i++) sum += values[i]!;
      return finish(sum, count);
    }),
  ];
}

const runGlobalMaxPool: HostOperator = (inputs, context) => [
  reducePlanes(inputs, context, (values, start, count) => {
    let best = -Infinity;
    for (let i = start; i < start + count; i++) best = Math.max(best, values[i]!);
    return best;
  }),
];

const runGlobalLpPool: HostOperator = (inputs, context) => {
  const p = intAttribute(context.node, "p", 2);
  return [
    reducePlanes(inputs, context, (values, start, count) => {
      let sum = 0;
      for (let i = start; i < start + count; i++) sum += Math.abs(values[i]!) ** p;
      return sum ** (1 / p);
    }),
  ];
};

function reducePlanes(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
  compute: (values: ArrayLike<number>, start: number, count: number) => number,
): Tensor {
  const x = requireInput(inputs, 0, context);
  requireSpatial(x, context);
  requireFloats(x, context);
  const plane = sizeOf(x.shape.slice(2));
  const shape = x.shape.map((size, axis) => (axis < 2 ? size : 1));
  const values = readNumbers(x);
  const results = new Float64Array(sizeOf(shape));
  for (let i = 0; i < results.length; i++) results[i] = compute(values, i * plane, plane);
  return packNumbers(x.dtype, shape, results, context);
}
