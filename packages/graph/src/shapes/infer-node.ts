import type { Dim, Graph, Node } from "../model/model.js";
import { MAX_RANK, MAX_TENSOR_ELEMENTS } from "../onnx/limits.js";
import { type InferredValue, unknownValue } from "./inferred-value.js";
import { shapeRule } from "./rule-registry.js";
import { beyondLimit, formatShape, type RuleContext, shapeMismatch } from "./shape-rule.js";

/** How {@link inferNode} reaches into subgraphs. */
export interface InferenceScope {
  /** Infers a subgraph whose inputs have these values; the result is its outputs by position. */
  inferGraph(graph: Graph, inputs: readonly InferredValue[]): readonly InferredValue[];
}

/**
 * Types, shapes and (for shape computations) contents of a node's outputs from those of its inputs.
 *
 * Operators outside the standard set, and those without a rule, give outputs of which nothing is known.
 *
 * @param inputs By position; `null` for an absent optional input.
 * @param opset Operator-set version of the node's domain.
 * @param scope Needed for nodes with subgraphs; without it nothing is known of their results.
 * @returns one value for each of `node.outputs`.
 * @throws ShapeError, ValidationError or UnsupportedError whose `where` is the node's name.
 */
export function inferNode(
  node: Node,
  inputs: readonly (InferredValue | null | undefined)[],
  opset: number,
  scope?: InferenceScope,
): InferredValue[] {
  const rule = node.domain === "" ? shapeRule(node.opType) : undefined;
  if (rule === undefined) return node.outputs.map(unknownValue);
  const context: RuleContext = {
    node,
    opset,
    inferGraph: (graph, values) =>
      scope?.inferGraph(graph, values) ?? graph.outputs.map(unknownValue),
  };
  const outputs = rule(
    inputs.map((input) => input ?? undefined),
    context,
  );
  return node.outputs.map((_, i) => {
    const output = outputs[i] ?? unknownValue();
    if (output.shape !== null) checkShape(output.shape, context);
    return output;
  });
}

function checkShape(shape: readonly Dim[], context: RuleContext): void {
  if (shape.length > MAX_RANK) {
    throw beyondLimit(
      context,
      `its output would have ${shape.length} axes, the limit is ${MAX_RANK}`,
    );
  }
  let size = 1;
  for (const dim of shape) {
    if (typeof dim !== "number") continue;
    if (!Number.isInteger(dim) || dim < 0) {
      throw shapeMismatch(context, `its output would have the shape ${formatShape(shape)}`);
    }
    size *= dim;
  }
  if (size > MAX_TENSOR_ELEMENTS) {
    throw beyondLimit(
      context,
      `its output of shape ${formatShape(shape)} exceeds ${MAX_TENSOR_ELEMENTS} elements`,
    );
  }
}
