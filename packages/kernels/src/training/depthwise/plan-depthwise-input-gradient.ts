import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkBatch } from "../convolution/conv-pass-spec.js";
import { requireTraining } from "../load-training-kernels.js";
import { type DepthwiseShape, isPlain3x3, resolveDepthwise } from "./depthwise-spec.js";
import { job3x3 } from "./plan-depthwise-forward.js";

/** The gradient of a depthwise convolution by its input, for {@link planDepthwiseInputGradient}. */
export interface DepthwiseInputGradientSpec extends DepthwiseShape {
  /** Address of the gradient of the output, [n, oh, ow, c]. */
  readonly dy: number;
  /** Address of the weights, [kh, kw, c], read as they are at every run. */
  readonly weights: number;
  /** Address of the result, [n, h, w, c]; not that of `dy`. */
  readonly dx: number;
}

/**
 * Plans the gradient by the input: each pixel gathers what the outputs that saw it have, so that pixels are
 * independent. Needs no workspace.
 *
 * @throws ShapeError for sizes out of range and a kernel that does not fit into the padded image.
 */
export function planDepthwiseInputGradient(
  kernels: Kernels,
  spec: DepthwiseInputGradientSpec,
): Plan {
  requireTraining("planDepthwiseInputGradient", kernels);
  const conv = checkBatch(
    "planDepthwiseInputGradient",
    resolveDepthwise("planDepthwiseInputGradient", spec),
  );
  const { n, h, w, c, oh, ow, kh, kw, sh, sw, dh, dw, top, left } = conv;
  const { dy, dx, weights } = spec;
  if (isPlain3x3(conv)) {
    const back = { n, c, h: oh, w: ow, oh: h, ow: w, top: 2 - top, left: 2 - left };
    return createPlan(kernels.arena, [job3x3(back, dy, dx, weights, 0, true)]);
  }
  return createPlan(kernels.arena, [
    {
      kernel: "depthwise_input_gradient_f32",
      params: [dx, dy, weights, 0, 0, h, w, c, oh, ow, top, left, 0, 0, kh, kw, sh, sw, dh, dw],
      units: n * h,
      grain: Math.ceil(16384 / (w * c)),
    },
  ]);
}
