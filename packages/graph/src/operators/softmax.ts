import { sizeOf, type Tensor } from "@edgewright/core";
import { lineStarts } from "./cumulative-sum.js";
import { allocateFloats, type FloatArray, packFloats, readFloats } from "./element-values.js";
import type { HostOperator, OperatorContext, OperatorEntry } from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { normalizeAxis, requireInput } from "./operator-inputs.js";

/** `Softmax`, `LogSoftmax` and `Hardmax`. */
export function softmaxOperators(): OperatorEntry[] {
  return [
    { opType: "Hardmax", since: 1, run: alongAxis(hardmaxLine) },
    { opType: "LogSoftmax", since: 1, run: alongAxis(logSoftmaxLine) },
    { opType: "Softmax", since: 1, run: alongAxis(softmaxLine) },
  ];
}

type LineFunction = (
  x: FloatArray,
  out: FloatArray,
  start: number,
  step: number,
  length: number,
) => void;

/** Natural logarithm of the softmax of `x` along an axis, as doubles. */
export function logSoftmax(x: Tensor, axis: number, context: OperatorContext): Float64Array {
  const source = readFloats(x, context);
  const out = new Float64Array(source.length);
  const inner = sizeOf(x.shape.slice(axis + 1));
  for (const start of lineStarts(source.length, x.shape[axis]!, inner)) {
    logSoftmaxLine(source, out, start, inner, x.shape[axis]!);
  }
  return out;
}

// Before version 13 the axis split the shape into two, and everything behind it was one line.
function alongAxis(compute: LineFunction): HostOperator {
  return (inputs, context) => {
    const x = requireInput(inputs, 0, context);
    const flattens = context.opset < 13;
    const rank = x.shape.length;
    const given = intAttribute(context.node, "axis", flattens ? 1 : -1);
    const axis =
      flattens && given === rank ? rank : normalizeAxis(given, Math.max(rank, 1), context);
    const length = flattens ? sizeOf(x.shape.slice(axis)) : (x.shape[axis] ?? 1);
    const inner = flattens ? 1 : sizeOf(x.shape.slice(axis + 1));
    const source = readFloats(x, context);
    const values = allocateFloats(x.dtype, x.shape, context);
    for (const start of lineStarts(values.length, length, inner)) {
      compute(source, values, start, inner, length);
    }
    return [packFloats(x.dtype, x.shape, values)];
  };
}

function lineMaximum(x: FloatArray, start: number, step: number, length: number): number {
  let best = -Infinity;
  for (let k = 0, i = start; k < length; k++, i += step) best = Math.max(best, x[i]!);
  return best;
}

function softmaxLine(
  x: FloatArray,
  out: FloatArray,
  start: number,
  step: number,
  length: number,
): void {
  const shift = lineMaximum(x, start, step, length);
  let total = 0;
  for (let k = 0, i = start; k < length; k++, i += step) total += Math.exp(x[i]! - shift);
  for (let k = 0, i = start; k < length; k++, i += step) out[i] = Math.exp(x[i]! - shift) / total;
}

function logSoftmaxLine(
  x: FloatArray,
  out: FloatArray,
  start: number,
  step: number,
  length: number,
): void {
  const shift = lineMaximum(x, start, step, length);
  let total = 0;
  for (let k = 0, i = start; k < length; k++, i += step) total += Math.exp(x[i]! - shift);
  const log = Math.log(total);
  for (let k = 0, i = start; k < length; k++, i += step) out[i] = x[i]! - shift - log;
}

function hardmaxLine(
  x: FloatArray,
  out: FloatArray,
  start: number,
  step: number,
  length: number,
): void {
  let best = start;
  for (let k = 1, i = start + step; k < length; k++, i += step) if (x[i]! > x[best]!) best = i;
  out[best] = 1;
}
