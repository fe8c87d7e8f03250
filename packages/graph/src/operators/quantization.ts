import { type DType, sizeOf, type Tensor } from "@edgewright/core";
import { dtypeFromCode } from "./casting.js";
import { convolve } from "./convolution.js";
import {
  isFloat,
  type NumberArray,
  packNumbers,
  readFloats,
  readNumbers,
} from "./element-values.js";
import { roundHalfEven } from "./elementwise-unary.js";
import {
  type HostOperator,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import { multiplyInto, planMatMul } from "./matrix-product.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, requireInput } from "./operator-inputs.js";

/** Conversions to and from integer codes, and products of such codes. */
export function quantizationOperators(): OperatorEntry[] {
  return [
    { opType: "ConvInteger", since: 10, run: runConvInteger },
    { opType: "DequantizeLinear", since: 10, run: runDequantizeLinear },
    { opType: "DynamicQuantizeLinear", since: 11, run: runDynamicQuantizeLinear },
    { opType: "MatMulInteger", since: 10, run: runMatMulInteger },
    { opType: "QLinearConv", since: 10, run: runQLinearConv },
    { opType: "QLinearMatMul", since: 10, run: runQLinearMatMul },
    { opType: "QuantizeLinear", since: 10, run: runQuantizeLinear },
  ];
}

function codeRange(dtype: DType, context: OperatorContext): [low: number, high: number] {
  switch (dtype) {
    case "u8":
      return [0, 255];
    case "i8":
      return [-128, 127];
    case "u16":
      return [0, 65535];
    case "i16":
      return [-32768, 32767];
    default:
      throw unsupportedNode(context, `quantises to 8 or 16 bits, got ${dtype}`);
  }
}

// Which scale belongs to each element: one for all, one per slice of an axis, or one per block.
function scaleIndex(
  x: Tensor,
  scale: Tensor,
  zero: Tensor | null,
  context: OperatorContext,
): (element: number) => number {
  if (zero !== null && zero.data.length !== scale.data.length) {
    throw shapeError(
      context,
      `zero point [${zero.shape.join(", ")}] does not fit scale [${scale.shape.join(", ")}]`,
    );
  }
  if (scale.data.length === 1) return () => 0;
  const axis = normalizeAxis(intAttribute(context.node, "axis", 1), x.shape.length, context);
  const size = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const block = intAttribute(context.node, "block_size", 0);
  if (scale.shape.length === 1 && scale.data.length === size) {
    return (element) => Math.floor(element / inner) % size;
  }
  const blocks = scale.shape[axis] ?? 0;
  const fits =
    block > 0 &&
    scale.shape.length === x.shape.length &&
    blocks === Math.ceil(size / block) &&
    scale.shape.every((n, i) => i === axis || n === x.shape[i]);
  if (!fits) {
    throw shapeError(
      context,
      `scale [${scale.shape.join(", ")}] does not fit axis ${axis} of [${x.shape.join(", ")}]`,
    );
  }
  return (element) => {
    const outer = Math.floor(element / (inner * size));
    const position = Math.floor(element / inner) % size;
    return (outer * blocks + Math.floor(position / block)) * inner + (element % inner);
  };
}

const runQuantizeLinear: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const scale = requireInput(inputs, 1, context);
  const zero = inputs[2] ?? null;
  const code = intAttribute(context.node, "output_dtype", 0);
  const dtype = zero?.dtype ?? (code === 0 ? "u8" : dtypeFromCode(code, context));
  const [low, high] = codeRange(dtype, context);
  const index = scaleIndex(x, scale, inputs[2] ?? null, context);
  const scales = readFloats(scale, context);
  const zeros = zero === null ? undefined : readNumbers(zero);
  const source = readNumbers(x);
  const values = new Float64Array(source.length);
  for (let i = 0; i < values.length; i++) {
    const s = index(i);
    // In single precision, so that ties fall as they do for everyone else.
    const quotient = roundHalfEven(Math.fround(source[i]! / scales[s]!));
    values[i] = Math.max(low, Math.min(high, quotient + (zeros?.[s] ?? 0)));
  }
  return [packNumbers(dtype, x.shape, values, context)];
};

const runDequantizeLinear: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const scale = requireInput(inputs, 1, context);
  const index = scaleIndex(x, scale, inputs[2] ?? null, context);
  const scales = readFloats(scale, context);
  const zeros = inputs[2] ? readNumbers(inputs[2]) : undefined;
  const source = readNumbers(x);
  const values = new Float64Array(source.length);
  for (let i = 0; i < values.length; i++) {
    const s = index(i);
    values[i] = (source[i]! - (zeros?.[s] ?? 0)) * scales[s]!;
  }
  return [packNumbers(scale.dtype, x.shape, values, context)];
};

// Range of the data widened to hold 0, onto 256 codes.
const runDynamicQuantizeLinear: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const source = readFloats(x, context);
  let low = 0;
  let high = 0;
  for (let i = 0; i < source.length; i++) {
    low = Math.min(low, source[i]!);
    high = Math.max(high, source[i]!);
  }
  const scale = Math.fround((high - low) / 255) || 1;
  const zero = Math.max(0, Math.min(255, roundHalfEven(Math.fround(-low / scale))));
  const codes = new Uint8Array(source.length);
  for (let i = 0; i < codes.length; i++) {
    const code = roundHalfEven(Math.fround(source[i]! / scale)) + zero;
    codes[i] = Math.max(0, Math.min(255, code));
  }
  return [
    { dtype: "u8", shape: x.shape, data: codes },
    { dtype: "f32", shape: [], data: Float32Array.of(scale) },
    { dtype: "u8", shape: [], data: Uint8Array.of(zero) },
  ];
};

