import { EdgewrightError } from "@edgewright/core";
import type { Task } from "../tasks/task.js";
import { checkCompat } from "./check-compat.js";
import type { Policy, ReadyQueue } from "./policy.js";
import { createScanQueue, minimize } from "./scan-queue.js";

/** Options of {@link sdrm3}. */
export interface Sdrm3Options {
  /** Weight of waiting beside urgency. @default 1 */
  alpha?: number;
  /** `"reference"` lets the urgency of a late task be negative, as the reference does. @default "fixed" */
  compat?: "fixed" | "reference";
}

/**
 * The map score of SDRM3 (later DREAM), on one kind of accelerator: the largest sum of urgency, remaining time over
 * slack up to 1, and alpha times starvation, the waiting since its last layer over the latency of its next (Kim,
 * Kwon, Song, Jo, Chen, Lai, Chandra: SDRM3, 2022, in the form of the Sparse-DySta simulator). A late task is as
 * urgent as can be; the reference gives it a negative urgency.
 *
 * A decision costs O(c) for c kinds of waiting tasks: same model, same next layer, in order of waiting and deadline.
 */
export function sdrm3(options: Sdrm3Options = {}): Policy {
  const { alpha = 1, compat = "fixed" } = options;
  checkCompat("sdrm3", compat);
  if (!(alpha >= 0 && alpha < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `sdrm3: alpha must be a number from 0, got ${alpha}`,
    );
  }
  const score = compat === "reference" ? referenceScore(alpha) : fixedScore(alpha);
  return {
    name: "sdrm3",
    averages: "model",
    watchesSparsity: false,
    createQueue: () =>
      compat === "reference"
        ? createScanQueue(minimize((task, now) => -score(task, now)))
        : createChainQueue(score),
  };
}

type Score = (task: Task, now: number) => number;

/** The score of the default: urgency within 0 and 1. */
function fixedScore(alpha: number): Score {
  return (task, now) => {
    const slack = task.deadline - now;
    const urgency = slack > 0 ? Math.min(1, task.remaining / slack) : 1;
    return urgency + alpha * starvation(task, now);
  };
}

function referenceScore(alpha: number): Score {
  return (task, now) => {
    const urgency = Math.min(1, task.remaining / (task.deadline - now));
    return urgency + alpha * starvation(task, now);
  };
}

// Layers that take no time would starve at once, and without measure.
function starvation({ lastRun, nextLatency }: Task, now: number): number {
  return nextLatency > 0 ? (now - lastRun) / nextLatency : 0;
}

/**
 * Tasks of one remaining time and next latency, oldest and most urgent first, so that no task behind has a larger
 * score, rounding and all.
 */
interface Chain {
  readonly tasks: Task[];
  head: number;
}

/** Takes what a scan for the largest score would take, from the heads of chains. */
function createChainQueue(score: Score): ReadyQueue {
  const kinds = new Map<number, Chain[]>(); // by the remaining time
  let size = 0;

  const put = (task: Task): void => {
    size++;
    const chains = kinds.get(task.remaining);
    if (chains === undefined) {
      kinds.set(task.remaining, [{ tasks: [task], head: 0 }]);
      return;
    }
    for (const chain of chains) {
      if (!follows(task, chain.tasks.at(-1)!)) continue;
      chain.tasks.push(task);
      return;
    }
    chains.push({ tasks: [task], head: 0 });
  };

  const removeAt = (chain: Chain, at: number): void => {
    size--;
    if (at !== chain.head) chain.tasks.splice(at, 1);
    else chain.head++;
    if (chain.head >= 32 && chain.head * 2 >= chain.tasks.length) {
      chain.tasks.splice(0, chain.head);
      chain.head = 0;
    }
    if (chain.head === chain.tasks.length) forget(chain);
  };
  const forget = (empty: Chain): void => {
    for (const [remaining, chains] of kinds) {
      const at = chains.indexOf(empty);
      if (at < 0) continue;
      if (chains.length === 1) kinds.delete(remaining);
      else chains.splice(at, 1);
      return;
    }
  };

  return {
    get size() {
      return size;
    },
    put,
    take(now) {
      let best: Task | undefined;
      let bestChain: Chain | undefined;
      let bestAt = 0;
      let most = -Infinity;
      for (const chains of kinds.values()) {
        for (const chain of chains) {
          // Rounding can make those behind the head its equals: then the first admitted counts.
          let above = -Infinity;
          for (let i = chain.head; i < chain.tasks.length; i++) {
            const task = chain.tasks[i]!;
            const value = score(task, now);
            if (value < above || value < most) break;
            above = value;
            if (value === most && best !== undefined && best.id < task.id) continue;
            [best, bestChain, bestAt, most] = [task, chain, i, value];
          }
        }
      }
      if (bestChain !== undefined) removeAt(bestChain, bestAt);
      return best;
    },
    remove(task) {
      for (const chain of kinds.get(task.remaining) ?? []) {
        const at = chain.tasks.indexOf(task, chain.head);
        if (at < 0) continue;
        removeAt(chain, at);
        return true;
      }
      return false;
    },
  };
}

function follows(task: Task, last: Task): boolean {
  return (
    task.nextLatency === last.nextLatency &&
    task.lastRun >= last.lastRun &&
    task.deadline >= last.deadline
  );
}
