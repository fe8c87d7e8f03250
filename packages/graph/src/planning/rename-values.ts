import type { Attribute, Graph, Node } from "../model/model.js";

/** A copy of a node with some values called differently, inside its subgraphs as well. */
export function renameValues(node: Node, names: ReadonlyMap<string, string>): Node {
  if (names.size === 0) return node;
  const rename = (name: string): string => names.get(name) ?? name;
  const attributes = new Map<string, Attribute>();
  for (const [key, attribute] of node.attributes) {
    attributes.set(
      key,
      attribute.type === "graph"
        ? { type: "graph", value: renameCaptured(attribute.value, names) }
        : attribute,
    );
  }
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes,
  };
}

// What the subgraph defines itself hides an outer value of the same name.
function renameCaptured(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const visible = new Map(names);
  for (const { name } of graph.inputs) visible.delete(name);
  for (const name of graph.initializers.keys()) visible.delete(name);
  for (const node of graph.nodes) for (const name of node.outputs) visible.delete(name);
  if (visible.size === 0) return graph;
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameValues(node, visible)),
    outputs: graph.outputs.map((output) => ({
      ...output,
      name: visible.get(output.name) ?? output.name,
    })),
  };
}
