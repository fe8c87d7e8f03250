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
export {
  type Percentiles,
  type RequestMetrics,
  type ScheduleMetrics,
  type ScheduleMetricsOptions,
  scheduleMetrics,
} from "./metrics/schedule-metrics.js";
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
export {
  createPolicy,
  type PolicyName,
  type PolicyOptions,
  policyNames,
} from "./policies/create-policy.js";
export { type DystaOptions, dysta, dystaNaive, dystaOracle } from "./policies/dysta.js";
export { edf } from "./policies/edf.js";
export { fcfs } from "./policies/fcfs.js";
export { createHeapQueue } from "./policies/heap-queue.js";
export { leastLaxity } from "./policies/least-laxity.js";
export { type PlanariaOptions, planaria } from "./policies/planaria.js";
export type { Policy, ReadyQueue } from "./policies/policy.js";
export { type PremaOptions, prema, premaSparse } from "./policies/prema.js";
export { createScanQueue, minimize } from "./policies/scan-queue.js";
export { type Sdrm3Options, sdrm3 } from "./policies/sdrm3.js";
export { sjf, sjfSparse } from "./policies/sjf.js";
export { type WeightedFairOptions, weightedFair } from "./policies/weighted-fair.js";
export {
  createSparsityRatio,
  type SparsityRatio,
  type SparsityRatioOptions,
} from "./predictor/sparsity-ratio.js";
export {
  type BurstyArrivalsOptions,
  burstyArrivals,
  type PoissonArrivalsOptions,
  poissonArrivals,
  type TraceArrivalsOptions,
  traceArrivals,
} from "./simulator/arrivals.js";
export {
  type CreateRequestsOptions,
  createRequests,
  type SimulatedRequest,
} from "./simulator/create-requests.js";
export { createModelTable, type ModelTable, type ModelTrace } from "./simulator/model-table.js";
export {
  type SimulatedLayer,
  type SimulateOptions,
  type SimulationResult,
  simulate,
} from "./simulator/simulate.js";
export type { CompletedTask, Segment, TaskOutcome } from "./tasks/completed-task.js";
export type { Task } from "./tasks/task.js";
export { createChromeTrace, type TraceEvent } from "./timeline/chrome-trace.js";
export {
  createTimelinePage,
  type TimelinePageOptions,
  type TimelineRun,
} from "./timeline/timeline-html.js";
export { type DrawTimelineOptions, drawTimeline } from "./timeline/timeline-svg.js";
export { type EyerissTraceOptions, parseEyerissTrace } from "./traces/eyeriss-trace.js";
export {
  parseReferenceRuns,
  type ReferenceFile,
  type ReferenceRequest,
  type ReferenceRun,
} from "./traces/reference-runs.js";
export { type ReplayedRun, replayRun } from "./traces/replay-run.js";
export { parseSangerTrace, type SangerTraceOptions } from "./traces/sanger-trace.js";
