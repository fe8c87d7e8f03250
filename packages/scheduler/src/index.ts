/**
 * Decides what runs when and where: plans under service-level objectives, pre-emptive scheduling of many models,
 * cascades over many devices.
 *
 * @packageDocumentation
 */

export {
  type BatchItem,
  type BatchQueue,
  type BatchQueueOptions,
  createBatchQueue,
  type NextBatch,
} from "./cascade/batch-queue.js";
export {
  type CalibrateThresholdsOptions,
  type CalibrationCurve,
  type CascadeOutcome,
  calibrateThresholds,
  readCalibration,
  thresholdForAccuracy,
  thresholdForRate,
} from "./cascade/calibration.js";
export type {
  BatchObservation,
  DeviceReport,
  JoiningDevice,
  ThresholdController,
} from "./cascade/controller.js";
export {
  type CertaintyMeasure,
  type CertaintyOptions,
  forwards,
  measureCertainty,
} from "./cascade/forwarding-decision.js";
export {
  createStaticController,
  type StaticControllerOptions,
} from "./cascade/static-controller.js";
export {
  type EventLoopLag,
  type WatchEventLoopLagOptions,
  watchEventLoopLag,
} from "./manager/event-loop-lag.js";
export type { ManagerEvent } from "./manager/manager-events.js";
export type { ModelLoader } from "./manager/model-slots.js";
export {
  createRunTimeManager,
  type RunTimeManager,
  type RunTimeManagerOptions,
} from "./manager/run-time-manager.js";
export type { Signal } from "./manager/signal.js";
export {
  createTroubleDetector,
  type TroubleDetector,
  type TroubleDetectorOptions,
} from "./manager/trouble-detector.js";
export { type Assignment, type Design, formatDesign } from "./planning/design.js";
export { changeBetween } from "./planning/design-change.js";
export {
  type DesignChange,
  type DesignRoles,
  type DesignSet,
  describeStates,
  lookUpDesign,
  MAX_SWITCHING_ENGINES,
  type SwitchingDecision,
  type SwitchingEntry,
} from "./planning/design-set.js";
export { parseDesignSet } from "./planning/parse-design-set.js";
export type { Policy, ReadyQueue } from "./policies/policy.js";
export type { CompletedTask, Segment, TaskOutcome } from "./tasks/completed-task.js";
export type { Task } from "./tasks/task.js";
export { createChromeTrace, type TraceEvent } from "./timeline/chrome-trace.js";
export {
  createTimelinePage,
  type TimelinePageOptions,
  type TimelineRun,
} from "./timeline/timeline-html.js";
export { type DrawTimelineOptions, drawTimeline } from "./timeline/timeline-svg.js";
