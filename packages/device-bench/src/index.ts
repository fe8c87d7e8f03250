/**
 * Measures kernels and models on this device, and reports what it finds.
 *
 * @packageDocumentation
 */
export { describeMachine, describeRuntime, type Machine } from "./device/machine.js";
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
