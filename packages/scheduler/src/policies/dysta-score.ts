import type { Task } from "../tasks/task.js";

/** What the score of Dysta is made of. */
export interface DystaScore {
  readonly beta: number;
  /** Predicted time that is left of a task. */
  remainingOf(task: Task): number;
  /** Time of a task alone. */
  isolatedOf(task: Task): number;
}

/** R + beta (U + P), in the order of the reference implementation's arithmetic. */
export function scoreDysta(rule: DystaScore, task: Task, now: number, count: number): number {
  const remaining = rule.remainingOf(task);
  const slack = slackOf(task, now, remaining);
  const waited = waitedShare(now - task.lastRun, rule.isolatedOf(task)) / count;
  return remaining + rule.beta * (Math.max(0, slack) + waited);
}

/** Waiting over the time alone; 0 for a task that takes no time, which no waiting can be held against. */
export function waitedShare(waited: number, isolated: number): number {
  return isolated > 0 ? waited / isolated : 0;
}

/** Time to spare before the deadline; 0 without a deadline. */
export function slackOf({ deadline }: Task, now: number, remaining: number): number {
  return deadline === Infinity ? 0 : deadline - now - remaining;
}
