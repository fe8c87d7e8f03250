import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { channelChunks } from "../normalization/channel-chunks.js";
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
  checkExtents(where, { dx: [n, positions, c] });
  const { chunk, chunks, units, grain } = channelChunks(where, n, positions, c);
  const params = [dx, dy, c, positions, chunk, chunks];
  const kernel = "global_average_gradient_f32";
  return createPlan(kernels.arena, [{ kernel, params, units, grain }]);
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
      .concat(coversOnce(spec) ? 1 : 0, floatBits(argmax ? 0 : shareOf(spec, includePad))),
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

/** One over the elements that count in a window, or 0 where that differs from window to window. */
function shareOf({ h, w, oh, ow, kernel, ...spec }: PoolShape, includePad: boolean): number {
  const [top, left, bottom, right] = spec.pads ?? [0, 0, 0, 0];
  const [sh, sw] = spec.strides ?? [1, 1];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const whole = (size: number, count: number, taps: number, stride: number, dilation: number) =>
    (count - 1) * stride + (taps - 1) * dilation < size;
  const rows = includePad ? top + h + bottom : top === 0 ? h : 0;
  const columns = includePad ? left + w + right : left === 0 ? w : 0;
  const all = whole(rows, oh, kernel[0], sh, dh) && whole(columns, ow, kernel[1], sw, dw);
  return all ? 1 / (kernel[0] * kernel[1]) : 0;
}
