import type { Feeds, Outputs, Step } from "@edgewright/graph";

/** What a {@link LayeredRun} says of a layer that ran: a `Step` of `@edgewright/graph`, or as much of one. */
export interface LayerStep extends Pick<Step, "name" | "opType"> {
  /** Share of zeros among some elements of the layer's output; without it nobody counts. */
  zeroShare?(samples?: number): number;
}

/** A run of a model, one layer a call. */
export interface LayeredRun {
  /** Runs the next layer; after the last one the result is `done`, and its value the outputs. */
  next(): IteratorResult<LayerStep, Outputs>;
  /** Gives the run up. */
  return(): unknown;
}

/**
 * What an {@link Executor} runs: a `Session` of `@edgewright/graph`, or anything else that computes layer by layer
 * and has one run at a time.
 */
export interface LayeredModel {
  /** Begins a run; nothing is computed before its first `next()`. */
  steps(feeds: Feeds, options?: { outputs?: readonly string[] }): LayeredRun;
}
