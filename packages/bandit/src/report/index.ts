/**
 * Pictures of a bandit's log, and one page of HTML with all of them.
 *
 * @packageDocumentation
 */
export type { ChartOptions } from "./chart-frame.js";
export { type ArmShares, drawArmShares } from "./draw-arm-shares.js";
export { type DrawEstimatesOptions, type DrawnEstimate, drawEstimates } from "./draw-estimates.js";
export {
  drawLearningCurves,
  type LearningCurve,
  type LearningCurvesOptions,
} from "./draw-learning-curves.js";
export { drawPropensities, drawPropensityHistory } from "./draw-propensities.js";
export {
  type EstimateLogTargetsOptions,
  estimateLogTargets,
  type LogEstimates,
  type LogTargetEstimates,
} from "./estimate-log-targets.js";
export type {
  ArmSummary,
  LogSummary,
  LogTimes,
  LogWindow,
  PropensitySummary,
} from "./log-summary.js";
export { type BanditReportOptions, renderBanditReport } from "./render-bandit-report.js";
export { type RewardStatistics, rewardInterval } from "./reward-statistics.js";
export {
  createLogSummarizer,
  type LogSummarizer,
  type SummarizeLogOptions,
  summarizeLog,
} from "./summarize-log.js";
