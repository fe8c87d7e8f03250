import { createHeapQueue } from "./heap-queue.js";
import type { Policy } from "./policy.js";

/** Earliest deadline first; tasks without a deadline come last (Liu and Layland, JACM 1973). */
export function edf(): Policy {
  return {
    name: "edf",
    averages: "model",
    watchesSparsity: false,
    createQueue: () => createHeapQueue(({ deadline }) => deadline),
  };
}
