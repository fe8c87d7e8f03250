import { EdgewrightError } from "@edgewright/core";
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
 *
 * @throws EdgewrightError `invalid-argument`, where a task is put in, for a weight that is not above 0
 */
export function weightedFair(options: WeightedFairOptions = {}): Policy {
  const { weightOf = (task: Task) => task.priority } = options;
  return {
    name: "weighted-fair",
    averages: "pattern",
    watchesSparsity: false,
    createQueue() {
      const virtualTimes = new WeakMap<Task, number>();
      const weights = new WeakMap<Task, number>();
      let current = 0;
      const queue = createHeapQueue((task) => {
        const time = virtualTimes.get(task) ?? current;
        weights.set(task, checkWeight(weightOf(task)));
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
          virtualTimes.set(task, virtualTimes.get(task)! + task.nextLatency / weights.get(task)!);
          return task;
        },
        remove: queue.remove,
      };
    },
  };
}

function checkWeight(weight: number): number {
  if (weight > 0 && weight < Infinity) return weight;
  throw new EdgewrightError(
    "invalid-argument",
    `weightedFair: weightOf must give a number above 0, got ${weight}`,
  );
}
