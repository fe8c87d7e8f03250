import type { DType, Tensor } from "@edgewright/core";
import { castTensor, dtypeFromCode } from "./casting.js";
import { asNumbers, isBigInt, packNumbers, readNumbers } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  limitExceeded,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  tensorAttribute,
} from "./node-attributes.js";
import { allocate, readIntegers, readScalar, requireInput } from "./operator-inputs.js";

/** Operators that make tensors out of little: constants, ranges, identities, windows. */
export function constantOperators(): OperatorEntry[] {
  return [
    { opType: "BlackmanWindow", since: 17, run: cosineWindow([0.42, 0.5, 0.08]) },
    { opType: "Constant", since: 1, run: runConstant },
    { opType: "ConstantOfShape", since: 9, run: runConstantOfShape },
    { opType: "EyeLike", since: 9, run: runEyeLike },
    { opType: "HammingWindow", since: 17, run: cosineWindow([25 / 46, 21 / 46, 0]) },
    { opType: "HannWindow", since: 17, run: cosineWindow([0.5, 0.5, 0]) },
    { opType: "MelWeightMatrix", since: 17, run: runMelWeightMatrix },
    { opType: "Range", since: 11, run: runRange },
  ];
}

const runConstant: HostOperator = (_inputs, context) => {
  const { node } = context;
  const value = tensorAttribute(node, "value");
  if (value !== undefined) return [value];
  if (node.attributes.has("value_float")) {
    const data = Float32Array.of(floatAttribute(node, "value_float", 0));
    return [{ dtype: "f32", shape: [], data }];
  }
  if (node.attributes.has("value_int")) {
    const attribute = node.attributes.get("value_int");
    const data = BigInt64Array.of(attribute?.type === "int" ? BigInt(attribute.value) : 0n);
    return [{ dtype: "i64", shape: [], data }];
  }
  const floats = floatsAttribute(node, "value_floats");
  if (floats !== undefined) {
    return [{ dtype: "f32", shape: [floats.length], data: Float32Array.from(floats) }];
  }
  const attribute = node.attributes.get("value_ints");
  if (attribute?.type === "ints") {
    const data = BigInt64Array.from(attribute.value, BigInt);
    return [{ dtype: "i64", shape: [data.length], data }];
  }
  if (intsAttribute(node, "value_ints") !== undefined) {
    return [{ dtype: "i64", shape: [0], data: new BigInt64Array(0) }];
  }
  throw unsupportedNode(context, "has neither a dense tensor nor numbers as its value");
};

const runConstantOfShape: HostOperator = (inputs, context) => {
  const shape = readIntegers(requireInput(inputs, 0, context));
  const value = tensorAttribute(context.node, "value");
  if (value !== undefined && value.data.length !== 1) {
    throw invalidNode(context, `its value must have one element, got ${value.data.length}`);
  }
  const result = allocate(value?.dtype ?? "f32", shape, context);
  if (value !== undefined) asNumbers(result.data).fill(asNumbers(value.data)[0]!);
  return [result];
};

const runEyeLike: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  if (x.shape.length !== 2)
    throw shapeError(context, `takes a matrix, got [${x.shape.join(", ")}]`);
  const code = intAttribute(context.node, "dtype", 0);
  const dtype = code === 0 ? x.dtype : dtypeFromCode(code, context);
  const shift = intAttribute(context.node, "k", 0);
  const [rows, columns] = x.shape as [number, number];
  const values = new Float64Array(rows * columns);
  for (let row = Math.max(0, -shift); row < rows && row + shift < columns; row++) {
    values[row * columns + row + shift] = 1;
  }
  return [packNumbers(dtype, x.shape, values, context)];
};

const runRange: HostOperator = (inputs, context) => {
  const [start, limit, delta] = [0, 1, 2].map((i) => requireInput(inputs, i, context)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  for (const bound of [start, limit, delta]) readScalar(bound, "a bound", context);
  if (start.dtype !== limit.dtype || start.dtype !== delta.dtype) {
    throw invalidNode(
      context,
      `bounds have types ${start.dtype}, ${limit.dtype} and ${delta.dtype}`,
    );
  }
  const [first, last, step] = [start, limit, delta].map((bound) => readNumbers(bound)[0]!) as [
    number,
    number,
    number,
  ];
  const count = Math.max(0, Math.ceil((last - first) / step));
  if (step === 0 || Number.isNaN(count)) throw invalidNode(context, `step is ${step}`);
  if (count > 2 ** 31) throw limitExceeded(context, `${count} elements are too many`);
  const result = allocate(start.dtype, [count], context);
  if (isBigInt(start.dtype)) {
    const data = result.data as BigInt64Array;
    const base = start.data[0] as bigint;
    const increment = delta.data[0] as bigint;
    for (let i = 0; i < count; i++) data[i] = base + BigInt(i) * increment;
    return [result];
  }
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = first + i * step;
  return [packNumbers(start.dtype, [count], values, context)];
};

// Generalised cosine window a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N).
function cosineWindow([a0, a1, a2]: readonly [number, number, number]): HostOperator {
  return (inputs, context) => {
    const size = readScalar(requireInput(inputs, 0, context), "the size", context);
    const periodic = intAttribute(context.node, "periodic", 1) !== 0;
    const period = periodic ? size : size - 1;
    const probe = allocate(outputType(context), [size], context);
    const values = new Float64Array(probe.data.length);
    for (let n = 0; n < values.length; n++) {
      const angle = (2 * Math.PI * n) / period;
      values[n] = a0 - a1 * Math.cos(angle) + a2 * Math.cos(2 * angle);
    }
    return [packNumbers(probe.dtype, [size], values, context)];
  };
}

function outputType(context: OperatorContext): DType {
  return dtypeFromCode(intAttribute(context.node, "output_datatype", 1), context);
}

// Triangular filters on the mel scale 2595 log10(1 + f / 700), as TensorFlow lays them out.
const runMelWeightMatrix: HostOperator = (inputs, context) => {
  const scalar = (index: number, what: string): number => {
    const input = requireInput(inputs, index, context);
    return readScalar(castTensor(input, "f64", context), what, context);
  };
  const bins = scalar(0, "num_mel_bins");
  const dftLength = scalar(1, "dft_length");
  const sampleRate = scalar(2, "sample_rate");
  const lowHertz = scalar(3, "lower_edge_hertz");
  const highHertz = scalar(4, "upper_edge_hertz");
  const rows = Math.floor(dftLength / 2) + 1;
  const shape = [rows, bins];
  const values = allocate("f64", shape, context).data;
  const toMel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const low = toMel(lowHertz);
  const step = (toMel(highHertz) - low) / (bins + 2);
  const edges = Array.from({ length: bins + 2 }, (_, i) => {
    const hertz = 700 * (10 ** ((i * step + low) / 2595) - 1);
    return Math.floor(((dftLength + 1) * hertz) / sampleRate);
  });
  for (let bin = 0; bin < bins; bin++) {
    const [lower, centre, upper] = edges.slice(bin, bin + 3) as [number, number, number];
    if (lower === centre) values[centre * bins + bin] = 1;
    else {
      for (let row = lower; row <= centre && row < rows; row++) {
        values[row * bins + bin] = (row - lower) / (centre - lower);
      }
    }
    for (let row = centre; row < upper && row < rows; row++) {
      values[row * bins + bin] = (upper - row) / (upper - centre);
    }
  }
  return [packNumbers(outputType(context), shape, values, context)];
};
