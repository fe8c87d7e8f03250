import type { Task } from "../tasks/task.js";
import { KeyHeap } from "./key-heap.js";
import type { ReadyQueue } from "./policy.js";

/**
 * A queue for policies whose order of two waiting tasks never changes while they wait: the smallest key runs
 * first, and among equal keys the task that was admitted first. Putting and taking cost O(log n), removing O(n).
 *
 * @example
 * const longestFirst: Policy = {
 *   name: "longest-first", averages: "model", watchesSparsity: false,
 *   createQueue: () => createHeapQueue((task) => -task.remaining),
 * };
 *
 * @param keyOf the key of a task that is put in; it must not depend on what changes while the task waits
 */
export function createHeapQueue(keyOf: (task: Task, now: number) => number): ReadyQueue {
  const heap = new KeyHeap<Task>();
  return {
    get size() {
      return heap.size;
    },
    put: (task, now) => heap.push(keyOf(task, now), task.id, task),
    take: () => heap.pop(),
    remove: (task) => heap.remove(task),
  };
}
