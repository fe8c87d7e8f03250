import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import { type PoolShape, poolWords } from "./pool-shape.js";

/** The gradient of a max pooling, for {@link planMaxPoolGradient}. */
export interface MaxPoolGradientSpec extends PoolShape {
  /** Address of the gradient of the result, [n, oh, ow, c]. */
  readonly dy: number;
  /** Address of what planMaxPoolTraining kept: a byte for every element of the result. */
  readonly argmax: number;
  /** Address of the gradient of the operand, [n, h, w, c]; not that of `dy`. */
  readonly dx: number;
}

/** The gradient of an average pooling, for {@link planAveragePoolGradient}. */
export interface AveragePoolGradientSpec extends PoolShape {
  /** Address of the gradient of the result, [n, oh, ow, c]. */
  readonly dy: number;
  /** Address of the gradient of the operand, [n, h, w, c]; not that of `dy`. */
  readonly dx: number;
  /** The averages divided by all elements of the window that lie in the padded image. @default false */
  readonly countIncludePad?: boolean;
}

/**
 * Plans the gradient of max pooling: what each window has goes to its maximum.
 *
 * @throws ShapeError for sizes out of range and windows that lie wholly in the padding.
 */
export function planMaxPoolGradient(kernels: Kernels, spec: MaxPoolGradientSpec): Plan {
  requireTraining("planMaxPoolGradient", kernels);
  return createPlan(kernels.arena, [
    gradientJob("planMaxPoolGradient", spec, spec.dx, spec.dy, spec.argmax, false),
  ]);
}

/**
 * Plans the gradient of average pooling: what each window has is shared by its elements.
 *
 * @throws ShapeError for sizes out of range and windows that lie wholly in the padding.
 */
export function planAveragePoolGradient(kernels: Kernels, spec: AveragePoolGradientSpec): Plan {
  requireTraining("planAveragePoolGradient", kernels);
  const { dx, dy, countIncludePad = false } = spec;
  return createPlan(kernels.arena, [
    gradientJob("planAveragePoolGradient", spec, dx, dy, 0, countIncludePad),
  ]);
}

/** The gradient of a global average, for {@link planGlobalAveragePoolGradient}. */
export interface GlobalAveragePoolGradientSpec {
  /** Address of the gradient of the result, [n, c]. */
  readonly dy: number;
  /** Address of the gradient of the operand, [n, positions, c]; not that of `dy`. */
  readonly dx: number;
  readonly n: number;
  /** Rows times columns of an image. */
  readonly positions: number;
  readonly c: number;
}

/** Plans dx[n, p, c] = dy[n, c] / positions. */
export function planGlobalAveragePoolGradient(
  kernels: Kernels,
  spec: GlobalAveragePoolGradientSpec,
): Plan {
  const where = "planGlobalAveragePoolGradient";
  requireTraining(where, kernels);
  const { n, positions, c, dx, dy } = spec;
  checkCounts(where, { n, positions, c }, 1);
  // An image is one row here, and the window covers it.
  const kernel = [1, positions] as const;
  const shape = { n, h: 1, w: positions, c, oh: 1, ow: 1, kernel };
  return createPlan(kernels.arena, [gradientJob(where, shape, dx, dy, 0, false)]);
}

function gradientJob(
  where: string,
  spec: PoolShape,
  dx: number,
  dy: number,
  argmax: number,
  includePad: boolean,
): JobSpec {
  const { n, h, w, c } = spec;
  const [, , bottom, right] = spec.pads ?? [0, 0, 0, 0];
  return {
    kernel: "pool_gradient_f32",
    params: [dx, dy, ...poolWords(where, spec), argmax]
      .concat(includePad ? [h + bottom, w + right] : [0, 0])
      .concat(coversOnce(spec) ? 1 : 0),
    units: n * h,
    grain: Math.ceil(32768 / (w * c)),
  };
}

/** Whether every element of the image lies in exactly one window. */
function coversOnce({ h, w, oh, ow, kernel, strides = [1, 1], ...spec }: PoolShape): boolean {
  const [top, left] = spec.pads ?? [0, 0];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const covers = (size: number, count: number, taps: number, stride: number, dilation: number) =>
    (dilation === 1 || taps === 1) && (count === 1 || stride === taps) && count * taps >= size;
  return (
    covers(h + top, oh, kernel[0], strides[0], dh) &&
    covers(w + left, ow, kernel[1], strides[1], dw)
  );
}
