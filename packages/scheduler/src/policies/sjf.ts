import { createHeapQueue } from "./heap-queue.js";
import type { Policy } from "./policy.js";

/** Shortest job first, pre-emptive: the least remaining time by the averages of the model. */
export function sjf(): Policy {
  return {
    name: "sjf",
    averages: "model",
    watchesSparsity: false,
    createQueue: () => createHeapQueue(({ remaining }) => remaining),
  };
}

/**
 * Shortest job first that knows sparsity: the averages are those of the model's pattern, corrected by the sparsity
 * of the layers that ran.
 */
export function sjfSparse(): Policy {
  return {
    name: "sjf-sparse",
    averages: "pattern",
    watchesSparsity: true,
    createQueue: () => createHeapQueue(({ ratio, remaining }) => ratio * remaining),
  };
}
