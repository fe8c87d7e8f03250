import { broadcastStrides, type DType, type Tensor } from "@edgewright/core";
import { broadcastShape, forEachRow } from "./broadcasting.js";
import {
  allocateFloats,
  isBigInt,
  isFloat,
  minBigInt,
  packFloats,
  readFloats,
  readNumbers,
} from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  unsupportedNode,
} from "./host-operator.js";
import { intAttribute, stringAttribute } from "./node-attributes.js";
import { allocate, requireInput } from "./operator-inputs.js";

/** Arithmetic, comparisons and bit operations of two broadcast inputs. */
export function elementwiseBinaryOperators(): OperatorEntry[] {
  return [
    {
      opType: "Add",
      since: 7,
      run: arithmetic(
        (a, b) => a + b,
        (a, b) => a + b,
      ),
    },
    { opType: "And", since: 7, run: logical((a, b) => a & b) },
    { opType: "BitShift", since: 11, run: runBitShift },
    {
      opType: "BitwiseAnd",
      since: 18,
      run: bitwise(
        (a, b) => a & b,
        (a, b) => a & b,
      ),
    },
    {
      opType: "BitwiseOr",
      since: 18,
      run: bitwise(
        (a, b) => a | b,
        (a, b) => a | b,
      ),
    },
    {
      opType: "BitwiseXor",
      since: 18,
      run: bitwise(
        (a, b) => a ^ b,
        (a, b) => a ^ b,
      ),
    },
    { opType: "Div", since: 7, run: runDiv },
    { opType: "Equal", since: 7, run: comparison((a, b) => a === b) },
    { opType: "Greater", since: 7, run: comparison((a, b) => a > b) },
    { opType: "GreaterOrEqual", since: 12, run: comparison((a, b) => a >= b) },
    { opType: "Less", since: 7, run: comparison((a, b) => a < b) },
    { opType: "LessOrEqual", since: 12, run: comparison((a, b) => a <= b) },
    { opType: "Mod", since: 10, run: runMod },
    { opType: "Mul", since: 7, run: runMul },
    { opType: "Or", since: 7, run: logical((a, b) => a | b) },
    { opType: "Pow", since: 7, run: runPow },
    {
      opType: "PRelu",
      since: 7,
      run: arithmetic(
        (x, slope) => (x < 0 ? x * slope : x),
        (x, slope) => (x < 0n ? x * slope : x),
      ),
    },
    {
      opType: "Sub",
      since: 7,
      run: arithmetic(
        (a, b) => a - b,
        (a, b) => a - b,
      ),
    },
    { opType: "Xor", since: 7, run: logical((a, b) => a ^ b) },
  ];
}

type NumberFunction = (a: number, b: number) => number;
type BigIntFunction = (a: bigint, b: bigint) => bigint;

/** Operator on two tensors of one numeric type, broadcast against each other. */
function arithmetic(compute: NumberFunction, computeBig: BigIntFunction): HostOperator {
  return (inputs, context) => {
    const [a, b] = requirePair(inputs, context);
    return [combine(a, b, compute, computeBig, context)];
  };
}

/** One broadcast arithmetic operation; the result has the type of `a`. */
export function combine(
  a: Tensor,
  b: Tensor,
  compute: NumberFunction,
  computeBig: BigIntFunction,
  context: OperatorContext,
): Tensor {
  const shape = broadcastShape([a.shape, b.shape], context);
  if (isFloat(a.dtype)) {
    const values = allocateFloats(a.dtype, shape, context);
    walkPair(a, b, shape, readFloats(a, context), readNumbers(b), values, compute);
    return packFloats(a.dtype, shape, values);
  }
  const result = allocate(a.dtype, shape, context);
  if (isBigInt(a.dtype)) {
    walkPair(
      a,
      b,
      shape,
      a.data as BigInt64Array,
      b.data as BigInt64Array,
      result.data as BigInt64Array,
      computeBig,
    );
  } else {
    walkPair(a, b, shape, readNumbers(a), readNumbers(b), result.data as Int32Array, compute);
  }
  return result;
}

function walkPair<T>(
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  left: { readonly [i: number]: T },
  right: { readonly [i: number]: T },
  out: { [i: number]: T },
  compute: (a: T, b: T) => T,
): void {
  let next = 0;
  forEachRow(
    shape,
    [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)],
    (offsets, steps, length) => {
      const [stepA, stepB] = steps as [number, number];
      let [i, j] = offsets as [number, number];
      for (let k = 0; k < length; k++, i += stepA, j += stepB) {
        out[next++] = compute(left[i]!, right[j]!);
      }
    },
  );
}

function requirePair(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): [Tensor, Tensor] {
  const a = requireInput(inputs, 0, context);
  const b = requireInput(inputs, 1, context);
  if (a.dtype !== b.dtype) {
    throw invalidNode(context, `inputs must have one element type, got ${a.dtype} and ${b.dtype}`);
  }
  if (a.dtype === "bool") throw unsupportedNode(context, "works on numbers, got bool");
  return [a, b];
}

const runDiv: HostOperator = (inputs, context) => {
  const [a, b] = requirePair(inputs, context);
  if (isFloat(a.dtype))
    return [
      combine(
        a,
        b,
        (x, y) => x / y,
        (x) => x,
        context,
      ),
    ];
  // Division by zero is undefined in the standard for integers: 0 here, and never an exception.
  const divide: NumberFunction = (x, y) => (y === 0 ? 0 : Math.trunc(x / y));
  return [combine(a, b, divide, (x, y) => (y === 0n ? 0n : x / y), context)];
};

