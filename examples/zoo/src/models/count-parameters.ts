import { sizeOf } from "@edgewright/core";
import type { Model } from "@edgewright/graph";

/** Trainable numbers of a model: its weights without the running statistics of batch norms. */
export function countParameters({ graph }: Model): number {
  const statistics = new Set(
    graph.nodes
      .filter(({ opType }) => opType === "BatchNormalization")
      .flatMap(({ inputs }) => inputs.slice(3, 5)),
  );
  let count = 0;
  for (const [name, { dtype, shape }] of graph.initializers) {
    if (dtype === "f32" && !statistics.has(name)) count += sizeOf(shape);
  }
  return count;
}
