import type { Task } from "../tasks/task.js";
import { checkCompat } from "./check-compat.js";
import type { Policy, ReadyQueue } from "./policy.js";
import { createPremaQueue } from "./prema-queue.js";
import { createScanQueue } from "./scan-queue.js";

/** Options of {@link prema} and {@link premaSparse}. */
export interface PremaOptions {
  /**
   * `"reference"` counts tokens as the reference does: the waiting of a task again at every decision, the largest
   * token among those that had one already, and, for the sparse kind, the sparsity of the task admitted last for all.
   * @default "fixed"
   */
  compat?: "fixed" | "reference";
}

/**
 * PREMA: a task gets its priority in tokens and earns priority times waiting over its time alone; among those at
 * or above the level (1, 3 or 9) that the largest token reaches, the one with the least remaining time runs (Choi
 * and Rhu, HPCA 2020, in the form of the Sparse-DySta simulator). Every stretch of waiting counts once.
 *
 * A decision costs O(log n): the moment when a waiting task reaches the next level is known when it is put in.
 */
export function prema(options: PremaOptions = {}): Policy {
  return createPrema("prema", "model", false, options);
}

/** {@link prema} with the averages of the model's sparsity pattern, corrected by the sparsity of the layers that ran. */
export function premaSparse(options: PremaOptions = {}): Policy {
  return createPrema("prema-sparse", "pattern", true, options);
}

function createPrema(
  name: string,
  averages: Policy["averages"],
  watchesSparsity: boolean,
  { compat = "fixed" }: PremaOptions,
): Policy {
  checkCompat(name, compat);
  return {
    name,
    averages,
    watchesSparsity,
    createQueue: compat === "reference" ? createReferenceQueue : createPremaQueue,
  };
}

function createReferenceQueue(): ReadyQueue {
  const tokens = new WeakMap<Task, number>();
  return createScanQueue((waiting, now) => {
    let most = 0;
    for (const task of waiting) {
      const { priority, ratio, isolated, lastRun } = task;
      const before = tokens.get(task);
      if (before === undefined) {
        tokens.set(task, priority);
      } else {
        const token = before + (priority * (now - lastRun)) / (ratio * isolated);
        tokens.set(task, token);
        if (token > most) most = token;
      }
    }
    const level = most >= 9 ? 9 : most >= 3 ? 3 : 1;
    const { ratio } = waiting.at(-1)!; // the one that the loop ended with, for all
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < waiting.length; i++) {
      const task = waiting[i]!;
      if (tokens.get(task)! < level || !(ratio * task.remaining < least)) continue;
      least = ratio * task.remaining;
      best = i;
    }
    return best;
  });
}