const runMul: HostOperator = (inputs, context) => {
  const [a, b] = requirePair(inputs, context);
  const multiply: NumberFunction = isFloat(a.dtype) ? (x, y) => x * y : Math.imul;
  return [combine(a, b, multiply, (x, y) => x * y, context)];
};

const runMod: HostOperator = (inputs, context) => {
  const [a, b] = requirePair(inputs, context);
  const likeC = intAttribute(context.node, "fmod", 0) !== 0;
  if (likeC)
    return [
      combine(
        a,
        b,
        (x, y) => x % y,
        (x, y) => (y === 0n ? 0n : x % y),
        context,
      ),
    ];
  // The sign of the divisor, as in Python.
  const modulo: NumberFunction = (x, y) => {
    const rest = x % y;
    return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
  };
  const moduloBig: BigIntFunction = (x, y) => {
    if (y === 0n) return 0n;
    const rest = x % y;
    return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
  };
  return [combine(a, b, modulo, moduloBig, context)];
};

// The exponent may have another type than the base, whose type the result has.
const runPow: HostOperator = (inputs, context) => {
  const base = requireInput(inputs, 0, context);
  const exponent = requireInput(inputs, 1, context);
  if (base.dtype === "bool" || exponent.dtype === "bool") {
    throw unsupportedNode(context, "works on numbers, got bool");
  }
  if (isBigInt(base.dtype) && isBigInt(exponent.dtype)) {
    return [combine(base, exponent, Math.pow, powBigInt, context)];
  }
  if (isBigInt(base.dtype)) {
    const shape = broadcastShape([base.shape, exponent.shape], context);
    const result = allocate(base.dtype, shape, context);
    const powers = new Float64Array(result.data.length);
    walkPair(base, exponent, shape, readNumbers(base), readNumbers(exponent), powers, Math.pow);
    const data = result.data as BigInt64Array;
    for (let i = 0; i < data.length; i++) data[i] = toBigInt(powers[i]!);
    return [result];
  }
  return [combine(base, exponent, Math.pow, powBigInt, context)];
};

// Exact modulo 2^64, in at most 64 squarings whatever the exponent.
function powBigInt(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) {
    if (base === 1n) return 1n;
    if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
    return 0n;
  }
  let result = 1n;
  let square = BigInt.asIntN(64, base);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

function toBigInt(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

function comparison(compare: (a: number | bigint, b: number | bigint) => boolean): HostOperator {
  return (inputs, context) => {
    const a = requireInput(inputs, 0, context);
    const b = requireInput(inputs, 1, context);
    if (a.dtype !== b.dtype) {
      throw invalidNode(
        context,
        `inputs must have one element type, got ${a.dtype} and ${b.dtype}`,
      );
    }
    const shape = broadcastShape([a.shape, b.shape], context);
    const result = allocate("bool", shape, context);
    const left = comparableElements(a, context);
    const right = comparableElements(b, context);
    let next = 0;
    forEachRow(
      shape,
      [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)],
      ([first, second], [stepA, stepB], length) => {
        let i = first!;
        let j = second!;
        for (let k = 0; k < length; k++, i += stepA!, j += stepB!) {
          result.data[next++] = compare(left[i]!, right[j]!) ? 1 : 0;
        }
      },
    );
    return [result];
  };
}

function comparableElements(
  tensor: Tensor,
  context: OperatorContext,
): { readonly [i: number]: number | bigint } {
  return isFloat(tensor.dtype) ? readFloats(tensor, context) : tensor.data;
}

function logical(compute: NumberFunction): HostOperator {
  return (inputs, context) => {
    const a = requireInput(inputs, 0, context);
    const b = requireInput(inputs, 1, context);
    requireType(a, "bool", context);
    requireType(b, "bool", context);
    return [combine(a, b, compute, (x) => x, context)];
  };
}

function bitwise(compute: NumberFunction, computeBig: BigIntFunction): HostOperator {
  return (inputs, context) => {
    const [a, b] = requirePair(inputs, context);
    if (isFloat(a.dtype)) throw unsupportedNode(context, `works on integers, got ${a.dtype}`);
    return [combine(a, b, compute, computeBig, context)];
  };
}

function requireType(tensor: Tensor, dtype: DType, context: OperatorContext): void {
  if (tensor.dtype !== dtype) throw invalidNode(context, `works on ${dtype}, got ${tensor.dtype}`);
}

const runBitShift: HostOperator = (inputs, context) => {
  const direction = stringAttribute(context.node, "direction", undefined);
  if (direction !== "LEFT" && direction !== "RIGHT") {
    throw invalidNode(context, `attribute "direction" is LEFT or RIGHT, got "${direction}"`);
  }
  const [a, b] = requirePair(inputs, context);
  if (isFloat(a.dtype)) throw unsupportedNode(context, `works on integers, got ${a.dtype}`);
  const signed = a.dtype.startsWith("i");
  // Shift counts of 32 and more shift everything out; JavaScript would take them modulo 32.
  const outside = (n: number): boolean => n < 0 || n > 31;
  const left: NumberFunction = (x, n) => (outside(n) ? 0 : x << n);
  const right: NumberFunction = signed
    ? (x, n) => x >> (outside(n) ? 31 : n)
    : (x, n) => (outside(n) ? 0 : x >>> n);
  const leftBig: BigIntFunction = (x, n) => (n < 0n || n > 63n ? 0n : x << n);
  const rightBig: BigIntFunction = (x, n) => x >> (n < 0n ? 63n : minBigInt(n, 63n));
  return [
    direction === "LEFT"
      ? combine(a, b, left, leftBig, context)
      : combine(a, b, right, rightBig, context),
  ];
};
