import type { Task } from "../tasks/task.js";
import { checkCompat } from "./check-compat.js";
import { KeyHeap } from "./key-heap.js";
import type { Policy, ReadyQueue } from "./policy.js";
import { createScanQueue } from "./scan-queue.js";

/** Options of {@link planaria}. */
export interface PlanariaOptions {
  /** `"reference"` keeps the reference's order of equals and of late tasks. @default "fixed" */
  compat?: "fixed" | "reference";
}

/**
 * Planaria's order of tasks, with the same share of the accelerator for each: the largest priority over the time to
 * the deadline (Ghodrati et al., MICRO 2020, in the form of the Sparse-DySta simulator). Tasks that are late wait
 * for the others and run by priority, then by deadline; the reference runs the one admitted last.
 *
 * A decision costs O(p + log n) for p different priorities.
 */
export function planaria(options: PlanariaOptions = {}): Policy {
  const { compat = "fixed" } = options;
  checkCompat("planaria", compat);
  return {
    name: "planaria",
    averages: "model",
    watchesSparsity: false,
    createQueue: () =>
      compat === "reference" ? createScanQueue(chooseAsReference) : createPlanariaQueue(),
  };
}

function chooseAsReference(waiting: readonly Task[], now: number): number {
  let best = 0;
  let most = -1;
  for (let i = 0; i < waiting.length; i++) {
    const task = waiting[i]!;
    const score = task.priority / (task.deadline - now);
    // A negative score so far, which is the first one's or that of a late task, gives way to whatever follows.
    if (most >= 0) {
      if (!(score >= most)) continue;
      if (score === most && waiting[best]!.arrival < task.arrival) continue;
    }
    best = i;
    most = score;
  }
  return best;
}

interface Level {
  readonly priority: number;
  /** Both by deadline. */
  readonly early: KeyHeap<Task>;
  readonly late: KeyHeap<Task>;
}

function createPlanariaQueue(): ReadyQueue {
  const levels: Level[] = []; // by priority, the greatest first
  let size = 0;

  const levelOf = (priority: number): Level => {
    let at = 0;
    while (at < levels.length && levels[at]!.priority > priority) at++;
    const known = levels[at];
    if (known?.priority === priority) return known;
    const created: Level = { priority, early: new KeyHeap(), late: new KeyHeap() };
    levels.splice(at, 0, created);
    return created;
  };

  const takeEarly = (now: number): Task | undefined => {
    let best: Level | undefined;
    let most = -Infinity;
    for (const level of levels) {
      const task = level.early.first;
      if (task === undefined) continue;
      const score = level.priority / (task.deadline - now);
      // Of equals the earlier deadline, then the greater priority, which comes first.
      if (score < most) continue;
      if (score === most && task.deadline >= best!.early.firstKey) continue;
      best = level;
      most = score;
    }
    return best?.early.pop();
  };

  return {
    get size() {
      return size;
    },
    put(task) {
      size++;
      levelOf(task.priority).early.push(task.deadline, task.id, task);
    },
    take(now) {
      if (size === 0) return undefined;
      size--;
      for (const { early, late } of levels) {
        while (early.size > 0 && early.firstKey <= now) {
          const task = early.pop()!;
          late.push(task.deadline, task.id, task);
        }
      }
      return takeEarly(now) ?? levels.find(({ late }) => late.size > 0)!.late.pop();
    },
    remove(task) {
      const { early, late } = levelOf(task.priority);
      const removed = early.remove(task) || late.remove(task);
      if (removed) size--;
      return removed;
    },
  };
}
