/**
 * Runs real sessions of `@edgewright/graph` layer by layer under a scheduling policy, and switches between designs.
 *
 * @packageDocumentation
 */
export { createExecutor, type Executor } from "./executor.js";
export { DeadlineMissedError, QueueFullError } from "./executor-errors.js";
export type {
  ExecutorEvent,
  ExecutorModel,
  ExecutorOptions,
  ExecutorResult,
  LateRequests,
  SubmitOptions,
} from "./executor-options.js";
export type { LayeredModel, LayeredRun, LayerStep } from "./layered-model.js";
export {
  isolatedMs,
  type LayerProfile,
  type ModelProfile,
  type ShapeProfile,
} from "./model-profile.js";
export { type ProfileModelOptions, profileModel } from "./profile-model.js";
export type { PredictionErrors, RestPredictorKind } from "./rest-predictor.js";
