import type { Task } from "../tasks/task.js";

/**
 * The tasks that wait for their next layer, in the order of a policy. One queue serves one run of a simulator or
 * one executor.
 */
export interface ReadyQueue {
  /** Tasks that wait. */
  readonly size: number;
  /** Puts a task in: a new one, or one whose layer has ended and that is not finished. */
  put(task: Task, now: number): void;
  /** Takes out the task whose next layer shall run now; undefined when none waits. */
  take(now: number): Task | undefined;
  /** Takes out a task that shall not run any more. @returns whether it waited here */
  remove(task: Task): boolean;
}

/** Who runs next: the same object drives the simulator and the live executor. */
export interface Policy {
  /** Short name for tables: `fcfs`, `dysta` ... */
  readonly name: string;
  /**
   * Which averages it plans with: `pattern` knows the latencies of every sparsity pattern of a model, `model` the
   * mean over all patterns.
   */
  readonly averages: "pattern" | "model";
  /** Whether it watches the sparsity of the layers that ran, and so needs {@link Task.ratio} kept. */
  readonly watchesSparsity: boolean;
  /** Makes an empty queue. */
  createQueue(): ReadyQueue;
}
