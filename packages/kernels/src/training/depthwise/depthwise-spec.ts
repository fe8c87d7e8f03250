import { ShapeError } from "@edgewright/core";
import { convOutputSize } from "../../convolution/conv-output-size.js";
import {
  type ConvShape,
  type Pads,
  type Pair,
  type ResolvedConv,
  resolveConv,
} from "../../convolution/conv2d-spec.js";
import { checkExtents } from "../check-extents.js";

/** Sizes of a depthwise convolution: x [n, h, w, c], weights [kh, kw, c], y [n, oh, ow, c]. */
export interface DepthwiseShape {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default [0, 0, 0, 0] */
  readonly pads?: Pads;
}

/** A depthwise convolution with every default filled in. */
export interface ResolvedDepthwise extends ResolvedConv {
  readonly oh: number;
  readonly ow: number;
}

/**
 * Fills in defaults and refuses what cannot be a depthwise convolution.
 *
 * @throws ShapeError for sizes out of range and a kernel that does not fit into the padded image.
 */
export function resolveDepthwise(where: string, spec: DepthwiseShape): ResolvedDepthwise {
  const weights = { ptr: 0 } as ConvShape["weights"]; // sizes do not depend on them
  const conv = resolveConv(where, { ...spec, weights, oc: spec.c, groups: spec.c });
  const { h, w, kh, kw, sh, sw, dh, dw, top, left, bottom, right } = conv;
  const padded = [h + top + bottom, w + left + right, spec.c];
  checkExtents(where, { weights: [kh, kw, spec.c], "an image with its padding": padded });
  const oh = convOutputSize(h, kh, sh, dh, top, bottom);
  const ow = convOutputSize(w, kw, sw, dw, left, right);
  if (oh < 1 || ow < 1) {
    throw new ShapeError(
      `${where}: a [${kh}, ${kw}] kernel does not fit into a [${h}, ${w}] image with pads ` +
        `[${top}, ${left}, ${bottom}, ${right}] and dilations [${dh}, ${dw}]`,
    );
  }
  return { ...conv, oh, ow };
}

/**
 * Whether the kernels for 3x3 with steps of one serve: they compute at least four channels at a time, and no
 * output that sees nothing but padding.
 */
export function isPlain3x3(conv: ResolvedDepthwise): boolean {
  const { kh, kw, sh, sw, dh, dw, c, top, left } = conv;
  const unit = sh === 1 && sw === 1 && dh === 1 && dw === 1;
  return kh === 3 && kw === 3 && unit && c >= 4 && top <= 2 && left <= 2;
}
