import type { Task } from "../tasks/task.js";
import type { ReadyQueue } from "./policy.js";

/**
 * A queue for any policy at all: looks at every waiting task before every layer, which costs O(n) a decision. The
 * right one for a first version of a policy, and what a faster queue is held against.
 *
 * @example
 * const leastSlack: Policy = {
 *   name: "least-slack", averages: "model", watchesSparsity: false,
 *   createQueue: () => createScanQueue(minimize((task, now) => task.deadline - now)),
 * };
 *
 * @param choose index of the task to run, given all that wait (at least one) in order of admission
 */
export function createScanQueue(
  choose: (waiting: readonly Task[], now: number) => number,
): ReadyQueue {
  const waiting: Task[] = []; // by id
  return {
    get size() {
      return waiting.length;
    },
    put(task) {
      waiting.splice(placeOf(waiting, task.id), 0, task);
    },
    take(now) {
      if (waiting.length === 0) return undefined;
      return waiting.splice(choose(waiting, now), 1)[0];
    },
    remove(task) {
      const at = placeOf(waiting, task.id);
      if (waiting[at] !== task) return false;
      waiting.splice(at, 1);
      return true;
    },
  };
}

/**
 * The choice, for {@link createScanQueue}, of the task with the smallest score; the first admitted of equals.
 *
 * @param score of a task; `count` tasks wait, it among them
 */
export function minimize(
  score: (task: Task, now: number, count: number) => number,
): (waiting: readonly Task[], now: number) => number {
  return (waiting, now) => {
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < waiting.length; i++) {
      const value = score(waiting[i]!, now, waiting.length);
      if (value < least) {
        least = value;
        best = i;
      }
    }
    return best;
  };
}

// Where a task with this id is, or belongs.
function placeOf(waiting: readonly Task[], id: number): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (waiting[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
