import { sizeOf } from "@edgewright/core";
import type { Dim, Node } from "../model/model.js";
import { stringAttribute } from "../operators/node-attributes.js";
import { type InferredValue, isConcrete } from "../shapes/inferred-value.js";

/**
 * Multiply-accumulate operations that a node's products take: convolutions, matrix products,
 * recurrent layers. Every other operator (element-wise, pooling, moving data) counts 0, and so do
 * biases. `null` when a size it depends on is not known.
 *
 * - `Conv`: output elements x (input channels / group) x kernel size.
 * - `ConvTranspose`: input elements x (output channels / group) x kernel size.
 * - `MatMul`, `Gemm`: output elements x inner size.
 * - `RNN`, `GRU`, `LSTM`: steps x batch x directions x gates x hidden x (input + hidden), with 1, 3
 *   or 4 gates.
 * - `Einsum` of two or more operands: the product of all index sizes.
 *
 * @param inputs What is known of the node's inputs, by position.
 * @param outputs What is known of its outputs.
 */
export function nodeMacs(
  node: Node,
  inputs: readonly (InferredValue | null | undefined)[],
  outputs: readonly InferredValue[],
): number | null {
  if (node.domain !== "") return 0;
  switch (node.opType) {
    case "Conv":
    case "ConvInteger":
    case "DeformConv":
      return convolutionMacs(outputs[0]?.shape, inputs[1]?.shape);
    case "QLinearConv":
      return convolutionMacs(outputs[0]?.shape, inputs[3]?.shape);
    case "ConvTranspose":
      return convolutionMacs(inputs[0]?.shape, inputs[1]?.shape);
    case "MatMul":
    case "MatMulInteger":
    case "QLinearMatMul":
      return multiply(outputs[0]?.shape, [inputs[0]?.shape?.at(-1) ?? null]);
    case "Gemm": {
      const transposed = Number(node.attributes.get("transA")?.value ?? 0) !== 0;
      return multiply(outputs[0]?.shape, [inputs[0]?.shape?.[transposed ? 0 : 1] ?? null]);
    }
    case "RNN":
    case "GRU":
    case "LSTM": {
      // W [directions, gates hidden, input] and R [directions, gates hidden, hidden] each step.
      const x = inputs[0]?.shape;
      const steps = x === undefined || x === null ? null : x.slice(0, 2);
      const fromInput = multiply(steps, inputs[1]?.shape);
      const fromState = multiply(steps, inputs[2]?.shape);
      return fromInput === null || fromState === null ? null : fromInput + fromState;
    }
    case "Einsum":
      return inputs.length < 2 ? 0 : einsumMacs(node, inputs);
    default:
      return 0;
  }
}

// Each element of `positions` [n, c, ...] meets one filter [1, c / group, ...] of the weights.
function convolutionMacs(
  positions: readonly Dim[] | null | undefined,
  weights: readonly Dim[] | null | undefined,
): number | null {
  return multiply(positions, weights?.slice(1));
}

function multiply(
  a: readonly Dim[] | null | undefined,
  b: readonly Dim[] | null | undefined,
): number | null {
  if (!a || !b || !isConcrete(a) || !isConcrete(b)) return null;
  return sizeOf(a) * sizeOf(b);
}

function einsumMacs(
  node: Node,
  inputs: readonly (InferredValue | null | undefined)[],
): number | null {
  const equation = stringAttribute(node, "equation", "").replaceAll(" ", "");
  const terms = equation.split("->")[0]!.split(",");
  if (equation.includes("...")) return null;
  const sizes = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    const shape = inputs[i]?.shape;
    if (!shape || !isConcrete(shape)) return null;
    for (const [axis, letter] of [...term].entries()) {
      sizes.set(letter, Math.max(sizes.get(letter) ?? 1, shape[axis] ?? 1));
    }
  }
  return sizeOf([...sizes.values()]);
}
