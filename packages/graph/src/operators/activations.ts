import type { Tensor } from "@edgewright/core";
import { isFloat, readFloats } from "./element-values.js";
import { mapFloats, mapNumbers, sigmoid } from "./elementwise-unary.js";
import { errorFunction } from "./error-function.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
} from "./host-operator.js";
import { floatAttribute, stringAttribute } from "./node-attributes.js";
import { allocate, readScalar, requireInput } from "./operator-inputs.js";

/** Activation functions of one input. */
export function activationOperators(): OperatorEntry[] {
  return [
    { opType: "Celu", since: 12, run: withAttributes(celu) },
    { opType: "Clip", since: 6, run: runClip },
    { opType: "Elu", since: 6, run: withAttributes(elu) },
    { opType: "Gelu", since: 20, run: withAttributes(gelu) },
    { opType: "HardSigmoid", since: 6, run: withAttributes(hardSigmoid) },
    { opType: "HardSwish", since: 14, run: mapFloats(hardSwish) },
    { opType: "LeakyRelu", since: 6, run: withAttributes(leakyRelu) },
    { opType: "Mish", since: 18, run: mapFloats((x) => x * Math.tanh(softplus(x))) },
    { opType: "Relu", since: 6, run: mapNumbers(relu, (x) => (x < 0n ? 0n : x)) },
    { opType: "Selu", since: 6, run: withAttributes(selu) },
    { opType: "Shrink", since: 9, run: withAttributes(shrink, true) },
    { opType: "Softplus", since: 1, run: mapFloats(softplus) },
    { opType: "Softsign", since: 1, run: mapFloats((x) => x / (1 + Math.abs(x))) },
    { opType: "Swish", since: 24, run: withAttributes(swish) },
    { opType: "ThresholdedRelu", since: 10, run: withAttributes(thresholdedRelu) },
  ];
}

/** `log(1 + exp(x))`, without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

type Float = (name: string, fallback: number) => number;
type MakeActivation = (float: Float, context: OperatorContext) => (x: number) => number;

function withAttributes(make: MakeActivation, integers = false): HostOperator {
  return (inputs, context) => {
    const compute = make((name, fallback) => floatAttribute(context.node, name, fallback), context);
    return (integers ? mapNumbers(compute) : mapFloats(compute))(inputs, context);
  };
}

function relu(x: number): number {
  return Math.max(x, 0);
}

function celu(float: Float): (x: number) => number {
  const alpha = float("alpha", 1);
  return (x) => (x < 0 ? alpha * Math.expm1(x / alpha) : x);
}

function elu(float: Float): (x: number) => number {
  const alpha = float("alpha", 1);
  return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
}

function gelu(_float: Float, context: OperatorContext): (x: number) => number {
  const approximate = stringAttribute(context.node, "approximate", "none");
  if (approximate === "tanh") {
    const c = Math.sqrt(2 / Math.PI);
    return (x) => 0.5 * x * (1 + Math.tanh(c * (x + 0.044715 * x * x * x)));
  }
  if (approximate !== "none") {
    throw invalidNode(context, `attribute "approximate" is none or tanh, got "${approximate}"`);
  }
  return (x) => 0.5 * x * (1 + errorFunction(x * Math.SQRT1_2));
}

function hardSigmoid(float: Float): (x: number) => number {
  const alpha = float("alpha", 0.2);
  const beta = float("beta", 0.5);
  return (x) => Math.max(0, Math.min(1, alpha * x + beta));
}

function hardSwish(x: number): number {
  return x * Math.max(0, Math.min(1, x / 6 + 0.5));
}

function leakyRelu(float: Float): (x: number) => number {
  const alpha = float("alpha", 0.01);
  return (x) => (x < 0 ? alpha * x : x);
}

function selu(float: Float): (x: number) => number {
  // Defaults of the standard: the constants of Klambauer et al. 2017, rounded to float32.
  const alpha = float("alpha", 1.6732631921768188);
  const gamma = float("gamma", 1.0507010221481323);
  return (x) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
}

function shrink(float: Float): (x: number) => number {
  const bias = float("bias", 0);
  const lambda = float("lambd", 0.5);
  return (x) => (x < -lambda ? x + bias : x > lambda ? x - bias : x * 0);
}

function swish(float: Float): (x: number) => number {
  const alpha = float("alpha", 1);
  return (x) => x * sigmoid(alpha * x);
}

function thresholdedRelu(float: Float): (x: number) => number {
  const alpha = float("alpha", 1);
  return (x) => (x > alpha || Number.isNaN(x) ? x : 0);
}

// Bounds were attributes before version 11, and are inputs since.
function runClip(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): readonly (Tensor | null)[] {
  const x = requireInput(inputs, 0, context);
  const bound = (index: number): Tensor | null =>
    context.opset < 11 ? null : (inputs[index] ?? null);
  const min = bound(1);
  const max = bound(2);
  for (const given of [min, max]) {
    if (given !== null && (given.dtype !== x.dtype || given.data.length !== 1)) {
      throw invalidNode(
        context,
        `a bound must be one ${x.dtype}, got ${given.data.length} of ${given.dtype}`,
      );
    }
  }
  if (x.dtype === "i64" || x.dtype === "u64") {
    const source = x.data as BigInt64Array;
    const low = min ? (min.data[0] as bigint) : undefined;
    const high = max ? (max.data[0] as bigint) : undefined;
    const result = allocate(x.dtype, x.shape, context);
    const values = result.data as BigInt64Array;
    for (let i = 0; i < values.length; i++) {
      let value = source[i]!;
      if (low !== undefined && value < low) value = low;
      if (high !== undefined && value > high) value = high;
      values[i] = value;
    }
    return [result];
  }
  const scalar = (bound: Tensor | null, name: string, open: number): number => {
    if (context.opset < 11) return floatAttribute(context.node, name, open);
    if (bound === null) return open;
    if (!isFloat(bound.dtype)) return readScalar(bound, name, context);
    return readScalar(
      { dtype: "f64", shape: bound.shape, data: Float64Array.from(readFloats(bound, context)) },
      name,
      context,
    );
  };
  const low = scalar(min, "min", -Infinity);
  const high = scalar(max, "max", Infinity);
  const clip = (value: number): number => Math.min(Math.max(value, low), high);
  return mapNumbers(clip)(inputs, context);
}