/** Codes minus their zero point; `lane` says which of several zero points an element has. */
function centred(
  x: Tensor,
  zero: Tensor | null,
  lane: (element: number) => number,
  context: OperatorContext,
): NumberArray {
  if (isFloat(x.dtype)) throw unsupportedNode(context, `works on integer codes, got ${x.dtype}`);
  const source = readNumbers(x);
  if (zero === null) return source;
  const zeros = readNumbers(zero);
  const single = zeros.length === 1;
  const values = new Int32Array(source.length);
  for (let i = 0; i < values.length; i++) {
    const z = zeros[single ? 0 : lane(i)];
    if (z === undefined) {
      throw shapeError(
        context,
        `zero point [${zero.shape.join(", ")}] does not fit [${x.shape.join(", ")}]`,
      );
    }
    values[i] = source[i]! - z;
  }
  return values;
}

function rowOf(x: Tensor): (element: number) => number {
  const columns = x.shape.at(-1) ?? 1;
  const rows = x.shape.at(-2) ?? 1;
  return (element) => Math.floor(element / columns) % rows;
}

function columnOf(x: Tensor): (element: number) => number {
  const columns = x.shape.at(-1) ?? 1;
  return (element) => element % columns;
}

function filterOf(w: Tensor): (element: number) => number {
  const size = sizeOf(w.shape.slice(1));
  return (element) => Math.floor(element / size);
}

const runMatMulInteger: HostOperator = (inputs, context) => {
  const a = requireInput(inputs, 0, context);
  const b = requireInput(inputs, 1, context);
  const { sums, shape } = multiplyCodes(a, inputs[2] ?? null, b, inputs[3] ?? null, context);
  return [packNumbers("i32", shape, sums, context)];
};

function multiplyCodes(
  a: Tensor,
  aZero: Tensor | null,
  b: Tensor,
  bZero: Tensor | null,
  context: OperatorContext,
): { sums: Float64Array; shape: readonly number[] } {
  const { m, k, n, shape, pairs } = planMatMul(a, b, context);
  const left = centred(a, aZero, rowOf(a), context);
  const right = centred(b, bZero, columnOf(b), context);
  const sums = allocate("f64", shape, context).data;
  for (const [i, pair] of pairs.entries()) {
    multiplyInto(left, pair.a, right, pair.b, sums, i * m * n, m, k, n);
  }
  return { sums, shape };
}

const runQLinearMatMul: HostOperator = (inputs, context) => {
  const input = (i: number): Tensor => requireInput(inputs, i, context);
  const [a, b, bScale, yScale, yZero] = [input(0), input(3), input(4), input(6), input(7)];
  const aScales = readFloats(input(1), context);
  const bScales = readFloats(bScale, context);
  const { sums, shape } = multiplyCodes(a, input(2), b, input(5), context);
  const columns = b.shape.length === 1 ? 1 : b.shape.at(-1)!;
  const rows = a.shape.length === 1 ? 1 : a.shape.at(-2)!;
  const scaleOf = (i: number): number => {
    const column = bScales.length === 1 ? 0 : i % columns;
    const row = aScales.length === 1 ? 0 : Math.floor(i / columns) % rows;
    return aScales[row]! * bScales[column]!;
  };
  return [requantize(sums, shape, scaleOf, yScale, yZero, context)];
};

function requantize(
  sums: Float64Array,
  shape: readonly number[],
  scaleOf: (element: number) => number,
  yScale: Tensor,
  yZero: Tensor,
  context: OperatorContext,
): Tensor {
  const [low, high] = codeRange(yZero.dtype, context);
  const scale = readFloats(yScale, context)[0]!;
  const zero = readNumbers(yZero)[0]!;
  const values = sums.map((sum, i) => {
    const code = roundHalfEven(Math.fround((sum * scaleOf(i)) / scale)) + zero;
    return Math.max(low, Math.min(high, code));
  });
  return packNumbers(yZero.dtype, shape, values, context);
}

const runConvInteger: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const w = requireInput(inputs, 1, context);
  const codes = centred(x, inputs[2] ?? null, () => 0, context);
  const weights = centred(w, inputs[3] ?? null, filterOf(w), context);
  const { shape, sums } = convolve(codes, x.shape, weights, w.shape, context);
  return [packNumbers("i32", shape, sums, context)];
};

const runQLinearConv: HostOperator = (inputs, context) => {
  const input = (i: number): Tensor => requireInput(inputs, i, context);
  const [x, w, yScale, yZero] = [input(0), input(3), input(6), input(7)];
  const bias = inputs[8] ? readNumbers(inputs[8]) : undefined;
  const codes = centred(x, input(2), () => 0, context);
  const weights = centred(w, input(5), filterOf(w), context);
  const { shape, sums } = convolve(codes, x.shape, weights, w.shape, context);
  const xScale = readFloats(input(1), context)[0]!;
  const wScales = readFloats(input(4), context);
  const filters = shape[1]!;
  const plane = sizeOf(shape.slice(2));
  const filter = (i: number): number => Math.floor(i / plane) % filters;
  if (bias) for (let i = 0; i < sums.length; i++) sums[i]! += bias[filter(i)]!;
  const scaleOf = (i: number): number => xScale * wScales[wScales.length === 1 ? 0 : filter(i)]!;
  return [requantize(sums, shape, scaleOf, yScale, yZero, context)];
};
