import { createHeapQueue } from "./heap-queue.js";
import type { Policy } from "./policy.js";

/**
 * Least laxity first: the task that can wait for the shortest time and still meet its deadline, by the remaining
 * time that its pattern and the sparsity of its layers predict (Mok, MIT 1983). While tasks wait their laxities
 * shrink alike, so that their order stands.
 */
export function leastLaxity(): Policy {
  return {
    name: "least-laxity",
    averages: "pattern",
    watchesSparsity: true,
    createQueue: () =>
      createHeapQueue(({ deadline, ratio, remaining }) => deadline - ratio * remaining),
  };
}
