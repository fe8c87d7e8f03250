import type { Tensor } from "@edgewright/core";
import type { Graph, Node } from "../model/model.js";
import { isInternal, isStandard } from "./internal-nodes.js";

/** What is known of a value whatever the input shapes are. */
export interface ValueFacts {
  /** Certainly 32-bit floats. */
  readonly isFloat32: boolean;
  /** Number of axes, where it is known. */
  readonly rank: number | undefined;
}

/**
 * Element type and rank of values as far as rewriting needs them: it must not mistake an integer
 * tensor for a float one, nor a broadcast that adds axes for one that does not.
 */
export function collectFacts(graph: Graph): Map<string, ValueFacts> {
  const facts = new Map<string, ValueFacts>();
  for (const { name, dtype, shape } of graph.inputs) {
    facts.set(name, { isFloat32: dtype === "f32", rank: shape?.length });
  }
  for (const [name, tensor] of graph.initializers) facts.set(name, factsOf(tensor));
  for (const node of graph.nodes) {
    const inferred = inferFacts(node, facts);
    const first = node.outputs[0];
    if (inferred !== undefined && first !== undefined && first !== "") facts.set(first, inferred);
  }
  return facts;
}

function factsOf(tensor: Tensor): ValueFacts {
  return { isFloat32: tensor.dtype === "f32", rank: tensor.shape.length };
}

function inferFacts(node: Node, facts: ReadonlyMap<string, ValueFacts>): ValueFacts | undefined {
  const inputs = node.inputs.map((name) => facts.get(name));
  const first = inputs[0];
  if (isInternal(node)) {
    const isConv = node.opType === "Conv" || node.opType === "ConvTranspose";
    return { isFloat32: true, rank: isConv ? inputs[1]?.rank : first?.rank };
  }
  if (!isStandard(node, node.opType)) return undefined;
  switch (node.opType) {
    case "Constant": {
      const value = node.attributes.get("value");
      return value?.type === "tensor" ? factsOf(value.value) : undefined;
    }
    case "Conv":
    case "ConvTranspose":
      return { isFloat32: first?.isFloat32 ?? false, rank: inputs[1]?.rank };
    case "Gemm":
      return { isFloat32: first?.isFloat32 ?? false, rank: 2 };
    case "MatMul": {
      const [a, b] = [inputs[0]?.rank, inputs[1]?.rank];
      const known = a !== undefined && b !== undefined && a >= 2 && b >= 2;
      return { isFloat32: first?.isFloat32 ?? false, rank: known ? Math.max(a, b) : undefined };
    }
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Pow":
    case "Max":
    case "Min": {
      const ranks = inputs.map((input) => input?.rank);
      const known = ranks.every((rank) => rank !== undefined);
      return {
        isFloat32: first?.isFloat32 ?? false,
        rank: known ? Math.max(...(ranks as number[])) : undefined,
      };
    }
    case "Squeeze":
    case "Unsqueeze":
    case "Reshape":
    case "ReduceMean":
    case "ReduceSum":
    case "ReduceMax":
    case "Flatten":
    case "Expand":
    case "Tile":
    case "Gather":
      return { isFloat32: first?.isFloat32 ?? false, rank: undefined };
    case "BatchNormalization":
    case "InstanceNormalization":
    case "LayerNormalization":
    case "Relu":
    case "LeakyRelu":
    case "PRelu":
    case "Sigmoid":
    case "HardSigmoid":
    case "HardSwish":
    case "Tanh":
    case "Elu":
    case "Selu":
    case "Softplus":
    case "Softsign":
    case "Mish":
    case "Gelu":
    case "Erf":
    case "Exp":
    case "Log":
    case "Sqrt":
    case "Abs":
    case "Neg":
    case "Clip":
    case "Softmax":
    case "LogSoftmax":
    case "Identity":
    case "Dropout":
    case "Transpose":
    case "Pad":
    case "Slice":
    case "Concat":
    case "Resize":
    case "Upsample":
    case "MaxPool":
    case "AveragePool":
    case "GlobalAveragePool":
    case "GlobalMaxPool":
      return first;
    default:
      return undefined;
  }
}
