import { floatAttribute, intAttribute, stringAttribute } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { add, multiply } from "../../operations/broadcast-arithmetic.js";
import { clamp } from "../../operations/clamp.js";
import { elu } from "../../operations/elu.js";
import { gelu } from "../../operations/gelu.js";
import { hardSigmoid } from "../../operations/hard-sigmoid.js";
import { leakyRelu } from "../../operations/leaky-relu.js";
import { prelu } from "../../operations/prelu.js";
import { relu, relu6 } from "../../operations/relu.js";
import { reshape } from "../../operations/reshape.js";
import { silu } from "../../operations/silu.js";
import { logSoftmax, softmax } from "../../operations/softmax.js";
import { type OperatorCall, type OperatorRule, weightAsItIs } from "../operator-call.js";
import {
  channelsLastOrder,
  orderEndingWith,
  rowMajorOrder,
  TracedTensor,
} from "../traced-tensor.js";
import { combined } from "./arithmetic.js";

/** An operator that is one function of every element. */
export function elementwise(apply: (x: Variable, call: OperatorCall) => Variable): OperatorRule {
  return {
    tensors: 1,
    record(call) {
      const x = call.tensor(0);
      return x.like(apply(x.asItLies(), call));
    },
  };
}

/** `Clip`; from 0 to 6 and from 0 on it is kept as one bit an element. */
export function clip(x: Variable, call: OperatorCall): Variable {
  const [low, high] = clipLimits(call);
  if (low === 0 && high === 6) return relu6(x);
  if (low === 0 && high === Number.POSITIVE_INFINITY) return relu(x);
  return clamp(x, { low, high });
}

function clipLimits(call: OperatorCall): [number, number] {
  // Exporters write the largest float where they mean no limit.
  const bound = (value: number): number => (Math.abs(value) > 3.4e38 ? value * 10 ** 308 : value);
  if (call.opset < 11) {
    return [
      bound(floatAttribute(call.node, "min", Number.NEGATIVE_INFINITY)),
      bound(floatAttribute(call.node, "max", Number.POSITIVE_INFINITY)),
    ];
  }
  return [
    bound(call.numbers(1)?.[0] ?? Number.NEGATIVE_INFINITY),
    bound(call.numbers(2)?.[0] ?? Number.POSITIVE_INFINITY),
  ];
}

/** `LeakyRelu`. */
export function leaky(x: Variable, { node }: OperatorCall): Variable {
  return leakyRelu(x, { slope: floatAttribute(node, "alpha", 0.01) });
}

/** `HardSigmoid`: alpha x + beta, held between 0 and 1. */
export function hardSigmoids(x: Variable, { node }: OperatorCall): Variable {
  const [alpha, beta] = [floatAttribute(node, "alpha", 0.2), floatAttribute(node, "beta", 0.5)];
  // 1/6 comes in 32 bits.
  if (Math.abs(6 * alpha - 1) < 1e-6 && beta === 0.5) return hardSigmoid(x);
  return clamp(add(multiply(x, alpha), beta), { low: 0, high: 1 });
}

/** `Elu`; alpha other than 1 scales the part below 0. */
export function elus(x: Variable, { node }: OperatorCall): Variable {
  const alpha = floatAttribute(node, "alpha", 1);
  return alpha === 1 ? elu(x) : add(relu(x), multiply(elu(clamp(x, { high: 0 })), alpha));
}

/** `Swish` with alpha 1. */
export function swish(x: Variable, call: OperatorCall): Variable {
  if (floatAttribute(call.node, "alpha", 1) !== 1) throw call.unsupported("alpha other than 1");
  return silu(x);
}

/** `Gelu`, exact or by tanh. */
export function gelued(x: Variable, { node }: OperatorCall): Variable {
  const tanh = stringAttribute(node, "approximate", "none") === "tanh";
  return gelu(x, { approximation: tanh ? "tanh" : "none" });
}

/** `PRelu` with a slope for each channel, one for all, or any that repeats over x. */
export const P_RELU: OperatorRule = {
  tensors: 2,
  weightUse: (_, __, shape) => weightAsItIs(shape),
  record(call) {
    const [x, slope] = [call.tensor(0), call.tensor(1)];
    const order = channelsLastOrder(x.rank);
    const c = x.shape[1] ?? 1;
    const count = slope.shape.reduce((product, dim) => product * dim, 1);
    const aligned = slope.rank === 1 ? x.rank - 1 : x.rank - slope.rank + slope.shape.indexOf(c);
    if (count !== 1 && !(count === c && aligned === 1)) {
      const below = combined(x.like(clamp(x.asItLies(), { high: 0 })), slope, multiply);
      return combined(x.like(relu(x.asItLies())), below, add);
    }
    const flat = slope.stored({ order: rowMajorOrder(slope.rank), shape: [count] });
    const slopes = count === c ? flat : add(flat, call.tape.constant(new Float32Array(c), [c]));
    return new TracedTensor(prelu(x.inOrder(order), slopes), x.shape, order);
  },
};

/** `Softmax` and `LogSoftmax` over an axis; before operator set 13 over all axes from it on. */
export function softmaxOver(log: boolean): OperatorRule {
  const apply = log ? logSoftmax : softmax;
  return {
    tensors: 1,
    record(call) {
      const x = call.tensor(0);
      const flattens = call.opset < 13;
      const given = intAttribute(call.node, "axis", flattens ? 1 : -1);
      const axis = given < 0 ? given + x.rank : given;
      if (flattens && axis !== x.rank - 1) {
        const inner = x.shape.slice(axis).reduce((product, dim) => product * dim, 1);
        const rows = reshape(x.rowMajor(), [...x.shape.slice(0, axis), inner]);
        return TracedTensor.rowMajor(apply(rows), x.shape);
      }
      const order = orderEndingWith(x.order, axis);
      return new TracedTensor(apply(x.inOrder(order)), x.shape, order);
    },
  };
}
