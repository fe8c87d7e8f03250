import { broadcastStrides, sizeOf, type Tensor } from "@edgewright/core";
import { broadcastShape, forEachRow } from "./broadcasting.js";
import { castTensor, dtypeFromCode } from "./casting.js";
import { lineStarts } from "./cumulative-sum.js";
import {
  allocateFloats,
  type FloatArray,
  packFloats,
  packNumbers,
  readFloats,
} from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { floatAttribute, intAttribute, intsAttribute } from "./node-attributes.js";
import { normalizeAxis, requireInput } from "./operator-inputs.js";

/** Normalisations: by batch, instance, layer, group, neighbourhood, mean and variance. */
export function normalizationOperators(): OperatorEntry[] {
  return [
    { opType: "BatchNormalization", since: 7, run: runBatchNormalization },
    { opType: "GroupNormalization", since: 18, run: runGroupNormalization },
    { opType: "InstanceNormalization", since: 6, run: runInstanceNormalization },
    { opType: "LayerNormalization", since: 17, run: runLayerNormalization },
    { opType: "LpNormalization", since: 1, run: runLpNormalization },
    { opType: "LRN", since: 1, run: runLocalResponseNormalization },
    { opType: "MeanVarianceNormalization", since: 9, run: runMeanVarianceNormalization },
    { opType: "RMSNormalization", since: 23, run: runRmsNormalization },
  ];
}

/** Mean and biased variance of `count` elements from `start` on. */
function moments(x: FloatArray, start: number, count: number): { mean: number; variance: number } {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += x[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = start; i < start + count; i++) squares += (x[i]! - mean) ** 2;
  return { mean, variance: squares / count };
}

function requireVector(
  inputs: readonly (Tensor | null)[],
  index: number,
  length: number,
  context: OperatorContext,
): FloatArray {
  const vector = requireInput(inputs, index, context);
  if (vector.data.length !== length) {
    throw shapeError(
      context,
      `input ${index} has ${vector.data.length} elements, expected ${length}`,
    );
  }
  return readFloats(vector, context);
}

const runBatchNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const channels = x.shape[1] ?? 1;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) =>
    requireVector(inputs, i, channels, context),
  ) as [FloatArray, FloatArray, FloatArray, FloatArray];
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  const source = readFloats(x, context);
  const plane = sizeOf(x.shape.slice(2));
  const training = intAttribute(context.node, "training_mode", 0) !== 0;
  const used = training ? channelMoments(x, source, channels, plane) : { mean, variance };
  const values = allocateFloats(x.dtype, x.shape, context);
  for (let start = 0, block = 0; start < values.length; start += plane, block++) {
    const c = block % channels;
    const factor = scale[c]! / Math.sqrt(used.variance[c]! + epsilon);
    const shift = bias[c]! - used.mean[c]! * factor;
    for (let i = start; i < start + plane; i++) values[i] = source[i]! * factor + shift;
  }
  const y = packFloats(x.dtype, x.shape, values);
  if (!training) return [y];
  // Version 14 keeps running statistics: the old ones weigh `momentum`.
  const momentum = floatAttribute(context.node, "momentum", 0.9);
  const blend = (old: FloatArray, current: FloatArray, like: Tensor): Tensor =>
    packNumbers(
      like.dtype,
      like.shape,
      Float64Array.from(old, (v, c) => v * momentum + current[c]! * (1 - momentum)),
      context,
    );
  return [y, blend(mean, used.mean, inputs[3]!), blend(variance, used.variance, inputs[4]!)];
};

function channelMoments(
  x: Tensor,
  source: FloatArray,
  channels: number,
  plane: number,
): { mean: Float64Array; variance: Float64Array } {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const batch = x.shape[0] ?? 1;
  const count = batch * plane;
  for (let c = 0; c < channels; c++) {
    const line = new Float64Array(count);
    for (let n = 0; n < batch; n++) {
      const start = (n * channels + c) * plane;
      line.set(source.subarray(start, start + plane), n * plane);
    }
    const found = moments(line, 0, count);
    mean[c] = found.mean;
    variance[c] = found.variance;
  }
  return { mean, variance };
}

const runInstanceNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const channels = x.shape[1] ?? 1;
  const scale = requireVector(inputs, 1, channels, context);
  const bias = requireVector(inputs, 2, channels, context);
  return [normalizeGroups(x, channels, (c) => [scale[c]!, bias[c]!], context)];
};

