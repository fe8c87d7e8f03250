import type { DType, Tensor } from "@edgewright/core";
import { asNumbers, isBigInt, isFloat, packNumbers, readNumbers } from "./element-values.js";
import {
  type HostOperator,
  type OperatorContext,
  type OperatorEntry,
  unsupportedNode,
} from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, requireInput } from "./operator-inputs.js";

/** `Cast` and `CastLike`. */
export function castingOperators(): OperatorEntry[] {
  return [
    { opType: "Cast", since: 6, run: runCast },
    { opType: "CastLike", since: 15, run: runCastLike },
  ];
}

const runCast: HostOperator = (inputs, context) => [
  castTensor(
    requireInput(inputs, 0, context),
    dtypeFromCode(intAttribute(context.node, "to", 0), context),
    context,
  ),
];

const runCastLike: HostOperator = (inputs, context) => [
  castTensor(requireInput(inputs, 0, context), requireInput(inputs, 1, context).dtype, context),
];

/**
 * Element type behind a number of `TensorProto.DataType`.
 *
 * @throws UnsupportedError for strings, complex numbers and types below 8 bits.
 */
export function dtypeFromCode(code: number, context: OperatorContext): DType {
  const dtypes: (DType | undefined)[] = [
    undefined,
    "f32",
    "u8",
    "i8",
    "u16",
    "i16",
    "i32",
    "i64",
    undefined,
    "bool",
    "f16",
    "f64",
    "u32",
    "u64",
    undefined,
    undefined,
    "bf16",
  ];
  const dtype = dtypes[code];
  if (dtype === undefined) {
    throw unsupportedNode(context, `element type ${code} of the standard is not supported`);
  }
  return dtype;
}

/** Elements converted to another type: towards zero for integers, non-zero is true for `bool`. */
export function castTensor(x: Tensor, dtype: DType, context: OperatorContext): Tensor {
  if (x.dtype === dtype) return x;
  if (dtype === "bool") {
    const result = allocate("bool", x.shape, context);
    const source = readNumbers(x);
    for (let i = 0; i < source.length; i++) result.data[i] = source[i] === 0 ? 0 : 1;
    return result;
  }
  if (isBigInt(x.dtype) && isBigInt(dtype)) {
    const result = allocate(dtype, x.shape, context);
    asNumbers(result.data).set(asNumbers(x.data));
    return result;
  }
  if (isBigInt(x.dtype) && !isFloat(dtype)) {
    // Through 32 bits, not through a double: the low bits are what wraps around.
    const source = x.data as BigInt64Array;
    const result = allocate(dtype, x.shape, context);
    const data = result.data as Int32Array;
    for (let i = 0; i < data.length; i++) data[i] = Number(BigInt.asIntN(32, source[i]!));
    return result;
  }
  return packNumbers(dtype, x.shape, readNumbers(x), context);
}
