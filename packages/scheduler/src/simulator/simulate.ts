import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import { type ScheduleMetrics, scheduleMetrics } from "../metrics/schedule-metrics.js";
import { checkCompat } from "../policies/check-compat.js";
import { KeyHeap } from "../policies/key-heap.js";
import type { Policy } from "../policies/policy.js";
import type { SparsityRatioOptions } from "../predictor/sparsity-ratio.js";
import type { CompletedTask } from "../tasks/completed-task.js";
import type { Task } from "../tasks/task.js";
import type { SimulatedRequest } from "./create-requests.js";
import type { ModelTable } from "./model-table.js";
import { createTasks, type SimulatedTask } from "./simulated-task.js";

/** One layer that ran, for {@link SimulateOptions.onLayer}. */
export interface SimulatedLayer {
  /** As it was when the layer began. */
  readonly task: Readonly<Task>;
  /** The layer, from 0. */
  readonly layer: number;
  readonly accelerator: number;
  readonly start: number;
  readonly end: number;
  /** Tasks that went on waiting. */
  readonly waiting: number;
}

/** What {@link simulate} runs, and how. */
export interface SimulateOptions {
  readonly policy: Policy;
  readonly models: readonly ModelTable[];
  readonly requests: readonly SimulatedRequest[];
  /** How many accelerators, all alike, take tasks from one queue. @default 1 */
  readonly accelerators?: number;
  /** How the sparsity of layers that ran corrects averages, for policies that watch it. @default the average */
  readonly predictor?: SparsityRatioOptions;
  /** Keeps which layers ran when and where, for timelines. @default false */
  readonly segments?: boolean;
  /**
   * `"reference"` admits requests as the simulator of Sparse-DySta does: one that arrives at the very moment of a
   * decision is not seen by it, and one that arrived during the last layer of the last task begins at its arrival,
   * before that layer ended. One accelerator only. @default "fixed"
   */
  readonly compat?: "fixed" | "reference";
  /** Called as every layer begins. */
  readonly onLayer?: (layer: SimulatedLayer) => void;
  readonly signal?: AbortSignal;
}

/** What came of a simulation. */
export interface SimulationResult {
  /** All requests, in the order in which they ended. */
  readonly completed: readonly CompletedTask[];
  readonly metrics: ScheduleMetrics;
  /** How often the policy chose: the layers that ran. */
  readonly decisions: number;
}

/**
 * Runs requests through a policy in simulated time: discrete events, pre-emption between any two layers, one ready
 * queue for all accelerators, none of which idles while a task waits. What ends and what arrives at one moment is
 * known to the decisions of that moment. A task goes back to the accelerator that it ran on last where that is
 * free. Switching costs nothing.
 *
 * @example
 * const models = [createModelTable({ name: "kws", latencies: [[0.002, 0.001]] })];
 * const arrivals = poissonArrivals({ rate: 300, count: 1000, seed: 1 });
 * const requests = createRequests({ models, arrivals, seed: 2 });
 * const { metrics } = simulate({ policy: dysta(), models, requests });
 * console.log(metrics.violationRate, metrics.antt);
 *
 * @throws ValidationError for requests that no table serves, or out of range
 * @throws AbortError when `signal` fires
 */
export function simulate(options: SimulateOptions): SimulationResult {
  const { policy, models, requests, accelerators = 1, compat = "fixed", signal } = options;
  if (!(Number.isInteger(accelerators) && accelerators >= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `simulate: a whole number of accelerators from 1 was expected, got ${accelerators}`,
    );
  }
  if (compat === "reference" && accelerators !== 1) {
    throw new EdgewrightError(
      "invalid-argument",
      `simulate: compat "reference" knows one accelerator, got ${accelerators}`,
    );
  }
  checkCompat("simulate", compat);
  throwIfAborted(signal, "simulate");
  const tasks = createTasks(policy, models, requests, {
    watchesSparsity: policy.watchesSparsity,
    keepsSegments: options.segments === true,
    predictor: options.predictor ?? {},
  });
  const run = compat === "reference" ? runAsReference : runEvents;
  const completed: CompletedTask[] = [];
  const decisions = run(tasks, options, completed);
  return { completed, metrics: scheduleMetrics(completed, { accelerators }), decisions };
}

