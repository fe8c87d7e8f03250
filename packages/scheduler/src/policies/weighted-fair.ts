import type { Task } from "../tasks/task.js";
import { createHeapQueue } from "./heap-queue.js";
import type { Policy } from "./policy.js";

/** Options of {@link weightedFair}. */
export interface WeightedFairOptions {
  /** Share of a task beside the others, above 0. @default its priority */
  weightOf?: (task: Task) => number;
}

/**
 * Weighted fair sharing in virtual time: every layer moves its task's virtual time on by the layer's average
 * latency over the task's weight, and the task that is least far runs next. A new task starts where the one that
 * was served last had begun (start-time fair queueing: Goyal, Vin and Cheng, SIGCOMM 1996), so waiting earns no
 * credit, and none starves.
 */
export function weightedFair(options: WeightedFairOptions = {}): Policy {
  const { weightOf = (task: Task) => task.priority } = options;
  return {
    name: "weighted-fair",
    averages: "pattern",
    watchesSparsity: false,
    createQueue() {
      const virtualTimes = new WeakMap<Task, number>();
      let current = 0;
      const queue = createHeapQueue((task) => {
        const time = virtualTimes.get(task) ?? current;
        virtualTimes.set(task, time);
        return time;
      });
      return {
        get size() {
          return queue.size;
        },
        put: queue.put,
        take(now) {
          const task = queue.take(now);
          if (task === undefined) return undefined;
          current = Math.max(current, virtualTimes.get(task)!);
          virtualTimes.set(task, virtualTimes.get(task)! + task.nextLatency / weightOf(task));
          return task;
        },
        remove: queue.remove,
      };
    },
  };
}
