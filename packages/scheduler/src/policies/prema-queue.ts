import type { Task } from "../tasks/task.js";
import { KeyHeap } from "./key-heap.js";
import type { ReadyQueue } from "./policy.js";

/** Tokens from which a task counts as one of the most urgent, and below them. */
const LEVELS = [0, 1, 3, 9] as const;

/** A task that waits; those that left, or rose, stay in a heap until they come to its top. */
interface Waiting {
  readonly task: Task;
  readonly remaining: number;
  /** Tokens when it was put in. */
  readonly tokens: number;
  /** What it earns in a second. */
  readonly rate: number;
  level: number;
  here: boolean;
}

/** When the tokens of a waiting task reach a level. */
export function reachesLevelAt(tokens: number, rate: number, level: number, since: number): number {
  return tokens >= level ? since : since + (level - tokens) / rate;
}

/** PREMA's queue: a heap by remaining time for every level, and one of the moments when tasks rise. */
export function createPremaQueue(): ReadyQueue {
  const tokens = new WeakMap<Task, number>(); // of those that do not wait
  const waiting = new Map<Task, Waiting>();
  let heaps = LEVELS.map(() => new KeyHeap<Waiting>());
  let rises = new KeyHeap<Waiting>();
  let entries = 0; // pushed since the heaps were swept

  const rise = (entry: Waiting, now: number): void => {
    const { task, remaining, rate } = entry;
    const next = (level: number): number =>
      reachesLevelAt(entry.tokens, rate, LEVELS[level]!, task.lastRun);
    while (entry.level + 1 < LEVELS.length && next(entry.level + 1) <= now) entry.level++;
    heaps[entry.level]!.push(remaining, task.id, entry);
    if (entry.level + 1 < LEVELS.length) rises.push(next(entry.level + 1), task.id, entry);
  };

  // Lower levels may not come to their top for long: drops what left or rose before it outweighs what waits.
  const sweep = (now: number): void => {
    heaps = LEVELS.map(() => new KeyHeap());
    rises = new KeyHeap();
    entries = waiting.size;
    for (const entry of waiting.values()) rise(entry, now);
  };

  const leave = (entry: Waiting): void => {
    entry.here = false;
    waiting.delete(entry.task);
  };

  return {
    get size() {
      return waiting.size;
    },
    put(task, now) {
      const { priority, ratio, remaining, isolated } = task;
      const entry: Waiting = {
        task,
        remaining: ratio * remaining,
        tokens: tokens.get(task) ?? priority,
        // Of a task that takes no time: finite, so that no waiting at all still earns nothing.
        rate: Math.min(Number.MAX_VALUE, priority / (ratio * isolated)),
        level: 0,
        here: true,
      };
      waiting.set(task, entry);
      if (++entries > 64 + 4 * waiting.size) sweep(now);
      else rise(entry, now);
    },
    take(now) {
      while (rises.firstKey <= now) {
        const entry = rises.pop()!;
        if (entry.here) rise(entry, now);
      }
      for (let level = LEVELS.length - 1; level >= 0; level--) {
        const heap = heaps[level]!;
        while (heap.size > 0) {
          const entry = heap.pop()!;
          if (!entry.here || entry.level !== level) continue;
          leave(entry);
          const { task, rate } = entry;
          tokens.set(task, entry.tokens + rate * (now - task.lastRun));
          return task;
        }
      }
      return undefined;
    },
    remove(task) {
      const entry = waiting.get(task);
      if (entry !== undefined) leave(entry);
      return entry !== undefined;
    },
  };
}
