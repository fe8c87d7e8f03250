/**
 * Kernels that only training needs: products with transposed operands, gradients, losses, optimisers. They
 * lie in a WebAssembly module of their own, so that those who only infer do not download it.
 *
 * @packageDocumentation
 */
export {
  type ActivationGradientSpec,
  activationGradientReads,
  type DifferentiableActivation,
  planActivationGradient,
} from "./activation/plan-activation-gradient.js";
export {
  activationMaskBytes,
  type MaskedActivation,
  type MaskedActivationSpec,
  type MaskGradientSpec,
  planMaskedActivation,
  planMaskGradient,
} from "./activation/plan-masked-activation.js";
export { type PreluGradientSpec, planPreluGradient } from "./activation/plan-prelu-gradient.js";
export {
  planSoftmaxGradient,
  type SoftmaxGradientSpec,
} from "./activation/plan-softmax-gradient.js";
export { createRotaryAngles, type RotaryAnglesOptions } from "./attention/create-rotary-angles.js";
export {
  type AttentionMask,
  type MaskedSoftmaxSpec,
  planMaskedSoftmax,
} from "./attention/plan-masked-softmax.js";
export { planRotary, type RotaryPairing, type RotarySpec } from "./attention/plan-rotary.js";
export type { ConvPassSpec } from "./convolution/conv-pass-spec.js";
export {
  type ConvForwardSpec,
  convForwardWorkspaceBytes,
  planConvForward,
} from "./convolution/plan-conv-forward.js";
export {
  type ConvInputGradientSpec,
  convInputGradientWorkspaceBytes,
  planConvInputGradient,
} from "./convolution/plan-conv-input-gradient.js";
export {
  type ConvWeightGradientShape,
  type ConvWeightGradientSpec,
  convWeightGradientWorkspaceBytes,
  planConvWeightGradient,
} from "./convolution/plan-conv-weight-gradient.js";
export type { DepthwiseShape } from "./depthwise/depthwise-spec.js";
export {
  type DepthwiseForwardSpec,
  depthwiseForwardWorkspaceBytes,
  planDepthwiseForward,
} from "./depthwise/plan-depthwise-forward.js";
export {
  type DepthwiseInputGradientSpec,
  planDepthwiseInputGradient,
} from "./depthwise/plan-depthwise-input-gradient.js";
export {
  type DepthwiseWeightGradientShape,
  type DepthwiseWeightGradientSpec,
  depthwiseWeightGradientWorkspaceBytes,
  planDepthwiseWeightGradient,
} from "./depthwise/plan-depthwise-weight-gradient.js";
export { checkIndexRange, type IndexedPlan } from "./indexing/indexed-plan.js";
export {
  type GatherGradientSpec,
  type GatherSpec,
  planGather,
  planGatherGradient,
} from "./indexing/plan-gather.js";
export { joinPlans } from "./layout/join-plans.js";
export {
  type BroadcastGradientShape,
  type BroadcastGradientSpec,
  broadcastGradientWorkspaceBytes,
  planBroadcastGradient,
} from "./layout/plan-broadcast-gradient.js";
export { transposeResizeTable } from "./layout/transpose-resize-table.js";
export { loadTrainingKernels, trainingKernels } from "./load-training-kernels.js";
export {
  type CosineGradientSpec,
  type CosineShape,
  type CosineSimilaritySpec,
  planCosineGradient,
  planCosineSimilarity,
} from "./loss/plan-cosine-similarity.js";
export {
  type CrossEntropyGradientSpec,
  type CrossEntropyPlan,
  type CrossEntropyShape,
  type CrossEntropySpec,
  crossEntropyStatisticsBytes,
  planCrossEntropy,
  planCrossEntropyGradient,
} from "./loss/plan-cross-entropy.js";
export {
  planSoftCrossEntropy,
  planSoftCrossEntropyGradient,
  type SoftCrossEntropyGradientSpec,
  type SoftCrossEntropyShape,
  type SoftCrossEntropySpec,
  softCrossEntropyStatisticsBytes,
} from "./loss/plan-soft-cross-entropy.js";
export {
  planScale,
  planSquaredError,
  planSquaredErrorGradient,
  type ScaleSpec,
  type SquaredErrorGradientSpec,
  type SquaredErrorShape,
  type SquaredErrorSpec,
  squaredErrorWorkspaceBytes,
} from "./loss/plan-squared-error.js";
export type { LossReduction, Upstream } from "./loss/upstream.js";
export {
  type BatchNormGradientSpec,
  batchNormGradientWorkspaceBytes,
  planBatchNormGradient,
} from "./normalization/plan-batch-norm-gradient.js";
export {
  type BatchNormActivation,
  type BatchNormFrozenSpec,
  type BatchNormShape,
  type BatchNormTrainingSpec,
  batchNormTrainingWorkspaceBytes,
  planBatchNormFrozen,
  planBatchNormTraining,
} from "./normalization/plan-batch-norm-training.js";
export {
  type GroupNormGradientSpec,
  type GroupNormShape,
  type GroupNormTrainingSpec,
  groupNormGradientWorkspaceBytes,
  groupNormTrainingWorkspaceBytes,
  planGroupNormGradient,
  planGroupNormTraining,
} from "./normalization/plan-group-norm-training.js";
export {
  planRowNormGradient,
  planRowNormTraining,
  type RowNormGradientSpec,
  type RowNormShape,
  type RowNormTrainingSpec,
  rowNormGradientWorkspaceBytes,
} from "./normalization/plan-row-norm-training.js";
export { type AdamPlan, type AdamSpec, type AdamUpdate, planAdam } from "./optimizer/plan-adam.js";
export { planSgd, type SgdPlan, type SgdSpec, type SgdUpdate } from "./optimizer/plan-sgd.js";
export {
  planSumOfSquares,
  type SumOfSquaresPlan,
  type SumOfSquaresSpec,
  sumOfSquaresWorkspaceBytes,
} from "./optimizer/plan-sum-of-squares.js";
export type { ParameterUpdate, StepSettings } from "./optimizer/update-jobs.js";
export {
  type MaxPoolTrainingSpec,
  planMaxPoolTraining,
} from "./pooling/plan-max-pool-training.js";
export {
  type AveragePoolGradientSpec,
  type GlobalAveragePoolGradientSpec,
  type MaxPoolGradientSpec,
  planAveragePoolGradient,
  planGlobalAveragePoolGradient,
  planMaxPoolGradient,
} from "./pooling/plan-pool-gradient.js";
export type { PoolShape } from "./pooling/pool-shape.js";
export { type BiasGradientSpec, planBiasGradient } from "./product/plan-bias-gradient.js";
export {
  type ProductBatch,
  type ProductShape,
  type ProductSpec,
  planProduct,
  productWorkspaceBytes,
} from "./product/plan-product.js";
