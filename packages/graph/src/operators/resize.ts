import { sizeOf, type Tensor } from "@edgewright/core";
import { isFloat, packNumbers, readNumbers } from "./element-values.js";
import { roundHalfEven } from "./elementwise-unary.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import {
  floatAttribute,
  floatsAttribute,
  intsAttribute,
  stringAttribute,
} from "./node-attributes.js";
import { allocate, normalizeAxis, readIntegers, requireInput } from "./operator-inputs.js";
import { type ResizeAxis, readResizeMode, resizeTaps, type Taps } from "./resize-weights.js";

/** `Resize` and its forerunner `Upsample`. */
export function resizeOperators(): OperatorEntry[] {
  return [
    { opType: "Resize", since: 10, run: runResize },
    { opType: "Upsample", since: 7, until: 9, run: runResize },
  ];
}

const runResize: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const axes = readAxesToResize(inputs, x, context);
  const mode = readResizeMode(context);
  const shape = axes.map((axis) => axis.outputSize);
  allocate("f64", shape, context);
  if (sizeOf(shape) > 0 && x.data.length === 0) throw shapeError(context, "the input is empty");
  let values: Float64Array = Float64Array.from(readNumbers(x));
  const current = x.shape.slice();
  const outside: (readonly boolean[] | undefined)[] = [];
  for (const [i, axis] of axes.entries()) {
    const cropped =
      mode.coordinates === "tf_crop_and_resize" && (axis.cropStart !== 0 || axis.cropEnd !== 1);
    if (axis.scale === 1 && axis.inputSize === axis.outputSize && !cropped) continue;
    const taps = resizeTaps(axis, mode, context);
    values = resampleAxis(values, current, i, taps);
    current[i] = axis.outputSize;
    if (taps.some((tap) => tap.outside)) outside[i] = taps.map((tap) => tap.outside);
  }
  extrapolate(values, shape, outside, floatAttribute(context.node, "extrapolation_value", 0));
  if (!isFloat(x.dtype))
    for (let i = 0; i < values.length; i++) values[i] = roundHalfEven(values[i]!);
  return [packNumbers(x.dtype, shape, values, context)];
};

function resampleAxis(
  source: Float64Array,
  shape: readonly number[],
  axis: number,
  taps: readonly Taps[],
): Float64Array {
  const size = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const out = new Float64Array(outer * taps.length * inner);
  let target = 0;
  for (let o = 0; o < outer; o++) {
    for (const { indices, weights } of taps) {
      for (let t = 0; t < indices.length; t++) {
        const from = (o * size + indices[t]!) * inner;
        const weight = weights[t]!;
        for (let k = 0; k < inner; k++) out[target + k]! += weight * source[from + k]!;
      }
      target += inner;
    }
  }
  return out;
}

function extrapolate(
  values: Float64Array,
  shape: readonly number[],
  outside: readonly (readonly boolean[] | undefined)[],
  value: number,
): void {
  if (!outside.some((flags) => flags !== undefined)) return;
  for (let i = 0; i < values.length; i++) {
    let rest = i;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = rest % shape[axis]!;
      rest = (rest - at) / shape[axis]!;
      if (outside[axis]?.[at]) values[i] = value;
    }
  }
}

// Upsample: scales as attribute (7) or input 1 (9). Resize: scales in input 1 (10), or region, scales
// and sizes in inputs 1 to 3 (11 on).
function readAxesToResize(
  inputs: readonly (Tensor | null)[],
  x: Tensor,
  context: OperatorContext,
): ResizeAxis[] {
  const { node, opset } = context;
  const modern = node.opType === "Resize" && opset >= 11;
  const numbers = (index: number): number[] | undefined => {
    const input = inputs[index];
    return input && input.data.length > 0 ? Array.from(readNumbers(input)) : undefined;
  };
  const rank = x.shape.length;
  const axes = (modern ? intsAttribute(node, "axes") : undefined)?.map((axis) =>
    normalizeAxis(axis, rank, context),
  ) ?? [...x.shape.keys()];
  const scales = floatsAttribute(node, "scales") ?? numbers(modern ? 2 : 1);
  const sizesInput = modern ? inputs[3] : null;
  const sizes = sizesInput && sizesInput.data.length > 0 ? readIntegers(sizesInput) : undefined;
  const region = modern ? numbers(1) : undefined;
  const given = sizes ?? scales;
  if (given === undefined || given.length !== axes.length) {
    throw invalidNode(context, `needs ${axes.length} scales or sizes, got ${given?.length ?? 0}`);
  }
  if (given.some((value) => !(value > 0) && !(sizes !== undefined && value === 0))) {
    throw invalidNode(context, `scales or sizes [${given.join(", ")}] must be positive`);
  }
  const common = sizes === undefined ? undefined : commonScale(sizes, axes, x, context);
  return x.shape.map((inputSize, axis): ResizeAxis => {
    const k = axes.indexOf(axis);
    if (k < 0) return { inputSize, outputSize: inputSize, scale: 1, cropStart: 0, cropEnd: 1 };
    const scale = common ?? (sizes === undefined ? scales![k]! : sizes[k]! / inputSize);
    const outputSize =
      common !== undefined
        ? Math.floor(scale * inputSize + 0.5)
        : (sizes?.[k] ?? Math.floor(inputSize * scale));
    const cropStart = region?.[k] ?? 0;
    const cropEnd = region?.[axes.length + k] ?? 1;
    return { inputSize, outputSize, scale, cropStart, cropEnd };
  });
}

// keep_aspect_ratio_policy of version 18: one scale for all axes.
function commonScale(
  sizes: readonly number[],
  axes: readonly number[],
  x: Tensor,
  context: OperatorContext,
): number | undefined {
  const policy = stringAttribute(context.node, "keep_aspect_ratio_policy", "stretch");
  const ratios = axes.map((axis, k) => sizes[k]! / x.shape[axis]!);
  if (policy === "not_larger") return Math.min(...ratios);
  if (policy === "not_smaller") return Math.max(...ratios);
  if (policy === "stretch") return undefined;
  throw invalidNode(context, `keep_aspect_ratio_policy "${policy}" is unknown`);
}
