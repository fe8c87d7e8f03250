import { ShapeError } from "@edgewright/core";
import {
  type CoordinateMode,
  createResizeTable,
  planResize2d,
  type ResizeTable,
} from "@edgewright/kernels";
import { transposeResizeTable } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";

/** Options of {@link resize2d}. */
export interface Resize2dOptions {
  readonly height: number;
  readonly width: number;
  /** @default "bilinear" */
  readonly mode?: "nearest" | "bilinear" | "bicubic";
  /**
   * How an output position becomes an input position, named as in ONNX's Resize.
   *
   * @default "half_pixel", for nearest "asymmetric" (PyTorch's)
   */
  readonly coordinates?: CoordinateMode;
  /** How nearest rounds. @default "floor" */
  readonly rounding?: "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";
  /** Widen the filter when shrinking (bilinear and bicubic). @default false */
  readonly antialias?: boolean;
}

const AXIS_MODE = { nearest: "nearest", bilinear: "linear", bicubic: "cubic" } as const;

function tablesOf(
  [, h, w]: readonly number[],
  options: Resize2dOptions,
): { rows: ResizeTable; columns: ResizeTable } {
  const { height, width, mode = "bilinear", rounding = "floor", antialias = false } = options;
  const { coordinates = mode === "nearest" ? "asymmetric" : "half_pixel" } = options;
  const table = (inputLength: number, outputLength: number): ResizeTable =>
    createResizeTable({
      inputLength,
      outputLength,
      mode: AXIS_MODE[mode],
      coordinates,
      rounding,
      antialias,
    });
  return { rows: table(h!, height), columns: table(w!, width) };
}

const RESIZE: Operation<Resize2dOptions> = {
  name: "resize2d",
  outputShape([x], { height, width }) {
    const valid = [height, width].every((size) => Number.isSafeInteger(size) && size >= 1);
    if (x!.length !== 4 || !valid) {
      throw new ShapeError(
        `resize2d: expected [n, h, w, c] and whole numbers from 1, got [${x}] to ${height} x ${width}`,
      );
    }
    return [x![0]!, height, width, x![3]!];
  },
  forward(build, { inputs: [x], options, outputShape }) {
    const output = build.value(outputShape);
    const [n, , , c] = outputShape as [number, number, number, number];
    build.step({
      name: "resize2d",
      reads: [x!],
      writes: [output],
      plan: (kernels, at) =>
        planResize2d(kernels, { x: at(x!), y: at(output), n, c, ...tablesOf(x!.shape, options) }),
    });
    return { output };
  },
  backward(build, { inputs: [x], options, gradient }) {
    const dx = build.value(x!.shape);
    const [n, , , c] = x!.shape as [number, number, number, number];
    build.step({
      name: "gradient",
      reads: [gradient],
      writes: [dx],
      plan(kernels, at) {
        const { rows, columns } = tablesOf(x!.shape, options);
        return planResize2d(kernels, {
          x: at(gradient),
          y: at(dx),
          n,
          c,
          rows: transposeResizeTable(rows),
          columns: transposeResizeTable(columns),
        });
      },
    });
    return [dx];
  },
};

/**
 * Images [n, h, w, c] at another height and width. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when x is no image or a size is no whole number from 1.
 */
export function resize2d(x: Operand, options: Resize2dOptions): Variable {
  return record(RESIZE, [x], options);
}
