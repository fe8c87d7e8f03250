/**
 * Tensors, errors and the types that travel between the `@edgewright` packages.
 *
 * @packageDocumentation
 */
export {
  arrayConstructor,
  bytesPerElement,
  type DType,
  type DTypeArrays,
  type TensorData,
  type TypedArrayConstructor,
} from "./dtype.js";
export {
  AbortError,
  EdgewrightError,
  type EdgewrightErrorOptions,
  type ErrorCode,
  ShapeError,
  throwIfAborted,
  UnsupportedError,
  ValidationError,
} from "./errors.js";
export { createTurnTaker, nextTurn } from "./event-loop.js";
export {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  fromBfloat16Bits,
  fromFloat16Bits,
  toBfloat16Bits,
  toFloat16Bits,
} from "./half.js";
export {
  type BinaryCodedParts,
  binaryCodedScales,
  packBinaryCoded,
  unpackBinaryCoded,
  unpackBinaryCodes,
} from "./packed/binary-coded.js";
export {
  type Int4GroupParts,
  packInt4Group,
  type QuantizeInt4Options,
  quantizeInt4Group,
  unpackInt4Group,
  unpackInt4GroupParts,
} from "./packed/int4-group.js";
export {
  type QuantizeInt8Options,
  quantizeInt8Channel,
  unpackInt8Channel,
} from "./packed/int8-channel.js";
export {
  type QuantizeInt8GroupOptions,
  quantizeInt8Group,
  unpackInt8Group,
} from "./packed/int8-group.js";
export {
  type NestedParts,
  nestedCodebooks,
  packNested,
  unpackNested,
  unpackNestedCodes,
} from "./packed/nested.js";
export type {
  BinaryCodedTensor,
  Int4GroupTensor,
  Int8ChannelTensor,
  Int8GroupTensor,
  NestedTensor,
  PackedFloats,
  PackedTensor,
  PackedTensorBase,
  TernaryTensor,
} from "./packed/packed-tensor.js";
export {
  packTernary,
  type QuantizeTernaryOptions,
  quantizeTernary,
  unpackTernary,
  unpackTernaryValues,
} from "./packed/ternary.js";
export { packedBytes, unpackTensor } from "./packed/unpack-tensor.js";
export { createRng, philox4x32, type Rng, type RngState, restoreRng } from "./rng.js";
export { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.js";
export type {
  ComputeUnit,
  CoRun,
  Device,
  DeviceMeasurement,
  DeviceProfile,
  Engine,
  FigureKind,
  MetricStatistics,
} from "./schemas/device-profile.js";
export type { Accuracy, ModelVariant } from "./schemas/model-variant.js";
export { parseDeviceProfile } from "./schemas/parse-device-profile.js";
export { parseModelVariant } from "./schemas/parse-model-variant.js";
export {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  flattenIndex,
  formatShape,
  normalizeAxis,
  sameShape,
  stridesOf,
  unflattenIndex,
} from "./shape.js";
export {
  type Interval,
  mean,
  meanInterval,
  median,
  medianAbsoluteDeviation,
  medianInterval,
  normalQuantile,
  proportionInterval,
  quantile,
  quantiles,
  standardDeviation,
  variance,
} from "./statistics.js";
export { sizeOf, type Tensor, tensor } from "./tensor.js";
export { createRunningStatistics, type RunningStatistics } from "./welford.js";
