import { EdgewrightError, ValidationError } from "@edgewright/core";
import type { Attribute, Graph, Model, Node } from "../model/model.js";
import { MAX_GRAPH_DEPTH, MAX_NODES } from "../onnx/limits.js";
import { sortNodes } from "./sort-nodes.js";

/**
 * Checks that a model hangs together and returns it with the nodes of every graph in topological
 * order: each value has one producer, each value a node reads exists (inside the graph, or in a
 * graph around it), no node waits for itself, node names are unique.
 *
 * Nodes that are in order already keep their order.
 *
 * @throws ValidationError whose `where` names the node or value at fault.
 * @throws EdgewrightError with code `limit-exceeded` for too many nodes or too deep nesting.
 */
export function validateModel(model: Model): Model {
  const state: ValidateState = { nodeNames: new Set(), free: new Map() };
  const graph = validateGraph(model.graph, [], state);
  const [missing] = state.free.get(graph) ?? [];
  if (missing !== undefined) throw undefinedValue(...missing);
  return graph === model.graph ? model : { ...model, graph };
}

interface ValidateState {
  readonly nodeNames: Set<string>;
  /** Values that a graph takes from around it, and a node that reads each. */
  readonly free: Map<Graph, ReadonlyMap<string, Node | null>>;
}

function validateGraph(graph: Graph, path: readonly string[], state: ValidateState): Graph {
  if (path.length >= MAX_GRAPH_DEPTH) {
    throw new EdgewrightError(
      "limit-exceeded",
      `validateModel: subgraphs are nested more than ${MAX_GRAPH_DEPTH} deep at ${path.join(" > ")}`,
      { where: path[path.length - 1]! },
    );
  }
  const defined = new Map<string, number>();
  const free = new Map<string, Node | null>();
  for (const input of graph.inputs) define(defined, input.name, -1, "graph input");
  for (const name of graph.initializers.keys()) define(defined, name, -1, "initialiser");
  const nodes = graph.nodes.map((node) => validateSubgraphs(node, path, state));
  nodes.forEach((node, index) => {
    if (state.nodeNames.has(node.name)) {
      throw new ValidationError(`validateModel: two nodes are called "${node.name}"`, {
        where: node.name,
      });
    }
    if (state.nodeNames.size >= MAX_NODES) {
      throw new EdgewrightError("limit-exceeded", `validateModel: more than ${MAX_NODES} nodes`);
    }
    state.nodeNames.add(node.name);
    for (const output of node.outputs) {
      if (output !== "") define(defined, output, index, node);
    }
  });
  const dependencies = nodes.map((node) => {
    const producers: number[] = [];
    const need = (name: string): void => {
      const producer = defined.get(name);
      if (producer === undefined) {
        if (!free.has(name)) free.set(name, node);
      } else if (producer >= 0) producers.push(producer);
    };
    for (const input of node.inputs) if (input !== "") need(input);
    for (const subgraph of subgraphsOf(node)) {
      for (const name of state.free.get(subgraph)?.keys() ?? []) need(name);
    }
    return producers;
  });
  for (const output of graph.outputs) {
    if (!defined.has(output.name) && !free.has(output.name)) free.set(output.name, null);
  }
  const sorted = sortNodes(nodes, dependencies);
  const isChanged = sorted.some((node, index) => node !== graph.nodes[index]);
  const result = isChanged ? { ...graph, nodes: sorted } : graph;
  state.free.set(result, free);
  return result;
}

function validateSubgraphs(node: Node, path: readonly string[], state: ValidateState): Node {
  let attributes: Map<string, Attribute> | undefined;
  for (const [name, attribute] of node.attributes) {
    if (attribute.type !== "graph") continue;
    const value = validateGraph(attribute.value, [...path, node.name], state);
    if (value === attribute.value) continue;
    attributes ??= new Map(node.attributes);
    attributes.set(name, { type: "graph", value });
  }
  return attributes === undefined ? node : { ...node, attributes };
}

/** The graphs in a node's attributes: branches of `If`, the body of `Loop` or `Scan`. */
export function subgraphsOf(node: Node): Graph[] {
  const graphs: Graph[] = [];
  for (const attribute of node.attributes.values()) {
    if (attribute.type === "graph") graphs.push(attribute.value);
  }
  return graphs;
}

function define(
  defined: Map<string, number>,
  name: string,
  producer: number,
  by: string | Node,
): void {
  if (defined.has(name)) {
    throw new ValidationError(
      `validateModel: value "${name}" is defined twice, the second time by ${
        typeof by === "string" ? by : `node "${by.name}"`
      }`,
      { where: name },
    );
  }
  defined.set(name, producer);
}

function undefinedValue(name: string, reader: Node | null): ValidationError {
  return reader === null
    ? new ValidationError(
        `validateModel: graph output "${name}" is made by no node, input or initialiser`,
        { where: name },
      )
    : new ValidationError(
        `validateModel: ${reader.opType} "${reader.name}" reads "${name}", which no node, input or initialiser defines`,
        { where: reader.name },
      );
}