// Up to version 20 scale and bias were per group, from 21 on per channel.
const runGroupNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const channels = x.shape[1] ?? 1;
  const groups = intAttribute(context.node, "num_groups", 0);
  if (!(groups >= 1) || channels % groups !== 0) {
    throw shapeError(context, `${channels} channels do not divide into ${groups} groups`);
  }
  const perGroup = context.opset < 21;
  const length = perGroup ? groups : channels;
  const scale = requireVector(inputs, 1, length, context);
  const bias = requireVector(inputs, 2, length, context);
  const width = channels / groups;
  const index = (c: number): number => (perGroup ? Math.floor(c / width) : c);
  return [normalizeGroups(x, groups, (c) => [scale[index(c)]!, bias[index(c)]!], context)];
};

// Zero mean and unit variance within each of `groups` runs of channels, then an affine map.
function normalizeGroups(
  x: Tensor,
  groups: number,
  affine: (channel: number) => [scale: number, bias: number],
  context: OperatorContext,
): Tensor {
  if (x.shape.length < 2)
    throw shapeError(context, `takes [n, c, ...], got [${x.shape.join(", ")}]`);
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  const [batch, channels] = x.shape as [number, number];
  const plane = sizeOf(x.shape.slice(2));
  const source = readFloats(x, context);
  const values = allocateFloats(x.dtype, x.shape, context);
  const size = (channels / groups) * plane;
  for (let g = 0; g < batch * groups; g++) {
    const { mean, variance } = moments(source, g * size, size);
    const inverse = 1 / Math.sqrt(variance + epsilon);
    for (let i = g * size; i < (g + 1) * size; i++) {
      const [scale, bias] = affine(Math.floor(i / plane) % channels);
      values[i] = (source[i]! - mean) * inverse * scale + bias;
    }
  }
  return packFloats(x.dtype, x.shape, values);
}

const runLayerNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const scale = requireInput(inputs, 1, context);
  const bias = inputs[2] ?? null;
  const rank = x.shape.length;
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), rank, context);
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  const source = readFloats(x, context);
  const length = sizeOf(x.shape.slice(axis));
  const normalized = new Float64Array(source.length);
  const rows = length === 0 ? 0 : source.length / length;
  const means = new Float64Array(rows);
  const inverses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const { mean, variance } = moments(source, row * length, length);
    const inverse = 1 / Math.sqrt(variance + epsilon);
    means[row] = mean;
    inverses[row] = inverse;
    for (let i = row * length; i < (row + 1) * length; i++) {
      normalized[i] = (source[i]! - mean) * inverse;
    }
  }
  const y = scaleAndShift(x, normalized, scale, bias, context);
  if (context.outputCount < 2) return [y];
  const shape = x.shape.map((size, i) => (i < axis ? size : 1));
  // The statistics have the type of the first stage's computation, float by default.
  const stash = dtypeFromCode(intAttribute(context.node, "stash_type", 1), context);
  const pack = (values: Float64Array): Tensor => packNumbers(stash, shape, values, context);
  return [y, pack(means), pack(inverses)];
};

const runRmsNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const scale = requireInput(inputs, 1, context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), x.shape.length, context);
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  const source = readFloats(x, context);
  const length = sizeOf(x.shape.slice(axis));
  const normalized = new Float64Array(source.length);
  for (let start = 0; start < source.length; start += length) {
    let squares = 0;
    for (let i = start; i < start + length; i++) squares += source[i]! ** 2;
    const inverse = 1 / Math.sqrt(squares / length + epsilon);
    for (let i = start; i < start + length; i++) normalized[i] = source[i]! * inverse;
  }
  return [scaleAndShift(x, normalized, scale, null, context)];
};

