import { ShapeError } from "@edgewright/core";
import { convOutputSize, type Pair } from "@edgewright/kernels";
import type { PoolShape } from "@edgewright/kernels/training";
import { type PadsOption, resolvePads } from "./resolve-pads.js";

/** The window of a two-dimensional pooling. */
export interface PoolWindow {
  /** Rows and columns, or one number for both. */
  readonly kernel: Pair | number;
  /** @default the kernel: windows side by side */
  readonly strides?: Pair | number;
  /** Pixels around the image that are no part of it. @default "valid": none */
  readonly pads?: PadsOption;
}

/** The sizes of a pooling of x [n, h, w, c]. */
export function poolShape(
  operation: string,
  x: readonly number[],
  { kernel, strides = kernel, pads = "valid" }: PoolWindow,
): Required<PoolShape> {
  if (x.length !== 4) throw new ShapeError(`${operation}: expected x [n, h, w, c], got [${x}]`);
  const [n, h, w, c] = x as [number, number, number, number];
  const window = { kernel: pair(kernel), strides: pair(strides), dilations: [1, 1] as const };
  const valid = [...window.kernel, ...window.strides].every(
    (size) => Number.isInteger(size) && size >= 1,
  );
  if (!valid) {
    throw new ShapeError(
      `${operation}: expected whole kernel sizes and strides from 1, got [${window.kernel}] and [${window.strides}]`,
    );
  }
  const [top, left, bottom, right] = resolvePads(pads, [h, w], window);
  const oh = convOutputSize(h, window.kernel[0], window.strides[0], 1, top, bottom);
  const ow = convOutputSize(w, window.kernel[1], window.strides[1], 1, left, right);
  if (oh < 1 || ow < 1) {
    throw new ShapeError(
      `${operation}: a window of [${window.kernel}] does not fit into [${h}, ${w}] with pads ` +
        `[${[top, left, bottom, right]}]`,
    );
  }
  return { n, h, w, c, oh, ow, ...window, pads: [top, left, bottom, right] };
}

function pair(size: Pair | number): Pair {
  return typeof size === "number" ? [size, size] : size;
}
