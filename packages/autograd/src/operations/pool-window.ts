import { ShapeError } from "@edgewright/core";
import { convOutputSize, type Pads, type Pair } from "@edgewright/kernels";
import type { PoolShape } from "@edgewright/kernels/training";
import { type PadsOption, resolvePads } from "./resolve-pads.js";

/** A window that moves over images, for pooling. */
export interface PoolWindow {
  /** Rows and columns of the window, or one number for both. */
  readonly kernel: number | Pair;
  /** @default the kernel: windows side by side */
  readonly strides?: number | Pair;
  /** Padding is never the largest element. @default "valid" */
  readonly pads?: PadsOption;
}

/**
 * The sizes of a pooling of x [n, h, w, c].
 *
 * @throws ShapeError when the window does not fit, or lies wholly in the padding somewhere.
 */
export function poolShapeOf(
  name: string,
  x: readonly number[],
  window: PoolWindow,
): PoolShape & { readonly strides: Pair; readonly pads: Pads } {
  if (x.length !== 4) throw new ShapeError(`${name}: expected x [n, h, w, c], got [${x}]`);
  const [n, h, w, c] = x as [number, number, number, number];
  const kernel = pairOf(window.kernel);
  const strides = pairOf(window.strides ?? kernel);
  const least = Math.min(...kernel, ...strides);
  if (least < 1 || ![...kernel, ...strides].every(Number.isInteger)) {
    throw new ShapeError(
      `${name}: expected a kernel and strides that are whole numbers from 1, got [${kernel}] and [${strides}]`,
    );
  }
  const dilations = [1, 1] as const;
  const pads = resolvePads(window.pads ?? "valid", [h, w], { kernel, strides, dilations });
  const along = (size: number, axis: 0 | 1): number =>
    convOutputSize(size, kernel[axis], strides[axis], 1, pads[axis], pads[axis + 2]!);
  const [oh, ow] = [along(h, 0), along(w, 1)];
  const padded = pads.some((pad, i) => !Number.isInteger(pad) || pad < 0 || pad >= kernel[i % 2]!);
  if (padded || oh < 1 || ow < 1) {
    throw new ShapeError(
      `${name}: a [${kernel}] window does not fit into x [${x}] with pads [${pads}], each of which must be ` +
        "smaller than the window",
    );
  }
  return { n, h, w, c, oh, ow, kernel, strides, pads };
}

function pairOf(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}
