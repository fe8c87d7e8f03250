import type { Graph, Node } from "../model/model.js";
import { isStandard } from "../optimize/internal-nodes.js";

/**
 * Inputs that alone decide which branch of an `If` is taken: small integers and booleans such as a
 * sample rate.
 *
 * A session plans for their values, not only for their shapes: then the branch is known when the plan is
 * made, and its layers run on kernels like all others.
 */
export function findControlInputs(graph: Graph): Set<string> {
  const candidates = new Set(
    graph.inputs
      .filter(({ dtype, shape }) => isDiscrete(dtype) && shape !== null && isSmall(shape))
      .map(({ name }) => name),
  );
  const controls = new Set<string>();
  if (candidates.size === 0) return controls;
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) producers.set(name, node);
  for (const node of graph.nodes) {
    if (!isStandard(node, "If")) continue;
    const found = new Set<string>();
    if (dependsOnlyOn(node.inputs[0] ?? "", candidates, graph, producers, found)) {
      for (const name of found) controls.add(name);
    }
  }
  return controls;
}

function dependsOnlyOn(
  value: string,
  candidates: ReadonlySet<string>,
  graph: Graph,
  producers: ReadonlyMap<string, Node>,
  found: Set<string>,
): boolean {
  const seen = new Set<string>();
  const pending = [value];
  while (pending.length > 0) {
    const name = pending.pop()!;
    if (name === "" || seen.has(name) || graph.initializers.has(name)) continue;
    seen.add(name);
    if (candidates.has(name)) {
      found.add(name);
      continue;
    }
    const producer = producers.get(name);
    if (producer === undefined) return false;
    // A shape is known whatever the value is.
    if (isStandard(producer, "Shape", "Size")) continue;
    pending.push(...producer.inputs);
  }
  return true;
}

function isDiscrete(dtype: string | null): boolean {
  return dtype === "bool" || dtype === "i32" || dtype === "i64";
}

// A scalar, or one element along each axis.
function isSmall(shape: readonly (number | string | null)[]): boolean {
  return shape.every((dim) => dim === 1);
}
