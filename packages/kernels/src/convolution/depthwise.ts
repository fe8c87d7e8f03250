import { fusedActivationWords } from "../gemm/segment-product.js";
import type { JobSpec } from "../runtime/job.js";
import type { Conv2dSpec, ResolvedConv } from "./conv2d-spec.js";

/** The job of a depthwise convolution: padding is resolved in the kernel, there is no workspace. */
export function depthwiseJob(
  spec: Conv2dSpec,
  conv: ResolvedConv,
  oh: number,
  ow: number,
): JobSpec {
  return {
    kernel: "depthwise_f32",
    params: [
      spec.x,
      spec.y,
      spec.weights.ptr,
      spec.bias ?? 0,
      spec.residual ?? 0,
      conv.h,
      conv.w,
      conv.c,
      oh,
      ow,
      conv.kh,
      conv.kw,
      conv.sh,
      conv.sw,
      conv.dh,
      conv.dw,
      conv.top,
      conv.left,
      conv.yStride * 4,
      conv.residualStride * 4,
      ...fusedActivationWords(spec.activation),
    ],
    units: conv.n * oh,
    grain: Math.ceil(65536 / (ow * conv.c * conv.kh * conv.kw)),
  };
}
