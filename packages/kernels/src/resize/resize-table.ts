import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../runtime/check-counts.js";

/** Which input elements make each output element along one axis, and with which weights. */
export interface ResizeTable {
  /** Length of the input axis. */
  readonly inputLength: number;
  /** Length of the output axis. */
  readonly outputLength: number;
  /** Input elements for each output element. */
  readonly taps: number;
  /** [outputLength, taps], each in 0..inputLength - 1. */
  readonly indices: Int32Array;
  /** [outputLength, taps]. */
  readonly weights: Float32Array;
}

/** How an output position becomes an input position, named as in ONNX's Resize. */
export type CoordinateMode =
  | "half_pixel"
  | "half_pixel_symmetric"
  | "pytorch_half_pixel"
  | "align_corners"
  | "asymmetric"
  | "tf_half_pixel_for_nn"
  | "tf_crop_and_resize";

/** Options of {@link createResizeTable}; names and meanings are those of ONNX's Resize. */
export interface ResizeTableOptions {
  readonly inputLength: number;
  readonly outputLength: number;
  /** Output length over input length, before rounding. @default outputLength / inputLength */
  readonly scale?: number;
  readonly mode: "nearest" | "linear" | "cubic";
  /** @default "half_pixel" */
  readonly coordinates?: CoordinateMode;
  /** How nearest rounds. @default "round_prefer_floor" */
  readonly rounding?: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";
  /** The `a` of Keys' cubic. @default -0.75 */
  readonly cubicCoefficient?: number;
  /** Weights of elements outside are 0 and the others are scaled up. @default false */
  readonly excludeOutside?: boolean;
  /** Widen the filter when shrinking (linear and cubic). @default false */
  readonly antialias?: boolean;
  /** Start and end of `tf_crop_and_resize`, as parts of the input. @default [0, 1] */
  readonly region?: readonly [number, number];
}

/**
 * Computes the table of one axis for {@link planResize2d}: elements beyond the edge repeat the edge.
 *
 * Follows the ONNX operator Resize, opset 19 (its reference implementation for `antialias`).
 *
 * @throws ShapeError for lengths below 1.
 * @throws EdgewrightError `invalid-argument` for an unknown mode.
 */
export function createResizeTable(options: ResizeTableOptions): ResizeTable {
  const { inputLength, outputLength, mode } = options;
  checkCounts("createResizeTable", { inputLength, outputLength }, 1);
  const scale = options.scale ?? outputLength / inputLength;
  const position = coordinateFunction(options, scale);
  if (mode === "nearest") {
    const round = roundingFunction(options.rounding ?? "round_prefer_floor");
    const indices = Int32Array.from({ length: outputLength }, (_, i) =>
      clampIndex(round(position(i)), inputLength),
    );
    const weights = new Float32Array(outputLength).fill(1);
    return { inputLength, outputLength, taps: 1, indices, weights };
  }
  const stretch = options.antialias === true ? Math.min(1, scale) : 1;
  const { filter, reach } = interpolationFilter(mode, options.cubicCoefficient ?? -0.75);
  const support = reach / stretch;
  const taps = stretch < 1 ? 2 * Math.ceil(support) : 2 * reach;
  const indices = new Int32Array(outputLength * taps);
  const weights = new Float32Array(outputLength * taps);
  for (let i = 0; i < outputLength; i++) {
    const x = position(i);
    const first = Math.floor(x) - taps / 2 + 1;
    const row: number[] = [];
    for (let tap = 0; tap < taps; tap++) {
      const index = first + tap;
      const outside = index < 0 || index >= inputLength;
      row.push(options.excludeOutside && outside ? 0 : filter((x - index) * stretch));
      indices[i * taps + tap] = clampIndex(index, inputLength);
    }
    const sum = row.reduce((a, b) => a + b, 0);
    const scaleUp = options.excludeOutside || stretch < 1 ? 1 / sum : 1;
    for (let tap = 0; tap < taps; tap++) weights[i * taps + tap] = row[tap]! * scaleUp;
  }
  return { inputLength, outputLength, taps, indices, weights };
}

function coordinateFunction(options: ResizeTableOptions, scale: number): (i: number) => number {
  const { inputLength, outputLength, coordinates = "half_pixel" } = options;
  switch (coordinates) {
    case "half_pixel":
      return (i) => (i + 0.5) / scale - 0.5;
    case "half_pixel_symmetric": {
      // Keeps the centre where rounding changed the scale.
      const adjusted = outputLength / (scale * inputLength);
      const offset = (inputLength / 2) * (1 - adjusted);
      return (i) => offset + (i + 0.5) / scale - 0.5;
    }
    case "pytorch_half_pixel":
      return outputLength > 1 ? (i) => (i + 0.5) / scale - 0.5 : () => 0;
    case "align_corners":
      return outputLength > 1 ? (i) => (i * (inputLength - 1)) / (outputLength - 1) : () => 0;
    case "asymmetric":
      return (i) => i / scale;
    case "tf_half_pixel_for_nn":
      return (i) => (i + 0.5) / scale;
    case "tf_crop_and_resize": {
      const [start, end] = options.region ?? [0, 1];
      const last = inputLength - 1;
      return outputLength > 1
        ? (i) => start * last + (i * (end - start) * last) / (outputLength - 1)
        : () => 0.5 * (start + end) * last;
    }
    default:
      throw new EdgewrightError(
        "invalid-argument",
        `createResizeTable: unknown coordinate mode ${JSON.stringify(coordinates)}`,
      );
  }
}

function roundingFunction(
  rounding: NonNullable<ResizeTableOptions["rounding"]>,
): (x: number) => number {
  switch (rounding) {
    case "round_prefer_floor":
      return (x) => Math.ceil(x - 0.5);
    case "round_prefer_ceil":
      return (x) => Math.floor(x + 0.5);
    case "floor":
      return Math.floor;
    case "ceil":
      return Math.ceil;
    default:
      throw new EdgewrightError(
        "invalid-argument",
        `createResizeTable: unknown rounding ${JSON.stringify(rounding)}`,
      );
  }
}

function interpolationFilter(
  mode: "linear" | "cubic",
  a: number,
): { filter: (t: number) => number; reach: number } {
  if (mode === "linear") return { filter: (t) => Math.max(0, 1 - Math.abs(t)), reach: 1 };
  if (mode !== "cubic") {
    throw new EdgewrightError(
      "invalid-argument",
      `createResizeTable: expected mode nearest, linear or cubic, got ${JSON.stringify(mode)}`,
    );
  }
  // Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 4 with free a.
  const filter = (distance: number): number => {
    const t = Math.abs(distance);
    if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? a * (((t - 5) * t + 8) * t - 4) : 0;
  };
  return { filter, reach: 2 };
}

function clampIndex(index: number, length: number): number {
  return Math.min(Math.max(index, 0), length - 1);
}
