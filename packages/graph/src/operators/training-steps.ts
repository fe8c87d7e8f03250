import type { Tensor } from "@edgewright/core";
import { packNumbers, readFloats } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
} from "./host-operator.js";
import { floatAttribute, stringAttribute } from "./node-attributes.js";
import { readIntegers, requireInput } from "./operator-inputs.js";

/** One step of an optimiser, from the preview domain of the standard. */
export function trainingStepOperators(): OperatorEntry[] {
  const domain = "ai.onnx.preview.training";
  return [
    { domain, opType: "Adagrad", since: 1, run: optimizerStep(1, makeAdagrad) },
    { domain, opType: "Momentum", since: 1, run: optimizerStep(1, makeMomentum) },
  ];
}

/** Changes weight, gradient and state of one element: `[weight, gradient, ...state]`. */
type ElementStep = (element: number[]) => number[];

type MakeStep = (rate: number, step: number, context: OperatorContext) => ElementStep;

// Inputs: rate, step, then all weights, all gradients, all states of one kind, ...
function optimizerStep(stateCount: number, make: MakeStep): HostOperator {
  return (inputs, context) => {
    const rate = readFloats(requireInput(inputs, 0, context), context)[0] ?? 0;
    const step = readIntegers(requireInput(inputs, 1, context))[0] ?? 0;
    const kinds = 2 + stateCount;
    const count = (inputs.length - 2) / kinds;
    if (!Number.isInteger(count) || count < 1) {
      throw invalidNode(context, `${inputs.length} inputs do not divide into ${kinds} groups`);
    }
    const compute = make(rate, step, context);
    const weights: Tensor[] = [];
    const states: Tensor[][] = Array.from({ length: stateCount }, () => []);
    for (let i = 0; i < count; i++) {
      const tensors = Array.from({ length: kinds }, (_, kind) =>
        requireInput(inputs, 2 + kind * count + i, context),
      );
      const sources = tensors.map((tensor) => readFloats(tensor, context));
      const results = tensors.map((tensor) => new Float64Array(tensor.data.length));
      for (let k = 0; k < sources[0]!.length; k++) {
        const element = compute(sources.map((source) => source[k] ?? 0));
        for (const [kind, value] of element.entries()) results[kind]![k] = value;
      }
      const pack = (kind: number): Tensor =>
        packNumbers(tensors[kind]!.dtype, tensors[kind]!.shape, results[kind]!, context);
      weights.push(pack(0));
      for (let s = 0; s < stateCount; s++) states[s]!.push(pack(2 + s));
    }
    return [...weights, ...states.flat()];
  };
}

function makeAdagrad(rate: number, step: number, { node }: OperatorContext): ElementStep {
  const decayed = rate / (1 + step * floatAttribute(node, "decay_factor", 0));
  const epsilon = floatAttribute(node, "epsilon", 1e-6);
  const norm = floatAttribute(node, "norm_coefficient", 0);
  return ([weight, gradient, squares]) => {
    const g = norm * weight! + gradient!;
    const sum = squares! + g * g;
    return [weight! - (decayed * g) / (Math.sqrt(sum) + epsilon), 0, sum];
  };
}

function makeMomentum(rate: number, step: number, context: OperatorContext): ElementStep {
  const { node } = context;
  const alpha = floatAttribute(node, "alpha", 0);
  const norm = floatAttribute(node, "norm_coefficient", 0);
  // The first step takes the gradient in full.
  const beta = step > 0 ? floatAttribute(node, "beta", 1) : 1;
  const mode = stringAttribute(node, "mode", "standard");
  if (mode !== "standard" && mode !== "nesterov") {
    throw invalidNode(context, `mode is standard or nesterov, got "${mode}"`);
  }
  return ([weight, gradient, velocity]) => {
    const g = norm * weight! + gradient!;
    const v = alpha * velocity! + beta * g;
    return [weight! - rate * (mode === "standard" ? v : g + alpha * v), 0, v];
  };
}
