/**
 * Reverse-mode gradients on WebAssembly SIMD, with every byte kept for the backward pass accounted for.
 *
 * @packageDocumentation
 */
export type { PartialParameter, ProgramRequest } from "./engine/lower-program.js";
export {
  type KeptValue,
  type MemoryAccount,
  type NodeAccount,
  predictMemory,
  type StepAccount,
} from "./engine/memory-account.js";
export type { RunProgramOptions, StepEvent } from "./engine/observed-run.js";
export type {
  BackwardCall,
  ForwardCall,
  ForwardResult,
  HostPlan,
  Operation,
  ProgramBuilder,
  StepSpec,
} from "./engine/operation.js";
export { createParameter, Parameter, type ParameterOptions } from "./engine/parameter.js";
export { createProgram, type Program, type ProgramFeeds } from "./engine/program.js";
export {
  createTape,
  type Operand,
  type OperationNode,
  record,
  Tape,
  type TapeNode,
  type Variable,
} from "./engine/tape.js";
export type { Value, ValueType } from "./engine/value.js";
export type { TrainableChoice } from "./graph/model-weights.js";
export {
  type ApplyModelOptions,
  type TrainableModel,
  type TrainableModelOptions,
  trainableModel,
} from "./graph/trainable-model.js";
export {
  type BatchNormalizationOptions,
  batchNormalization,
} from "./layers/batch-normalization.js";
export {
  type ConvolutionOptions,
  convolution,
  type DepthwiseConvolutionOptions,
  depthwiseConvolution,
} from "./layers/convolution.js";
export { type DenseOptions, dense } from "./layers/dense.js";
export {
  glorotNormal,
  glorotUniform,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  type WeightShape,
} from "./layers/initialization.js";
export { type ApplyLayerOptions, type Layer, sequential } from "./layers/layer.js";
export { type AttentionOptions, attention } from "./operations/attention.js";
export { type AveragePool2dOptions, averagePool2d } from "./operations/average-pool2d.js";
export { type BatchNormOptions, batchNorm } from "./operations/batch-norm.js";
export { add, divide, multiply, subtract } from "./operations/broadcast-arithmetic.js";
export { type ClampOptions, clamp } from "./operations/clamp.js";
export { type ConcatOptions, concat } from "./operations/concat.js";
export { type Conv2dOptions, conv2d } from "./operations/conv2d.js";
export type { ConvolutionWindow } from "./operations/convolution-window.js";
export { cosineLoss } from "./operations/cosine-loss.js";
export { type CrossEntropyOptions, crossEntropy } from "./operations/cross-entropy.js";
export { type CustomGradient, customGradient } from "./operations/custom-gradient.js";
export { type DepthwiseConv2dOptions, depthwiseConv2d } from "./operations/depthwise-conv2d.js";
export {
  absolute,
  exponential,
  logarithm,
  negate,
  power,
  square,
  squareRoot,
} from "./operations/elementwise-functions.js";
export { elu } from "./operations/elu.js";
export { embedding } from "./operations/embedding.js";
export { maximum, minimum } from "./operations/extremes.js";
export { type GeluOptions, gelu } from "./operations/gelu.js";
export { globalAveragePool } from "./operations/global-average-pool.js";
export { type GroupNormOptions, groupNorm } from "./operations/group-norm.js";
export { hardSigmoid } from "./operations/hard-sigmoid.js";
export { hardSwish } from "./operations/hard-swish.js";
export {
  type LayerNormOptions,
  layerNorm,
  type RmsNormOptions,
  rmsNorm,
} from "./operations/layer-norm.js";
export { type LeakyReluOptions, leakyRelu } from "./operations/leaky-relu.js";
export { type LinearOptions, linear } from "./operations/linear.js";
export { type MatmulOptions, matmul } from "./operations/matmul.js";
export { type MaxPool2dOptions, maxPool2d } from "./operations/max-pool2d.js";
export { meanSquaredError } from "./operations/mean-squared-error.js";
export { mish } from "./operations/mish.js";
export { type PadOptions, pad } from "./operations/pad.js";
export { pixelShuffle } from "./operations/pixel-shuffle.js";
export type { PoolWindow } from "./operations/pool-window.js";
export { prelu } from "./operations/prelu.js";
export { max, min } from "./operations/reduce-extreme.js";
export type { ReduceOptions } from "./operations/reduction-axes.js";
export { relu, relu6 } from "./operations/relu.js";
export { flatten, reshape } from "./operations/reshape.js";
export { type Resize2dOptions, resize2d } from "./operations/resize2d.js";
export type { PadsOption } from "./operations/resolve-pads.js";
export { type RopeOptions, rope } from "./operations/rope.js";
export type { ScaleAndShift } from "./operations/scale-and-shift.js";
export { sigmoid } from "./operations/sigmoid.js";
export { silu } from "./operations/silu.js";
export { type SliceOptions, type SplitOptions, slice, split } from "./operations/slice.js";
export {
  type KlDivergenceOptions,
  klDivergence,
  softCrossEntropy,
} from "./operations/soft-cross-entropy.js";
export { logSoftmax, softmax } from "./operations/softmax.js";
export { softplus } from "./operations/softplus.js";
export { stopGradient } from "./operations/stop-gradient.js";
export { mean, sum } from "./operations/sum.js";
export { tanh } from "./operations/tanh.js";
export { transpose } from "./operations/transpose.js";
export { type VarianceOptions, variance } from "./operations/variance.js";
export { type AdamOptions, adam, adamW } from "./optimizers/adam.js";
export { type MuonOptions, muon } from "./optimizers/muon.js";
export {
  type ClippingOptions,
  createOptimizer,
  type Optimizer,
  type OptimizerState,
} from "./optimizers/optimizer.js";
export {
  type OptimizedParameter,
  type OptimizerOptions,
  type OptimizerSpec,
  optimizerBytes,
  type UpdatePlan,
} from "./optimizers/optimizer-spec.js";
export {
  type CosineScheduleOptions,
  chainSchedules,
  constantSchedule,
  cosineSchedule,
  type Schedule,
  type SchedulePart,
  type StepScheduleOptions,
  stepSchedule,
  warmUp,
} from "./optimizers/schedules.js";
export { type SgdOptions, sgd } from "./optimizers/sgd.js";
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./training/checkpoint.js";
export { DivergenceError } from "./training/divergence-error.js";
export { type EvaluateOptions, type Evaluation, evaluateAccuracy } from "./training/evaluate.js";
export {
  type TrainedEpoch,
  type TrainingProgress,
  type TrainingResult,
  type TrainOptions,
  train,
} from "./training/train.js";
export {
  createTrainer,
  type NetworkMode,
  predictTrainingMemory,
  type RecordedNetwork,
  type RecordNetwork,
  type Trainer,
  type TrainerOptions,
  type TrainerStep,
  type TrainingMemory,
} from "./training/trainer.js";
export { arrayData, type BatchArrays, type TrainingData } from "./training/training-data.js";
