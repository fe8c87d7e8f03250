import { ShapeError } from "@edgewright/core";
import type { Pads, Pair } from "../../convolution/conv2d-spec.js";
import { checkCounts } from "../../runtime/check-counts.js";
import { checkExtents } from "../check-extents.js";

/** Sizes of a two-dimensional pooling: x [n, h, w, c], y [n, oh, ow, c]. */
export interface PoolShape {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Rows of the result: the caller decides between floor and ceiling. */
  readonly oh: number;
  /** Columns of the result. */
  readonly ow: number;
  /** Rows and columns of the window. */
  readonly kernel: Pair;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** Top, left, bottom, right. @default none */
  readonly pads?: Pads;
  /** @default [1, 1] */
  readonly dilations?: Pair;
}

/**
 * The words that the kernels of pooling share, from h on.
 *
 * @throws ShapeError for sizes out of range and windows that have no element of the image.
 */
export function poolWords(where: string, spec: PoolShape): number[] {
  const { n, h, w, c, oh, ow } = spec;
  const [kh, kw] = spec.kernel;
  const [sh, sw] = spec.strides ?? [1, 1];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const [top, left, bottom, right] = spec.pads ?? [0, 0, 0, 0];
  checkCounts(where, { n, h, w, c, oh, ow, kh, kw, sh, sw, dh, dw }, 1);
  checkCounts(where, { top, left, bottom, right }, 0);
  const padded = [n, h + top + bottom, w + left + right, c];
  checkExtents(where, { "the image with its padding": padded, "the result": [n, oh, ow, c] });
  const fits = touchesAll(h, oh, kh, sh, dh, top) && touchesAll(w, ow, kw, sw, dw, left);
  if (!fits) {
    throw new ShapeError(
      `${where}: a window of [${kh}, ${kw}] of the [${oh}, ${ow}] result has nothing of the [${h}, ${w}] image`,
    );
  }
  return [h, w, c, oh, ow, kh, kw, sh, sw, top, left, dh, dw];
}

/** Whether every window along an axis has an element of the image. */
function touchesAll(
  size: number,
  count: number,
  taps: number,
  stride: number,
  dilation: number,
  pad: number,
): boolean {
  for (let i = 0; i < count; i++) {
    const from = i * stride - pad;
    const first = from < 0 ? from + dilation * Math.ceil(-from / dilation) : from;
    if (first >= size || first > from + (taps - 1) * dilation) return false;
  }
  return true;
}
