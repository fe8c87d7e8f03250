import { EdgewrightError, ShapeError } from "@edgewright/core";
import { planReduce } from "../elementwise/plan-reduce.js";
import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** A two-dimensional pooling for {@link planPool2d}. */
export interface Pool2dSpec {
  readonly kind: "max" | "average";
  /** Address of the operand, [n, h, w, c]. */
  readonly x: number;
  /** Address of the result, [n, oh, ow, c]; not the operand's. */
  readonly y: number;
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Rows of the result: the caller decides between floor and ceiling. */
  readonly oh: number;
  /** Columns of the result. */
  readonly ow: number;
  /** Rows and columns of the window. */
  readonly kernel: readonly [number, number];
  /** @default [1, 1] */
  readonly strides?: readonly [number, number];
  /** Top, left, bottom, right. @default none */
  readonly pads?: readonly [number, number, number, number];
  /** @default [1, 1] */
  readonly dilations?: readonly [number, number];
  /** Averages divide by all elements of the window that lie in the padded image. @default false */
  readonly countIncludePad?: boolean;
}

/**
 * Plans max or average pooling of [n, h, w, c]. Padding never wins a maximum; without
 * `countIncludePad` it does not count in an average either.
 *
 * @throws ShapeError for sizes below 1, negative pads, or a window that would lie wholly in the padding.
 */
export function planPool2d(kernels: Kernels, spec: Pool2dSpec): Plan {
  const { x, y, n, h, w, c, oh, ow } = spec;
  const [kh, kw] = spec.kernel;
  const [sh, sw] = spec.strides ?? [1, 1];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const [top, left, bottom, right] = spec.pads ?? [0, 0, 0, 0];
  checkCounts("planPool2d", { n, h, w, c, oh, ow, kh, kw, sh, sw, dh, dw }, 1);
  checkCounts("planPool2d", { top, left, bottom, right }, 0);
  if (spec.kind !== "max" && spec.kind !== "average") {
    throw new EdgewrightError(
      "invalid-argument",
      `planPool2d: expected kind max or average, got ${JSON.stringify(spec.kind)}`,
    );
  }
  if ((oh - 1) * sh - top >= h || (ow - 1) * sw - left >= w) {
    throw new ShapeError(
      `planPool2d: the last window of a [${oh}, ${ow}] result begins behind the [${h}, ${w}] image`,
    );
  }
  const include = spec.countIncludePad === true;
  return createPlan(kernels.arena, [
    {
      kernel: "pool_f32",
      params: [
        x,
        y,
        h,
        w,
        c,
        oh,
        ow,
        kh,
        kw,
        sh,
        sw,
        top,
        left,
        dh,
        dw,
        spec.kind === "average" ? 1 : 0,
        include ? h + bottom : 0,
        include ? w + right : 0,
      ],
      units: n * oh,
      grain: Math.max(1, Math.ceil(65536 / (ow * c * kh * kw))),
    },
  ]);
}

/** A pooling over whole images for {@link planGlobalPool}. */
export interface GlobalPoolSpec {
  readonly kind: "max" | "average";
  /** Address of the operand, [n, positions, c]. */
  readonly x: number;
  /** Address of the result, [n, c]. */
  readonly y: number;
  readonly n: number;
  /** Rows times columns of an image. */
  readonly positions: number;
  readonly c: number;
}

/** Plans the maximum or average over all positions of each image, per channel. */
export function planGlobalPool(kernels: Kernels, spec: GlobalPoolSpec): Plan {
  return planReduce(kernels, {
    op: spec.kind === "average" ? "mean" : "max",
    x: spec.x,
    y: spec.y,
    outer: spec.n,
    axis: spec.positions,
    inner: spec.c,
  });
}