function scaleAndShift(
  x: Tensor,
  normalized: Float64Array,
  scale: Tensor,
  bias: Tensor | null,
  context: OperatorContext,
): Tensor {
  const shape = broadcastShape([x.shape, scale.shape, bias?.shape ?? []], context);
  if (shape.join() !== x.shape.join()) {
    throw shapeError(context, `scale or bias is larger than the input [${x.shape.join(", ")}]`);
  }
  const factors = readFloats(scale, context);
  const shifts = bias === null ? new Float64Array(1) : readFloats(bias, context);
  const values = allocateFloats(x.dtype, x.shape, context);
  let next = 0;
  forEachRow(
    x.shape,
    [scale.shape, bias?.shape ?? []].map((s) => broadcastStrides(s, x.shape)),
    ([first, second], [stepScale, stepBias], length) => {
      for (let k = 0; k < length; k++, next++) {
        values[next] =
          normalized[next]! * factors[first! + k * stepScale!]! + shifts[second! + k * stepBias!]!;
      }
    },
  );
  return packFloats(x.dtype, x.shape, values);
}

const runLpNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const axis = normalizeAxis(intAttribute(context.node, "axis", -1), x.shape.length, context);
  const p = intAttribute(context.node, "p", 2);
  if (p !== 1 && p !== 2) throw invalidNode(context, `p is 1 or 2, got ${p}`);
  const source = readFloats(x, context);
  const values = allocateFloats(x.dtype, x.shape, context);
  const length = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  for (const start of lineStarts(values.length, length, inner)) {
    let norm = 0;
    for (let k = 0; k < length; k++) norm += Math.abs(source[start + k * inner]!) ** p;
    if (p === 2) norm = Math.sqrt(norm);
    for (let k = 0; k < length; k++) {
      values[start + k * inner] = norm === 0 ? 0 : source[start + k * inner]! / norm;
    }
  }
  return [packFloats(x.dtype, x.shape, values)];
};

// Krizhevsky et al. 2012, section 3.3: sums of squares over neighbouring channels.
const runLocalResponseNormalization: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const { node } = context;
  const size = intAttribute(node, "size", 0);
  if (!(size >= 1) || x.shape.length < 2) {
    throw invalidNode(context, `size ${size} or shape [${x.shape.join(", ")}] is not possible`);
  }
  const alpha = floatAttribute(node, "alpha", 1e-4) / size;
  const beta = floatAttribute(node, "beta", 0.75);
  const bias = floatAttribute(node, "bias", 1);
  const source = readFloats(x, context);
  const values = allocateFloats(x.dtype, x.shape, context);
  const channels = x.shape[1]!;
  const plane = sizeOf(x.shape.slice(2));
  const before = Math.floor((size - 1) / 2);
  const after = Math.ceil((size - 1) / 2);
  for (let i = 0; i < values.length; i++) {
    const c = Math.floor(i / plane) % channels;
    const from = Math.max(0, c - before) - c;
    const to = Math.min(channels - 1, c + after) - c;
    let squares = 0;
    for (let d = from; d <= to; d++) squares += source[i + d * plane]! ** 2;
    values[i] = source[i]! / (bias + alpha * squares) ** beta;
  }
  return [packFloats(x.dtype, x.shape, values)];
};

const runMeanVarianceNormalization: HostOperator = (inputs, context) => {
  const x = castTensor(requireInput(inputs, 0, context), "f64", context);
  const rank = x.shape.length;
  const axes = new Set(
    (intsAttribute(context.node, "axes") ?? [0, 2, 3]).map((a) => normalizeAxis(a, rank, context)),
  );
  // Statistics over the axes, kept as size 1.
  const shape = x.shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  const strides = broadcastStrides(shape, x.shape);
  const source = x.data as Float64Array;
  const count = source.length / Math.max(1, sizeOf(shape));
  const sums = new Float64Array(sizeOf(shape));
  const squares = new Float64Array(sizeOf(shape));
  const visit = (use: (element: number, cell: number) => void): void => {
    let next = 0;
    forEachRow(x.shape, [strides], ([offset], [step], length) => {
      for (let k = 0; k < length; k++) use(next++, offset! + k * step!);
    });
  };
  visit((i, cell) => {
    sums[cell]! += source[i]! / count;
  });
  visit((i, cell) => {
    squares[cell]! += (source[i]! - sums[cell]!) ** 2 / count;
  });
  const values = new Float64Array(source.length);
  visit((i, cell) => {
    // The standard's function body adds 1e-9 to the standard deviation.
    values[i] = (source[i]! - sums[cell]!) / (Math.sqrt(squares[cell]!) + 1e-9);
  });
  return [packNumbers(inputs[0]!.dtype, x.shape, values, context)];
};
