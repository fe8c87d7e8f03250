import { EdgewrightError, type Tensor } from "@edgewright/core";
import type { Node } from "../model/model.js";
import { evaluateNode } from "../operators/interpreter.js";
import { hostOperator } from "../operators/operator-registry.js";
import { capturedValues } from "./graph-editor.js";
import type { Rewrite } from "./rewrite.js";

/** Values larger than this are computed when the model runs, not kept from its creation on. */
const MAX_FOLDED_BYTES = 2 ** 26;

/** Computes once what depends on constants only. */
export const foldConstants: Rewrite = ({ editor, opsets }) => {
  for (const node of editor.nodes()) {
    const results = evaluateConstant(node, opsets, (name) => editor.constant(name));
    if (results === undefined) continue;
    editor.remove(node);
    for (const [i, name] of node.outputs.entries()) {
      if (name !== "") editor.makeConstant(name, results[i]!);
    }
  }
};

/**
 * The outputs of a node whose inputs are all constants; `undefined` where one is not, where the result
 * would be large, or where computing it fails (the failure then shows when the model runs).
 */
export function evaluateConstant(
  node: Node,
  opsets: ReadonlyMap<string, number>,
  constant: (name: string) => Tensor | undefined,
): readonly Tensor[] | undefined {
  if (node.opType === "Constant") {
    const value = node.attributes.get("value");
    if (value?.type === "tensor") return [value.value];
  }
  const inputs: (Tensor | null)[] = [];
  for (const name of node.inputs) {
    const value = name === "" ? null : constant(name);
    if (value === undefined) return undefined;
    inputs.push(value);
  }
  if (isRandom(node.opType) || capturesVariables(node, constant)) return undefined;
  if (hostOperator(node.domain, node.opType, opsets.get(node.domain) ?? 1) === undefined) {
    return undefined;
  }
  const scope = new Map<string, Tensor>();
  for (const name of capturedValues(node)) scope.set(name, constant(name)!);
  try {
    const results = evaluateNode(node, opsets, inputs, {
      scope,
      maxOutputBytes: MAX_FOLDED_BYTES,
      maxIterations: 1000,
    });
    const complete = node.outputs.every((name, i) => name === "" || results[i]);
    return complete ? results.map((result) => result as Tensor) : undefined;
  } catch (error) {
    if (EdgewrightError.isInstance(error)) return undefined;
    throw error;
  }
}

function capturesVariables(node: Node, constant: (name: string) => Tensor | undefined): boolean {
  return capturedValues(node).some((name) => constant(name) === undefined);
}

function isRandom(opType: string): boolean {
  return opType.startsWith("Random") || opType === "Multinomial" || opType === "Bernoulli";
}
