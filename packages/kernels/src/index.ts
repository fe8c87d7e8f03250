/**
 * WebAssembly SIMD arithmetic for neural networks.
 *
 * @packageDocumentation
 */
export {
  type Activation,
  type ActivationKind,
  activationWords,
  isIdentityActivation,
} from "./activation/activation.js";
export { convOutputSize, convTransposeOutputSize } from "./convolution/conv-output-size.js";
export type {
  Conv2dSpec,
  ConvAlgorithm,
  ConvShape,
  Pads,
  Pair,
} from "./convolution/conv2d-spec.js";
export {
  type PackConvTransposeWeightsOptions,
  type PackedConvTransposeWeights,
  packConvTransposeWeights,
  type TransposePhase,
} from "./convolution/pack-conv-transpose-weights.js";
export {
  type PackConvWeightsOptions,
  type PackedConvWeights,
  packConvWeights,
} from "./convolution/pack-conv-weights.js";
export {
  type ConvTranspose2dSpec,
  planConvTranspose2d,
} from "./convolution/plan-conv-transpose2d.js";
export { conv2dWorkspaceBytes, planConv2d } from "./convolution/plan-conv2d.js";
export { type BinaryOp, type BinarySpec, planBinary } from "./elementwise/plan-binary.js";
export { planReduce, type ReduceOp, type ReduceSpec } from "./elementwise/plan-reduce.js";
export { planUnary, type UnarySpec } from "./elementwise/plan-unary.js";
export { type PackedMatrix, type PackMatrixOptions, packMatrix } from "./gemm/pack-matrix.js";
export { type GemmBatch, type GemmSpec, planGemm } from "./gemm/plan-gemm.js";
export type {
  F32GemvWeights,
  GemvFormat,
  GemvWeights,
  HalfGemvWeights,
  Int4GemvWeights,
  Int8GemvWeights,
  MatrixLayout,
  PackedGemvWeights,
  TernaryGemvWeights,
} from "./gemv/gemv-weights.js";
export { packGemvWeights } from "./gemv/pack-gemv-weights.js";
export { type GemvSpec, planGemv } from "./gemv/plan-gemv.js";
export { planReadMemory } from "./gemv/plan-read-memory.js";
export type { Int8Output } from "./int8/int8-output.js";
export {
  type PackedInt8ConvWeights,
  type PackInt8ConvWeightsOptions,
  packInt8ConvWeights,
} from "./int8/pack-int8-conv-weights.js";
export {
  type PackedInt8Matrix,
  type PackInt8MatrixOptions,
  packInt8Matrix,
} from "./int8/pack-int8-matrix.js";
export type { Int8Path, PackedInt8Weights } from "./int8/pack-panels.js";
export { type ConvInt8Spec, planConvInt8 } from "./int8/plan-conv-int8.js";
export { type GemmInt8Spec, planGemmInt8 } from "./int8/plan-gemm-int8.js";
export type { Int8Activations } from "./int8/prepare-activations.js";
export {
  type Copy2dSpec,
  type CopySpec,
  planCopy,
  planCopy2d,
  planFill,
} from "./layout/plan-copy.js";
export { planTranspose, type TransposeSpec } from "./layout/plan-transpose.js";
export { type AffineSpec, planAffine } from "./normalization/plan-affine.js";
export {
  type GroupNormSpec,
  type InstanceNormSpec,
  planGroupNorm,
  planInstanceNorm,
} from "./normalization/plan-group-norm.js";
export { type NormalizeSpec, planNormalize } from "./normalization/plan-normalize.js";
export { planSoftmax, type SoftmaxSpec } from "./normalization/plan-softmax.js";
export {
  type GlobalPoolSpec,
  type Pool2dSpec,
  planGlobalPool,
  planPool2d,
} from "./pooling/plan-pool2d.js";
export { type LstmCellSpec, planLstmCell } from "./recurrent/plan-lstm-cell.js";
export { planResize2d, type Resize2dSpec } from "./resize/plan-resize2d.js";
export {
  type CoordinateMode,
  createResizeTable,
  type ResizeTable,
  type ResizeTableOptions,
} from "./resize/resize-table.js";
export { type Allocation, Arena } from "./runtime/arena.js";
export { createPlan, floatBits, type Job, type JobSpec, type Plan } from "./runtime/job.js";
export {
  type KernelExtension,
  type Kernels,
  type KernelVariant,
  type LoadKernelsOptions,
  loadKernels,
} from "./runtime/load.js";
export {
  type RelaxedDotOperand,
  relaxedDotOperand,
  supportsRelaxedSimd,
} from "./runtime/relaxed-probe.js";
export { withSharedMemory } from "./runtime/shared-memory.js";
