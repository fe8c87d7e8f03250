/**
 * Choosing models by quality of experience, in the style of Lu et al.: features of devices, models and users, what
 * quality of experience is to different users, a simulator over tables of devices, and a selector for products.
 *
 * @packageDocumentation
 */
export {
  deviceFeatureNames,
  type EncodeDeviceOptions,
  encodeDevice,
  type LatencyProbe,
} from "./features/encode-device.js";
export { encodeModel, modelFeatureNames, type OnDevice } from "./features/encode-model.js";
export { encodeUser, userFeatureNames } from "./features/encode-user.js";
export { metricInteractions } from "./features/metric-interactions.js";
export { predictLatencies } from "./features/predict-latency.js";
export { type QoeFeatures, type QoeFeaturesOptions, qoeFeatures } from "./features/qoe-features.js";
export { variantId } from "./features/variant-id.js";
export { createModelSelector } from "./selector/model-selector.js";
export type {
  ChooseOptions,
  ModelChoice,
  ModelSelector,
  ModelSelectorOptions,
  ModelSelectorSnapshot,
  VariantEstimate,
} from "./selector/model-selector-options.js";
export {
  type OpenModelSelectorOptions,
  openModelSelector,
  type StoredModelSelector,
} from "./selector/open-model-selector.js";
export type { SelectorLimits } from "./selector/selector-limits.js";
export {
  bestSinglePlayer,
  deviceOraclePlayer,
  oraclePlayer,
  randomPlayer,
} from "./simulation/baseline-players.js";
export type { FeedbackScheme } from "./simulation/feedback-scheme.js";
export { type FitGrowthExponentOptions, fitGrowthExponent } from "./simulation/growth-exponent.js";
export {
  playBandit,
  playBandits,
  type QoeChoice,
  type QoePlayer,
} from "./simulation/qoe-player.js";
export { createQoeWorld, type QoeWorld, type QoeWorldOptions } from "./simulation/qoe-world.js";
export { type MeanWithBand, meanWithBand, type RegretCurve } from "./simulation/regret-curve.js";
export {
  type QoeContender,
  type QoeProgress,
  type QoeResult,
  type QoeSetup,
  type SimulateQoeOptions,
  simulateQoe,
} from "./simulation/simulate-qoe.js";
export { type DrawRatingOptions, drawRating, type RatingForm } from "./utility/draw-rating.js";
export { type DrawUserOptions, drawUser } from "./utility/draw-user.js";
export type { QoeMetric, QoeMetrics } from "./utility/qoe-metrics.js";
export { metricUtility, qoeUtility } from "./utility/qoe-utility.js";
export { type MetricUtility, USER_TYPES, type UserType } from "./utility/user-types.js";
