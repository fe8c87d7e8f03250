import { sizeOf, stridesOf } from "@edgewright/core";
import { allocateFloats, type FloatArray, packFloats, readFloats } from "./element-values.js";
import { roundHalfEven } from "./elementwise-unary.js";
import { type HostOperator, invalidNode, type OperatorEntry, shapeError } from "./host-operator.js";
import { intAttribute, stringAttribute } from "./node-attributes.js";
import { requireInput } from "./operator-inputs.js";
import { cubicWeight } from "./resize-weights.js";

/** `GridSample`: values of an image at positions that a grid gives. */
export function gridSampleOperators(): OperatorEntry[] {
  return [{ opType: "GridSample", since: 16, run: runGridSample }];
}

type Padding = "zeros" | "border" | "reflection";

/** One axis of a sample: elements and their weights; an index of -1 reads zero. */
interface AxisTaps {
  indices: number[];
  weights: number[];
}

const runGridSample: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const grid = requireInput(inputs, 1, context);
  const spatial = x.shape.slice(2);
  const rank = spatial.length;
  if (
    rank < 1 ||
    grid.shape.length !== rank + 2 ||
    grid.shape.at(-1) !== rank ||
    grid.shape[0] !== x.shape[0]
  ) {
    throw shapeError(
      context,
      `grid [${grid.shape.join(", ")}] does not fit [${x.shape.join(", ")}]`,
    );
  }
  const mode = stringAttribute(context.node, "mode", "linear").replace(/^bi/, "");
  if (mode !== "nearest" && mode !== "linear" && mode !== "cubic") {
    throw invalidNode(context, `mode "${mode}" is unknown`);
  }
  const padding = stringAttribute(context.node, "padding_mode", "zeros");
  if (padding !== "zeros" && padding !== "border" && padding !== "reflection") {
    throw invalidNode(context, `padding_mode "${padding}" is unknown`);
  }
  const aligned = intAttribute(context.node, "align_corners", 0) !== 0;
  const points = grid.shape.slice(1, -1);
  const count = sizeOf(points);
  const [batch, channels] = x.shape as [number, number];
  const shape = [batch, channels, ...points];
  const positions = readFloats(grid, context);
  const source = readFloats(x, context);
  const values = allocateFloats(x.dtype, shape, context);
  const plane = sizeOf(spatial);
  const strides = stridesOf(spatial);
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < count; p++) {
      const at = (n * count + p) * rank;
      // The grid names the innermost axis first.
      const taps = spatial.map((size, axis) =>
        sampleAxis(positions[at + rank - 1 - axis]!, size, mode, padding, aligned),
      );
      for (let c = 0; c < channels; c++) {
        const start = (n * channels + c) * plane;
        values[(n * channels + c) * count + p] = weigh(source, start, taps, strides, 0);
      }
    }
  }
  return [packFloats(x.dtype, shape, values)];
};

function weigh(
  source: FloatArray,
  start: number,
  taps: readonly AxisTaps[],
  strides: readonly number[],
  axis: number,
): number {
  const { indices, weights } = taps[axis]!;
  let total = 0;
  for (let k = 0; k < indices.length; k++) {
    const index = indices[k]!;
    if (index < 0) continue;
    const at = start + index * strides[axis]!;
    const value =
      axis + 1 === taps.length ? source[at]! : weigh(source, at, taps, strides, axis + 1);
    total += weights[k]! * value;
  }
  return total;
}

function sampleAxis(
  position: number,
  size: number,
  mode: "nearest" | "linear" | "cubic",
  padding: Padding,
  aligned: boolean,
): AxisTaps {
  const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
  // -1 and 1 are the centres of the outer elements, or their outer edges.
  let at = aligned ? ((position + 1) / 2) * (size - 1) : ((position + 1) * size - 1) / 2;
  if (!Number.isFinite(at)) return { indices: [-1], weights: [0] };
  if (padding === "border") at = Math.max(0, Math.min(size - 1, at));
  else if (padding === "reflection") at = reflect(at, low, high);
  const place = (i: number): number => {
    if (i >= 0 && i < size) return i;
    if (padding === "zeros") return -1;
    const inside = padding === "border" ? i : reflect(i, low, high);
    return Math.max(0, Math.min(size - 1, inside));
  };
  if (mode === "nearest") return { indices: [place(roundHalfEven(at))], weights: [1] };
  const first = Math.floor(at);
  const fraction = at - first;
  if (mode === "linear") {
    return { indices: [place(first), place(first + 1)], weights: [1 - fraction, fraction] };
  }
  return {
    indices: [-1, 0, 1, 2].map((shift) => place(first + shift)),
    weights: [-1, 0, 1, 2].map((shift) => cubicWeight(shift - fraction, -0.75)),
  };
}

function reflect(position: number, low: number, high: number): number {
  const span = high - low;
  if (span <= 0) return low;
  const folded = (((position - low) % (2 * span)) + 2 * span) % (2 * span);
  return low + (folded < span ? folded : 2 * span - folded);
}
