import { createHeapQueue } from "./heap-queue.js";
import type { Policy } from "./policy.js";

/** First come, first served: the task that arrived first runs until it ends. */
export function fcfs(): Policy {
  return {
    name: "fcfs",
    averages: "model",
    watchesSparsity: false,
    createQueue: () => createHeapQueue(({ arrival }) => arrival),
  };
}
