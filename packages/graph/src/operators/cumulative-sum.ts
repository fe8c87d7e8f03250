import { sizeOf } from "@edgewright/core";
import { isBigInt, packNumbers, readNumbers } from "./element-values.js";
import type { HostOperator, OperatorEntry } from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, readScalar, requireInput } from "./operator-inputs.js";

/** `CumSum`: running totals along an axis. */
export function cumulativeOperators(): OperatorEntry[] {
  return [{ opType: "CumSum", since: 11, run: runCumSum }];
}

const runCumSum: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const given = readScalar(requireInput(inputs, 1, context), "axis", context);
  const axis = normalizeAxis(given, x.shape.length, context);
  const exclusive = intAttribute(context.node, "exclusive", 0) !== 0;
  const reverse = intAttribute(context.node, "reverse", 0) !== 0;
  const length = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const starts = lineStarts(x.data.length, length, inner);
  const step = reverse ? -inner : inner;
  const shift = reverse ? (length - 1) * inner : 0;
  if (isBigInt(x.dtype)) {
    const source = x.data as BigInt64Array;
    const result = allocate(x.dtype, x.shape, context);
    const out = result.data as BigInt64Array;
    for (const start of starts) {
      let total = 0n;
      for (let k = 0, i = start + shift; k < length; k++, i += step) {
        if (exclusive) out[i] = total;
        total += source[i]!;
        if (!exclusive) out[i] = total;
      }
    }
    return [result];
  }
  const source = readNumbers(x);
  const out = new Float64Array(source.length);
  for (const start of starts) {
    let total = 0;
    for (let k = 0, i = start + shift; k < length; k++, i += step) {
      if (exclusive) out[i] = total;
      total += source[i]!;
      if (!exclusive) out[i] = total;
    }
  }
  return [packNumbers(x.dtype, x.shape, out, context)];
};

/** First element of every line along an axis of `length` elements that lie `inner` apart. */
export function lineStarts(size: number, length: number, inner: number): number[] {
  const starts: number[] = [];
  if (size === 0) return starts;
  for (let outer = 0; outer < size; outer += length * inner) {
    for (let i = 0; i < inner; i++) starts.push(outer + i);
  }
  return starts;
}
