/**
 * Contextual bandits: policies that learn online which arm earns most in which context.
 *
 * @packageDocumentation
 */
export type {
  AddArmOptions,
  AggregateOptions,
  Bandit,
  Feedback,
  OutsideExample,
  UpdateOptions,
} from "./bandit/bandit.js";
export type { BanditOptions, FeedbackOptions } from "./bandit/bandit-options.js";
export { createBandit } from "./bandit/create-bandit.js";
export type { ArmEstimates, ArmOffer, Decision } from "./bandit/decision.js";
export { FeedbackError, type FeedbackRefusal } from "./bandit/feedback-error.js";
export type {
  BanditSnapshot,
  SnapshotArm,
  SnapshotPart,
  SnapshotPending,
} from "./bandit/snapshot.js";
export { type BootstrappedOptions, bootstrapped } from "./bootstrap/bootstrapped.js";
export type { ConstrainedChoice, Constraint } from "./constraints/constraint.js";
export { type CostBudget, type CostBudgetOptions, costBudget } from "./constraints/cost-budget.js";
export { propensityFloor } from "./constraints/propensity-floor.js";
export {
  type SafetyBaseline,
  type SafetyBaselineOptions,
  safetyBaseline,
} from "./constraints/safety-baseline.js";
export { type BetaThompsonOptions, betaThompson } from "./counting/beta-thompson.js";
export type { CountingOptions } from "./counting/counting-policy.js";
export { type EpsilonGreedyOptions, epsilonGreedy } from "./counting/epsilon-greedy.js";
export { type Exp3Options, exp3 } from "./counting/exp3.js";
export { type Exp3IxOptions, exp3Ix } from "./counting/exp3-ix.js";
export { type GaussianThompsonOptions, gaussianThompson } from "./counting/gaussian-thompson.js";
export { type KlUcbOptions, klUcb } from "./counting/kl-ucb.js";
export type { ArmStatistics, Memory } from "./counting/memory/arm-statistics.js";
export { type DiscountedOptions, discounted } from "./counting/memory/discounted.js";
export { forever } from "./counting/memory/forever.js";
export { type SlidingWindowOptions, slidingWindow } from "./counting/memory/sliding-window.js";
export { randomChoice } from "./counting/random-choice.js";
export { type SoftmaxOptions, softmax } from "./counting/softmax.js";
export { ucbTuned } from "./counting/ucb-tuned.js";
export { type Ucb1Options, ucb1 } from "./counting/ucb1.js";
export { type AdwinOptions, adwin } from "./drift/adwin.js";
export type { ChangeDetector, DetectorKind } from "./drift/change-detector.js";
export { type CusumOptions, cusum } from "./drift/cusum.js";
export { type GlrOptions, glr } from "./drift/glr.js";
export { type PageHinkleyOptions, pageHinkley } from "./drift/page-hinkley.js";
export {
  type DetectedChange,
  type RestartOnChangeOptions,
  restartOnChange,
} from "./drift/restart-on-change.js";
export {
  createFeatureEncoder,
  type FeatureEncoder,
  type FeatureEncoderOptions,
} from "./features/feature-encoder.js";
export type {
  BooleanField,
  CategoryField,
  ContextOf,
  FeatureSchema,
  NumberField,
} from "./features/feature-schema.js";
export {
  createFleetMember,
  type FleetMember,
  type FleetMemberOptions,
  type FleetSync,
} from "./fleet/fleet-member.js";
export {
  type FleetStatistics,
  mergeStatistics,
  readStatistics,
  writeStatistics,
} from "./fleet/fleet-statistics.js";
export type { FleetMemberState, FleetPushState } from "./fleet/member-state.js";
export { type KernelUcbOptions, kernelUcb } from "./kernel/kernel-ucb.js";
export {
  type Kernel,
  type LinearKernelOptions,
  linearKernel,
  matern52Kernel,
  type ProductKernelOptions,
  productKernel,
  rbfKernel,
  type StationaryKernelOptions,
} from "./kernel/kernels.js";
export type { GreedyOptions } from "./linear/greedy-rule.js";
export { type HybridLinUcbOptions, hybridLinUcb } from "./linear/hybrid-lin-ucb.js";
export type { Joint, JointFeatures } from "./linear/joint-features.js";
export {
  type LinGreedyOptions,
  linGreedy,
  type SharedLinGreedyOptions,
  sharedLinGreedy,
} from "./linear/lin-greedy.js";
export { type LinThompsonOptions, linThompson } from "./linear/lin-thompson.js";
export { type LinUcbOptions, linUcb } from "./linear/lin-ucb.js";
export type { LinearOptions } from "./linear/linear-options.js";
export type { LinearPolicy, LinearWeights } from "./linear/linear-policy.js";
export { clipToLength, type PrivatizeOptions, privatizeSums } from "./linear/privatize-sums.js";
export {
  type SharedLinThompsonOptions,
  sharedLinThompson,
} from "./linear/shared-lin-thompson.js";
export { type SharedLinUcbOptions, sharedLinUcb } from "./linear/shared-lin-ucb.js";
export type { SharedLinearOptions } from "./linear/shared-linear-options.js";
export { formatLogLine } from "./log/format-log-line.js";
export type { DecisionRecord, ExpiryRecord, LogRecord, RewardRecord } from "./log/log-record.js";
export type { LoggedDecision } from "./log/logged-decision.js";
export {
  type LogReading,
  type ReadLogOptions,
  readLog,
  type StreamLogOptions,
  streamLog,
} from "./log/read-log.js";
export { splitLines } from "./log/split-lines.js";
export type { LogisticOptions } from "./logistic/logistic-policy.js";
export { type LogisticThompsonOptions, logisticThompson } from "./logistic/logistic-thompson.js";
export { type LogisticUcbOptions, logisticUcb } from "./logistic/logistic-ucb.js";
export type { AdditiveSums } from "./policy/additive-sums.js";
export { decodeFloat64, encodeFloat64 } from "./policy/float64-text.js";
export type { ChoiceSet, Evaluation, Example, Policy } from "./policy/policy.js";
export { type AskForShareOptions, askForShare } from "./solicitation/ask-for-share.js";
export { type AskWhenUnsureOptions, askWhenUnsure } from "./solicitation/ask-when-unsure.js";
export {
  type AskWhileLearningOptions,
  askWhileLearning,
} from "./solicitation/ask-while-learning.js";
export type { QuestionBudget } from "./solicitation/question-budget.js";
export type { Question, Solicitation } from "./solicitation/solicitation.js";
export type { ThresholdSolicitation } from "./solicitation/threshold-solicitation.js";
export { type SquareCbOptions, squareCb } from "./squarecb/square-cb.js";
export { createIndexedDbStore, type IndexedDbStoreOptions } from "./stores/indexed-db-store.js";
export { createMemoryStore } from "./stores/memory-store.js";
export type {
  DeleteOptions,
  SaveOptions,
  SnapshotStore,
  StoredValue,
} from "./stores/snapshot-store.js";
export { StoreConflictError } from "./stores/store-conflict-error.js";
export {
  loadBandit,
  type SaveBanditOptions,
  type StoredBandit,
  saveBandit,
} from "./stores/stored-bandit.js";
export { type UpdateStoreOptions, updateStore } from "./stores/update-store.js";
