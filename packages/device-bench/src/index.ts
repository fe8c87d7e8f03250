/**
 * Measures kernels and models on this device, and reports what it finds.
 *
 * @packageDocumentation
 */
export { describeMachine, describeRuntime, type Machine } from "./device/machine.js";
export type { BenchEngine, OpenModel } from "./engines/bench-engine.js";
export { createFeeds, type FeedOptions } from "./engines/create-feeds.js";
export {
  createEdgewrightEngine,
  type EdgewrightEngineOptions,
} from "./engines/edgewright-engine.js";
export {
  createOnnxRuntimeEngine,
  type OnnxRuntimeEngineOptions,
  type OnnxRuntimeModule,
  type OnnxRuntimeSession,
} from "./engines/onnxruntime-engine.js";
export { type ImportDeviceTableOptions, importDeviceTable } from "./import/import-device-table.js";
export { type ClockName, type ClockReading, hasCpuClock, readClocks } from "./measure/clock.js";
export {
  type Candidate,
  type Measurement,
  type MeasureOptions,
  type MeasureProgress,
  measureInterleaved,
  type Timing,
} from "./measure/measure-interleaved.js";
export { type Ratio, ratioOf, summaryOf, timingOf } from "./measure/ratio.js";
export { relativePrecision, summariseTimes, type TimeSummary } from "./measure/summary.js";
export {
  type KernelFigures,
  type MeasureKernelsOptions,
  measureKernels,
} from "./profile/measure-kernels.js";
export {
  type MeasureModelsOptions,
  type ModelToMeasure,
  measureModels,
  type ProfileProgress,
} from "./profile/measure-models.js";
export { reportProfile } from "./profile/report-profile.js";
export { formatNumber, formatReport } from "./report/format-report.js";
export { type PrintReportOptions, printReport } from "./report/print-report.js";
export {
  type CreateReportOptions,
  createReport,
  createRow,
  type FigureInput,
  missedTargets,
  type Report,
  type Row,
  type Target,
} from "./report/report.js";
