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