function runEvents(
  tasks: readonly SimulatedTask[],
  { policy, accelerators = 1, onLayer, signal }: SimulateOptions,
  completed: CompletedTask[],
): number {
  const queue = policy.createQueue();
  const ends = new KeyHeap<SimulatedTask>(); // of the layers that run
  // More accelerators than tasks never all run.
  const idle = Array.from({ length: Math.min(accelerators, tasks.length) }, (_, i) => i);
  let decisions = 0;
  let next = 0;
  while (next < tasks.length || ends.size > 0) {
    const now = Math.min(next < tasks.length ? tasks[next]!.arrival : Infinity, ends.firstKey);
    while (ends.firstKey === now) {
      const task = ends.pop()!;
      idle.push(task.accelerator);
      if (task.finished) completed.push(task.complete());
      else queue.put(task, now);
    }
    while (next < tasks.length && tasks[next]!.arrival === now) queue.put(tasks[next++]!, now);
    while (idle.length > 0 && queue.size > 0) {
      const task = takeFrom(queue, policy, now);
      const accelerator = takeIdle(idle, task.accelerator);
      const end = now + task.latency;
      if (onLayer !== undefined) {
        const layer = task.layersRun;
        onLayer({ task, layer, accelerator, start: now, end, waiting: queue.size });
      }
      task.endLayer(now, end, accelerator); // no policy sees it before the end
      ends.push(end, decisions++, task);
      if (decisions % 4096 === 0) throwIfAborted(signal, "simulate");
    }
  }
  return decisions;
}

/** The loop of the reference, quirks and all: see {@link SimulateOptions.compat}. */
function runAsReference(
  tasks: readonly SimulatedTask[],
  { policy, onLayer, signal }: SimulateOptions,
  completed: CompletedTask[],
): number {
  const queue = policy.createQueue();
  let decisions = 0;
  let next = 0;
  let now = 0;
  while (completed.length < tasks.length) {
    if (queue.size === 0) {
      now = tasks[next]!.arrival;
      queue.put(tasks[next++]!, now);
    } else {
      while (next < tasks.length && tasks[next]!.arrival < now) queue.put(tasks[next++]!, now);
    }
    const task = takeFrom(queue, policy, now);
    const start = now;
    now += task.latency;
    if (onLayer !== undefined) {
      const layer = task.layersRun;
      onLayer({ task, layer, accelerator: 0, start, end: now, waiting: queue.size });
    }
    task.endLayer(start, now, 0);
    if (task.finished) completed.push(task.complete());
    else queue.put(task, now);
    if (++decisions % 4096 === 0) throwIfAborted(signal, "simulate");
  }
  return decisions;
}

function takeFrom(queue: ReturnType<Policy["createQueue"]>, { name }: Policy, now: number) {
  const task = queue.take(now) as SimulatedTask | undefined;
  if (task !== undefined && !task.finished) return task;
  throw new EdgewrightError(
    "invalid-argument",
    `simulate: the policy "${name}" took ${task === undefined ? "nothing while tasks wait" : "a finished task"}`,
  );
}

// The accelerator where the task was, so that its data may still lie there; otherwise the first.
function takeIdle(idle: number[], last: number): number {
  let at = idle.indexOf(last);
  if (at < 0) {
    at = 0;
    for (let i = 1; i < idle.length; i++) if (idle[i]! < idle[at]!) at = i;
  }
  const accelerator = idle[at]!;
  idle[at] = idle.at(-1)!;
  idle.pop();
  return accelerator;
}
