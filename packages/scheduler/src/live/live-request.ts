import type { Feeds } from "@edgewright/graph";
import type { Segment, TaskOutcome } from "../tasks/completed-task.js";
import type { Task } from "../tasks/task.js";
import type { ExecutorResult } from "./executor-options.js";
import type { LayeredModel, LayeredRun } from "./layered-model.js";
import type { LearnedModel, LearnedShape } from "./learned-model.js";
import type { RestPredictor } from "./rest-predictor.js";

/** A model of an executor: its sessions that are free, and its requests that are not finished. */
export interface Lane {
  readonly name: string;
  readonly learned: LearnedModel;
  readonly priority: number;
  readonly deadlineMs: number;
  /** Sessions that no request holds. */
  readonly free: LayeredModel[];
  /** Requests that hold a session. */
  readonly started: Set<LiveRequest>;
  /** Requests that wait or are under way. */
  waiting: number;
}

/** A request of an executor from its admission to its end. */
export interface LiveRequest {
  readonly task: Task;
  readonly lane: Lane;
  readonly feeds: Feeds;
  readonly outputs: readonly string[] | undefined;
  readonly shape: LearnedShape;
  /** Typical time of the layers from each one on, in seconds, as known at admission; undefined when nothing was. */
  readonly rest: Float64Array | undefined;
  readonly predictor: RestPredictor;
  readonly segments: Segment[];
  /** Ends the promise and stops listening to the signal. */
  settle(result: ExecutorResult | { readonly error: unknown }): void;
  session: LayeredModel | undefined;
  run: LayeredRun | undefined;
  /** When its first layer began. */
  start: number | undefined;
  /** Time of its layers so far, in seconds. */
  busy: number;
  outcome: TaskOutcome | undefined;
}

/** Brings what policies see of a request up to date after its latest layer. */
export function updateTask(request: LiveRequest, now: number): void {
  const { task, rest, predictor } = request;
  const { layersRun, isolated } = task;
  task.lastRun = now;
  task.ratio = predictor.ratio;
  if (rest === undefined || layersRun >= rest.length) {
    // Nothing is known of the layers to come: it is as long as was guessed, and never quite through.
    task.remaining = Math.max(isolated - request.busy, isolated / 16);
    task.nextLatency = Math.min(task.remaining, isolated / 16);
    return;
  }
  task.remaining = rest[layersRun]!;
  task.nextLatency = layersRun + 1 < rest.length ? rest[layersRun]! - rest[layersRun + 1]! : 0;
}
