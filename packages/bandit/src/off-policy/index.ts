/**
 * Off-policy evaluation: what another policy would have earned, from the log of the one that ran.
 *
 * {@link evaluateOffPolicy} does all of it; every estimator, interval and reward model is there on its own as well.
 *
 * @packageDocumentation
 */
export { type BootstrapOptions, bootstrapInterval } from "./bootstrap.js";
export { type ChooseLambdaOptions, chooseLambda, type TunableEstimator } from "./choose-lambda.js";
export {
  type EmpiricalBernsteinOptions,
  empiricalBernsteinInterval,
  normalInterval,
} from "./closed-form-intervals.js";
export {
  type CompareTargetsOptions,
  compareTargets,
  type TargetComparison,
  type TargetsComparison,
} from "./compare-targets.js";
export { diagnoseOverlap, type OverlapWarning } from "./diagnose-overlap.js";
export {
  type Estimate,
  type EstimateTerms,
  type EstimatorName,
  effectiveSampleSize,
} from "./estimate.js";
export {
  evaluateOffPolicy,
  type OffPolicyEstimate,
  type OffPolicyEvaluation,
} from "./evaluate-off-policy.js";
export type {
  EvaluationOptions,
  EvaluationProgress,
  IntervalMethod,
} from "./evaluation-options.js";
export type { LinearRewardModelOptions } from "./grouped-linear-model.js";
export {
  createLoggedData,
  type LoggedArrays,
  type LoggedData,
  type LoggedNumbers,
  selectRows,
} from "./logged-data.js";
export { type LoggedDataFromLogOptions, loggedDataFromLog } from "./logged-data-from-log.js";
export { type LogisticRewardModelOptions, logisticRewardModel } from "./logistic-reward-model.js";
export {
  directMethod,
  doublyRobust,
  selfNormalizedDoublyRobust,
  shrunkDoublyRobust,
  switchDoublyRobust,
} from "./model-based-estimators.js";
export type { TextPieces } from "./read-csv.js";
export { type ReadOpenBanditOptions, readOpenBandit } from "./read-open-bandit.js";
export {
  type CrossFitOptions,
  crossFit,
  type FittedRewardModel,
  type RewardModel,
  type RewardPredictor,
} from "./reward-model.js";
export { type RidgeRewardModelOptions, ridgeRewardModel } from "./ridge-reward-model.js";
export { betaSlateProbabilities } from "./slate-probabilities.js";
export {
  banditTarget,
  fixedTarget,
  type LoggedRow,
  type PolicyTargetOptions,
  type ProbabilitySource,
  policyTarget,
  type TargetPolicy,
  uniformTarget,
} from "./target-policy.js";
export { type WeightedLog, weighLog } from "./weigh-log.js";
export { clippedIps, ips, replay, snips } from "./weighting-estimators.js";
