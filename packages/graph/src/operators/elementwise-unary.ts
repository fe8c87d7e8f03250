import type { DType, Tensor } from "@edgewright/core";
import { allocateFloats, isBigInt, isFloat, packFloats, readFloats } from "./element-values.js";
import { errorFunction } from "./error-function.js";
import { type HostOperator, type OperatorEntry, unsupportedNode } from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, requireInput } from "./operator-inputs.js";

/** Functions of one element: roots, trigonometry, rounding, tests, negation. */
export function elementwiseUnaryOperators(): OperatorEntry[] {
  return [
    { opType: "Abs", since: 6, run: mapNumbers(Math.abs, (x) => (x < 0n ? -x : x)) },
    { opType: "Acos", since: 7, run: mapFloats(Math.acos) },
    { opType: "Acosh", since: 9, run: mapFloats(Math.acosh) },
    { opType: "Asin", since: 7, run: mapFloats(Math.asin) },
    { opType: "Asinh", since: 9, run: mapFloats(Math.asinh) },
    { opType: "Atan", since: 7, run: mapFloats(Math.atan) },
    { opType: "Atanh", since: 9, run: mapFloats(Math.atanh) },
    { opType: "BitwiseNot", since: 18, run: runBitwiseNot },
    { opType: "Ceil", since: 6, run: mapFloats(Math.ceil) },
    { opType: "Cos", since: 7, run: mapFloats(Math.cos) },
    { opType: "Cosh", since: 9, run: mapFloats(Math.cosh) },
    { opType: "Erf", since: 9, run: mapNumbers(errorFunction) },
    { opType: "Exp", since: 6, run: mapFloats(Math.exp) },
    { opType: "Floor", since: 6, run: mapFloats(Math.floor) },
    { opType: "IsInf", since: 10, run: runIsInf },
    { opType: "IsNaN", since: 9, run: runIsNaN },
    { opType: "Log", since: 6, run: mapFloats(Math.log) },
    {
      opType: "Neg",
      since: 6,
      run: mapNumbers(
        (x) => -x,
        (x) => -x,
      ),
    },
    { opType: "Not", since: 1, run: runNot },
    { opType: "Reciprocal", since: 6, run: mapFloats((x) => 1 / x) },
    { opType: "Round", since: 11, run: mapFloats(roundHalfEven) },
    { opType: "Sigmoid", since: 6, run: mapFloats(sigmoid) },
    {
      opType: "Sign",
      since: 9,
      run: mapNumbers(Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
    },
    { opType: "Sin", since: 7, run: mapFloats(Math.sin) },
    { opType: "Sinh", since: 9, run: mapFloats(Math.sinh) },
    { opType: "Sqrt", since: 6, run: mapFloats(Math.sqrt) },
    { opType: "Tan", since: 7, run: mapFloats(Math.tan) },
    { opType: "Tanh", since: 6, run: mapFloats(Math.tanh) },
  ];
}

/** Operator that applies a function to every element of a floating-point tensor. */
export function mapFloats(compute: (x: number) => number): HostOperator {
  return (inputs, context) => {
    const x = requireInput(inputs, 0, context);
    const source = readFloats(x, context);
    const values = allocateFloats(x.dtype, x.shape, context);
    for (let i = 0; i < values.length; i++) values[i] = compute(source[i]!);
    return [packFloats(x.dtype, x.shape, values)];
  };
}

/** As {@link mapFloats}, for integers, too; 64-bit ones where `computeBig` is given. */
export function mapNumbers(
  compute: (x: number) => number,
  computeBig?: (x: bigint) => bigint,
): HostOperator {
  const onFloats = mapFloats(compute);
  return (inputs, context) => {
    const x = requireInput(inputs, 0, context);
    if (isFloat(x.dtype)) return onFloats(inputs, context);
    if (x.dtype === "bool") throw unsupportedNode(context, "works on numbers, got bool");
    const result = allocate(x.dtype, x.shape, context);
    if (isBigInt(x.dtype)) {
      if (computeBig === undefined) {
        throw unsupportedNode(context, `works on floats and small integers, got ${x.dtype}`);
      }
      const source = x.data as BigInt64Array;
      const values = result.data as BigInt64Array;
      for (let i = 0; i < values.length; i++) values[i] = computeBig(source[i]!);
    } else {
      const source = x.data as Int32Array;
      const values = result.data as Int32Array;
      for (let i = 0; i < values.length; i++) values[i] = compute(source[i]!);
    }
    return [result];
  };
}

/** Rounds to the nearest integer, halves to the even one. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const fraction = x - floor;
  if (fraction < 0.5) return floor;
  if (fraction > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Logistic function, without overflow on either side. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

const runNot: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  if (x.dtype !== "bool") throw unsupportedNode(context, `works on bool, got ${x.dtype}`);
  return [mapToBool(x, x.data as Uint8Array, (value) => value === 0)];
};

const runIsNaN: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  return [mapToBool(x, readFloats(x, context), Number.isNaN)];
};

const runIsInf: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const positive = intAttribute(context.node, "detect_positive", 1) !== 0;
  const negative = intAttribute(context.node, "detect_negative", 1) !== 0;
  return [
    mapToBool(
      x,
      readFloats(x, context),
      (value) => (positive && value === Infinity) || (negative && value === -Infinity),
    ),
  ];
};

const runBitwiseNot: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  if (isFloat(x.dtype) || x.dtype === "bool") {
    throw unsupportedNode(context, `works on integers, got ${x.dtype}`);
  }
  return mapNumbers(
    (value) => ~value,
    (value) => ~value,
  )(inputs, context);
};

function mapToBool(
  x: Tensor<DType>,
  source: ArrayLike<number>,
  test: (x: number) => boolean,
): Tensor<"bool"> {
  const data = new Uint8Array(source.length);
  for (let i = 0; i < data.length; i++) data[i] = test(source[i]!) ? 1 : 0;
  return { dtype: "bool", shape: x.shape, data };
}
