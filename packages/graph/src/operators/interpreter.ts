import { type Tensor, throwIfAborted, UnsupportedError, ValidationError } from "@edgewright/core";
import type { Graph, Node } from "../model/model.js";
import type { OperatorContext } from "./host-operator.js";
import { hostOperator } from "./operator-registry.js";

/** Options of {@link interpretGraph} and {@link evaluateNode}. */
export interface InterpretOptions {
  /** Values of surrounding graphs that this graph may name. @default none */
  scope?: ReadonlyMap<string, Tensor> | undefined;
  /** Checked before every node. @default none */
  signal?: AbortSignal | undefined;
  /** Most bytes one output may take. @default 2 GiB */
  maxOutputBytes?: number | undefined;
  /** Most iterations of all loops together, nested ones included. @default 2 ** 20 */
  maxIterations?: number | undefined;
  /** Iterations so far, for several calls to count together. @default each call counts its own */
  iterations?: { count: number } | undefined;
}

/**
 * Runs a graph node by node with host operators only.
 *
 * Slow and obvious: the reference that the optimised session is compared with, and the evaluator
 * of constant expressions.
 *
 * @returns the graph's outputs by name, in order.
 * @throws UnsupportedError when an operator has no host function at the given opset.
 * @throws ValidationError when a value is missing.
 */
export function interpretGraph(
  graph: Graph,
  opsets: ReadonlyMap<string, number>,
  feeds: ReadonlyMap<string, Tensor>,
  options: InterpretOptions = {},
): Map<string, Tensor> {
  const values = runNodes(graph, opsets, feeds, options);
  return new Map(graph.outputs.map(({ name }) => [name, requireOutput(values, name)]));
}

function runNodes(
  graph: Graph,
  opsets: ReadonlyMap<string, number>,
  feeds: ReadonlyMap<string, Tensor>,
  options: InterpretOptions,
): Map<string, Tensor> {
  const values = new Map<string, Tensor>(options.scope ?? []);
  for (const [name, tensor] of graph.initializers) values.set(name, tensor);
  for (const [name, tensor] of feeds) values.set(name, tensor);
  for (const node of graph.nodes) {
    throwIfAborted(options.signal, node.name);
    const inputs = node.inputs.map((name) => (name === "" ? null : lookUp(values, name, node)));
    const results = evaluateNode(node, opsets, inputs, { ...options, scope: values });
    for (const [i, name] of node.outputs.entries()) {
      const result = results[i];
      if (name !== "" && result) values.set(name, result);
    }
  }
  return values;
}

function requireOutput(values: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw new ValidationError(`interpretGraph: nothing computes the graph output "${name}"`);
}

/**
 * Runs one node on the host, its subgraphs included.
 *
 * @throws UnsupportedError when the operator has no host function at the given opset.
 */
export function evaluateNode(
  node: Node,
  opsets: ReadonlyMap<string, number>,
  inputs: readonly (Tensor | null)[],
  options: InterpretOptions = {},
): readonly (Tensor | null)[] {
  const opset = opsets.get(node.domain) ?? 1;
  const run = hostOperator(node.domain, node.opType, opset);
  if (run === undefined) {
    const domain = node.domain === "" ? "" : ` of domain "${node.domain}"`;
    throw new UnsupportedError(
      `${node.opType} "${node.name}": no operator ${node.opType}${domain} at opset ${opset}`,
      { where: node.name },
    );
  }
  const iterations = options.iterations ?? { count: 0 };
  const context: OperatorContext = {
    node,
    opset,
    outputCount: node.outputs.length,
    maxOutputBytes: options.maxOutputBytes,
    maxIterations: options.maxIterations,
    iterations,
    signal: options.signal,
    runGraph(graph, subgraphFeeds) {
      const named = new Map<string, Tensor>();
      for (const [i, input] of graph.inputs.entries()) {
        const feed = subgraphFeeds[i];
        if (feed) named.set(input.name, feed);
      }
      const values = runNodes(graph, opsets, named, { ...options, iterations });
      // By position: a subgraph may give one value twice.
      return graph.outputs.map(({ name }) => requireOutput(values, name));
    },
  };
  return run(inputs, context);
}

function lookUp(values: ReadonlyMap<string, Tensor>, name: string, node: Node): Tensor {
  const value = values.get(name);
  if (value === undefined) {
    throw new ValidationError(
      `${node.opType} "${node.name}": nothing computes its input "${name}"`,
      { where: node.name },
    );
  }
  return value;
}
