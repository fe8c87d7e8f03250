import { invalidNode, type OperatorContext } from "./host-operator.js";
import { floatAttribute, intAttribute, stringAttribute } from "./node-attributes.js";

/** How one axis of a tensor is resampled. */
export interface ResizeAxis {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly scale: number;
  /** Part of the axis that `tf_crop_and_resize` takes, as fractions. */
  readonly cropStart: number;
  readonly cropEnd: number;
}

/** Source elements of one output position. */
export interface Taps {
  readonly indices: readonly number[];
  readonly weights: readonly number[];
  /** Whether the position lies outside the input, where `tf_crop_and_resize` extrapolates. */
  readonly outside: boolean;
}

/** Attributes of `Resize` that say where and how to sample. */
export interface ResizeMode {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubicA: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/** Reads the sampling attributes of a node, with the defaults of its opset version. */
export function readResizeMode(context: OperatorContext): ResizeMode {
  const { node, opset } = context;
  const legacy = node.opType === "Upsample" || opset < 11;
  return {
    mode: stringAttribute(node, "mode", "nearest"),
    coordinates: legacy
      ? "asymmetric"
      : stringAttribute(node, "coordinate_transformation_mode", "half_pixel"),
    nearest: legacy ? "floor" : stringAttribute(node, "nearest_mode", "round_prefer_floor"),
    cubicA: floatAttribute(node, "cubic_coeff_a", -0.75),
    excludeOutside: intAttribute(node, "exclude_outside", 0) !== 0,
    antialias: intAttribute(node, "antialias", 0) !== 0,
  };
}

/** Weights of the source elements for every output position along an axis. */
export function resizeTaps(axis: ResizeAxis, mode: ResizeMode, context: OperatorContext): Taps[] {
  return Array.from({ length: axis.outputSize }, (_, i) => {
    const position = sourcePosition(i, axis, mode, context);
    const outside =
      mode.coordinates === "tf_crop_and_resize" && (position < 0 || position > axis.inputSize - 1);
    const taps = sampleTaps(position, axis, mode, context);
    return { ...clampTaps(taps, axis.inputSize, mode.excludeOutside), outside };
  });
}

// Formulas of the standard's table for coordinate_transformation_mode.
function sourcePosition(
  x: number,
  axis: ResizeAxis,
  mode: ResizeMode,
  context: OperatorContext,
): number {
  const { inputSize, outputSize, scale } = axis;
  const halfPixel = (x + 0.5) / scale - 0.5;
  switch (mode.coordinates) {
    case "half_pixel":
      return halfPixel;
    case "half_pixel_symmetric": {
      const adjustment = outputSize / (scale * inputSize);
      return (inputSize / 2) * (1 - adjustment) + halfPixel;
    }
    case "pytorch_half_pixel":
      return outputSize > 1 ? halfPixel : 0;
    case "align_corners": {
      // The exact length, which need not be whole, as in the standard's reference and its tests.
      const exact = scale * inputSize;
      return outputSize === 1 || exact === 1 ? 0 : (x * (inputSize - 1)) / (exact - 1);
    }
    case "asymmetric":
      return x / scale;
    case "tf_half_pixel_for_nn":
      return (x + 0.5) / scale;
    case "tf_crop_and_resize": {
      const { cropStart, cropEnd } = axis;
      const last = inputSize - 1;
      return outputSize > 1
        ? cropStart * last + (x * (cropEnd - cropStart) * last) / (outputSize - 1)
        : 0.5 * (cropStart + cropEnd) * last;
    }
    default:
      throw invalidNode(context, `coordinate_transformation_mode "${mode.coordinates}" is unknown`);
  }
}

function sampleTaps(
  position: number,
  axis: ResizeAxis,
  mode: ResizeMode,
  context: OperatorContext,
): { indices: number[]; weights: number[] } {
  if (mode.mode === "nearest") {
    return { indices: [nearestIndex(position, mode.nearest, context)], weights: [1] };
  }
  const kernel = interpolationKernel(mode, context);
  // Shrinking with antialias stretches the kernel over all elements that merge.
  const squeeze = mode.antialias ? Math.min(1, axis.scale) : 1;
  const reach = kernel.radius / squeeze;
  const indices: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (let i = Math.floor(position - reach) + 1; i < position + reach; i++) {
    const weight = kernel.weigh(Math.abs(i - position) * squeeze);
    indices.push(i);
    weights.push(weight);
    total += weight;
  }
  if (squeeze < 1) for (let k = 0; k < weights.length; k++) weights[k]! /= total;
  return { indices, weights };
}

function nearestIndex(position: number, rounding: string, context: OperatorContext): number {
  switch (rounding) {
    case "round_prefer_floor":
      return Math.ceil(position - 0.5);
    case "round_prefer_ceil":
      return Math.floor(position + 0.5);
    case "floor":
      return Math.floor(position);
    case "ceil":
      return Math.ceil(position);
    default:
      throw invalidNode(context, `nearest_mode "${rounding}" is unknown`);
  }
}

interface InterpolationKernel {
  radius: number;
  /** Weight of an element at a distance below the radius. */
  weigh(distance: number): number;
}

function interpolationKernel(mode: ResizeMode, context: OperatorContext): InterpolationKernel {
  if (mode.mode === "linear" || mode.mode === "bilinear") {
    return { radius: 1, weigh: (distance) => 1 - distance };
  }
  if (mode.mode === "cubic") {
    const a = mode.cubicA;
    return { radius: 2, weigh: (distance) => cubicWeight(distance, a) };
  }
  throw invalidNode(context, `mode "${mode.mode}" is unknown`);
}

/** Weight of an element at `distance` from the sample, Keys 1981. */
export function cubicWeight(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

// Elements outside the input are its border again, or do not count.
function clampTaps(
  taps: { indices: number[]; weights: number[] },
  size: number,
  exclude: boolean,
): { indices: number[]; weights: number[] } {
  const { indices, weights } = taps;
  if (exclude) {
    const inside = indices.flatMap((i, k) => (i >= 0 && i < size ? [k] : []));
    const total = inside.reduce((sum, k) => sum + weights[k]!, 0);
    if (total !== 0) {
      return {
        indices: inside.map((k) => indices[k]!),
        weights: inside.map((k) => weights[k]! / total),
      };
    }
  }
  return { indices: indices.map((i) => Math.max(0, Math.min(size - 1, i))), weights };
}
