import type { Outputs } from "@edgewright/graph";
import type { Policy } from "../policies/policy.js";
import type { CompletedTask } from "../tasks/completed-task.js";
import type { LayeredModel } from "./layered-model.js";
import type { ModelProfile } from "./model-profile.js";
import type { RestPredictorKind } from "./rest-predictor.js";

/** A model that an {@link Executor} runs. */
export interface ExecutorModel {
  /**
   * A session, or several of the same model (on shared kernels, say): as many of its requests can be under way at
   * the same time. With one, a request that is more urgent than the one under way waits until that has ended, which
   * then runs in its place.
   */
  readonly session: LayeredModel | readonly LayeredModel[];
  /** What was measured before, by {@link profileModel} or {@link Executor.profiles}. @default learned from the first runs */
  readonly profile?: ModelProfile;
  /** Priority of its requests; more is more urgent. @default 1 */
  readonly priority?: number;
  /** Time that its requests have, from when they are submitted. @default Infinity */
  readonly deadlineMs?: number;
}

/**
 * What becomes of requests that are late: `run` them all the same, drop those whose deadline has passed
 * (`drop-late`), or also those that by prediction cannot meet it any more (`drop-hopeless`).
 */
export type LateRequests = "run" | "drop-late" | "drop-hopeless";

/** Something that happened in an executor. Times are in seconds since it was made. */
export type ExecutorEvent =
  | {
      readonly type: "submitted";
      readonly id: number;
      readonly model: string;
      readonly at: number;
      /** Typical time alone, as known then. */
      readonly isolated: number;
      readonly deadline: number;
    }
  | {
      readonly type: "layer";
      readonly id: number;
      readonly model: string;
      /** Position of the layer, from 0. */
      readonly layer: number;
      readonly name: string;
      readonly start: number;
      readonly end: number;
      /** Share of zeros in its output, where it was counted. */
      readonly zeros: number | undefined;
    }
  | { readonly type: "left"; readonly request: CompletedTask };

/** Options of {@link createExecutor}. */
export interface ExecutorOptions<Name extends string = string> {
  /** Who runs next. */
  readonly policy: Policy;
  /** The models, by the name that requests give. */
  readonly models: Readonly<Record<Name, ExecutorModel>>;
  /** Most requests that wait or are under way at the same time. @default 256 */
  readonly maxQueue?: number;
  /** The same of any one model. @default maxQueue */
  readonly maxPerModel?: number;
  /** Time after which the event loop gets a turn, between two layers. @default 4 */
  readonly turnMs?: number;
  /** What becomes of requests that are late. @default "run" */
  readonly lateRequests?: LateRequests;
  /**
   * What the time left is predicted from. Zeros are counted only for policies that watch them
   * (`policy.watchesSparsity`). @default "both"
   */
  readonly predictor?: RestPredictorKind;
  /** Weight of a run in the typical layer times, after the first ones. @default 0.05 */
  readonly learningRate?: number;
  /** Share of a layer's time that counting its zeros may take. @default 0.01 */
  readonly countingShare?: number;
  /** Whether `completed.segments` says which layers ran when. @default false */
  readonly keepSegments?: boolean;
  /** Ends the executor: as {@link Executor.dispose}, and requests fail as aborted. @default none */
  readonly signal?: AbortSignal;
  /** Clock, in milliseconds. @default performance.now */
  readonly now?: () => number;
  /** Called at every event, before the next layer runs; what it throws reaches nobody's request. @default none */
  readonly onEvent?: (event: ExecutorEvent) => void;
}

/** Options of {@link Executor.submit}. */
export interface SubmitOptions {
  /** Time that the request has from now on. @default the model's */
  readonly deadlineMs?: number;
  /** More is more urgent. @default the model's */
  readonly priority?: number;
  /** Withdraws the request, also between two of its layers. @default none */
  readonly signal?: AbortSignal;
  /** Names of the outputs to return. @default all */
  readonly outputs?: readonly string[];
}

/** What a request gives. */
export interface ExecutorResult {
  /** The model's outputs by name. */
  readonly outputs: Outputs;
  /** When it came, began and ended, in seconds since the executor was made, and its own running time. */
  readonly completed: CompletedTask;
}
