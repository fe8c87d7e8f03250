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
  type BatchSignalControllerOptions,
  type ChooseOptimalBatchOptions,
  chooseOptimalBatch,
  createBatchSignalController,
} from "./cascade/batch-signal-controller.js";
export {
  type CalibrateThresholdsOptions,
  type CalibrationCurve,
  type CascadeOutcome,
  calibrateThresholds,
  readCalibration,
  thresholdForAccuracy,
  thresholdForRate,
} from "./cascade/calibration.js";
export {
  type CascadeTable,
  type ClassifierOutcomes,
  type ListOutcomesOptions,
  listOutcomes,
  parseCascadeTable,
} from "./cascade/cascade-table.js";
export {
  type ContinuousControllerOptions,
  createContinuousController,
} from "./cascade/continuous-controller.js";
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
export { createGainController, type GainControllerOptions } from "./cascade/gain-controller.js";
export { CascadeClient } from "./cascade/live-client.js";
export type {
  AnswerReason,
  CascadeAnswer,
  CascadeClientOptions,
  CascadeClientStats,
  ClassifyOptions,
} from "./cascade/live-client-options.js";
export { CascadeServer } from "./cascade/live-server.js";
export type {
  Authenticate,
  CascadeLimits,
  CascadeServerOptions,
  CascadeServerStats,
  RunBatch,
  ServerBatch,
  ServerBatchOptions,
  StopOptions,
} from "./cascade/live-server-options.js";
export {
  type AnswerMessage,
  type AnswerStatus,
  CASCADE_PROTOCOL_VERSION,
  type DeviceMessage,
  type HeartbeatMessage,
  type JoinMessage,
  type LeaveMessage,
  type Received,
  type RefusalCode,
  type RefusalMessage,
  type ReportMessage,
  type RequestMessage,
  type ServerMessage,
  type ThresholdMessage,
  type WelcomeMessage,
} from "./cascade/messages.js";
export {
  decodeDeviceFrame,
  decodeServerFrame,
  encodeFrame,
  floatsOfPayload,
  payloadOfFloats,
} from "./cascade/messages-frame.js";
export {
  createModelSwitcher,
  type ModelSwitcher,
  type ModelSwitcherOptions,
  type SwitchingLimits,
} from "./cascade/model-switcher.js";
export { simulateCascade } from "./cascade/simulate-cascade.js";
export type {
  CascadeCounts,
  CascadeResult,
  CascadeShares,
  CascadeWindow,
  ServerOutage,
  SimulateCascadeOptions,
  SimulatedCascade,
  SimulatedDevice,
  SimulatedServerModel,
} from "./cascade/simulated-cascade.js";
export {
  createStaticController,
  type StaticControllerOptions,
} from "./cascade/static-controller.js";
export type {
  DeviceListener,
  DeviceTransport,
  Peer,
  Route,
  ServerListener,
  ServerTransport,
  SharedThresholds,
} from "./cascade/transport.js";
export {
  type FramePort,
  MemoryServerTransport,
  PortDeviceTransport,
} from "./cascade/transport-memory.js";
export {
  type EventLoopLag,
  type WatchEventLoopLagOptions,
  watchEventLoopLag,
} from "./manager/event-loop-lag.js";
export type { ManagerEvent } from "./manager/manager-events.js";
export type { RunTimeManagerOptions } from "./manager/manager-options.js";
export type { ModelLoader } from "./manager/model-slots.js";
export { createRunTimeManager, type RunTimeManager } from "./manager/run-time-manager.js";
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
export {
  createSingleArchitecturePlanner,
  createTransferredPlanner,
  createUnawarePlanner,
  createWeightedSumPlanner,
} from "./planning/baseline-planners.js";
export type { Candidate } from "./planning/candidate.js";
export {
  chooseByEpsilonConstraint,
  scoreByTopsis,
  scoreByWeightedSum,
} from "./planning/choose-designs.js";
export {
  type ContentionOptions,
  memoryIntensityOf,
  modelSlowdown,
} from "./planning/contention.js";
export { type Assignment, type Design, formatDesign } from "./planning/design.js";
export { changeBetween } from "./planning/design-change.js";
export {
  createRassPlanner,
  type DesignPlanner,
  type DeviceState,
  type PlannedDesign,
  type PreparedPlanner,
} from "./planning/design-planner.js";
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
export {
  explainInfeasibility,
  type Infeasibility,
  InfeasibleProblemError,
  type RelaxedSlo,
} from "./planning/explain-infeasibility.js";
export {
  type DesignSpace,
  designAt,
  type ExploreDesignsOptions,
  exploreDesigns,
  rankDesigns,
  type SpaceFigure,
} from "./planning/explore-designs.js";
export {
  type BestDesign,
  type FindBestDesignOptions,
  findBestDesign,
} from "./planning/find-best-design.js";
export { formatSlo, formatSlos, formatSloValue } from "./planning/format-slos.js";
export { hypervolume } from "./planning/hypervolume.js";
export { measureDistance, type ObjectiveScale } from "./planning/optimality.js";
export { paretoFront } from "./planning/pareto-front.js";
export { parseDesignSet } from "./planning/parse-design-set.js";
export { MAX_SLO_TEXT, parseSlos } from "./planning/parse-slos.js";
export { type DesignPlan, planDesigns, selectDesignSet } from "./planning/plan-designs.js";
export {
  createPlanningProblem,
  type ExcludedCandidate,
  type PlanningProblem,
  type PlanningProblemOptions,
} from "./planning/planning-problem.js";
export type { BroadSlo, NarrowSlo, Slo, SloMetric, SloStatistic } from "./planning/slo.js";
export { SloSyntaxError } from "./planning/slo-syntax-error.js";
export {
  createPolicy,
  type PolicyName,
  type PolicyOptions,
  policyNames,
} from "./policies/create-policy.js";
export { type DystaOptions, dysta, dystaNaive, dystaOracle } from "./policies/dysta.js";
export { edf } from "./policies/edf.js";
export { fcfs } from "./policies/fcfs.js";
export { type GuardedSrptOptions, guardedSrpt } from "./policies/guarded-srpt.js";
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
export { type ReplayedRun, replayRequests, replayRun } from "./traces/replay-run.js";
export {
  parseSangerTrace,
  type SangerTraceOptions,
  sangerLayerLatency,
} from "./traces/sanger-trace.js";
