import { ValidationError } from "@edgewright/core";
import type { Node } from "../model/model.js";

/**
 * Nodes in an order in which each comes after those it depends on; among the possible orders the
 * one closest to the given (Kahn's algorithm with the lowest index first).
 *
 * @param dependencies For each node the indices of the nodes whose outputs it needs.
 * @throws ValidationError naming a node of a cycle.
 */
export function sortNodes(
  nodes: readonly Node[],
  dependencies: readonly (readonly number[])[],
): readonly Node[] {
  if (dependencies.every((needs, index) => needs.every((producer) => producer < index))) {
    return nodes;
  }
  const consumers: number[][] = nodes.map(() => []);
  const missing = dependencies.map((needs, index) => {
    for (const producer of needs) consumers[producer]!.push(index);
    return needs.length;
  });
  const ready = new MinHeap();
  missing.forEach((count, index) => {
    if (count === 0) ready.push(index);
  });
  const sorted: Node[] = [];
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    sorted.push(nodes[index]!);
    for (const consumer of consumers[index]!) {
      if (--missing[consumer]! === 0) ready.push(consumer);
    }
  }
  if (sorted.length < nodes.length) throw cycleError(nodes, dependencies, missing);
  return sorted;
}

// Walking back from any node that never became ready must come round to a node seen before.
function cycleError(
  nodes: readonly Node[],
  dependencies: readonly (readonly number[])[],
  missing: readonly number[],
): ValidationError {
  const seen = new Set<number>();
  let index = missing.findIndex((count) => count > 0);
  while (!seen.has(index)) {
    seen.add(index);
    index = dependencies[index]!.find((producer) => missing[producer]! > 0)!;
  }
  const { name, opType } = nodes[index]!;
  return new ValidationError(
    `validateModel: ${opType} "${name}" needs its own output: the graph has a cycle`,
    { where: name },
  );
}

/** A binary heap of indices, smallest first. */
class MinHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let child = items.push(item) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (items[parent]! <= item) break;
      items[child] = items[parent]!;
      child = parent;
    }
    items[child] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= last) break;
      items[parent] = items[child]!;
      parent = child;
    }
    items[parent] = last;
    return top;
  }
}
