import type { JobSpec } from "../runtime/job.js";
import type { ResolvedConv } from "./conv2d-spec.js";

/** Sizes of an image with zeros around it. */
export interface PaddedImage {
  readonly height: number;
  readonly width: number;
  /** 0 where the image needs no padding and is read in place. */
  readonly floats: number;
}

/** The padded image that a convolution reads. */
export function paddedImage(conv: ResolvedConv): PaddedImage {
  const height = conv.top + conv.h + conv.bottom;
  const width = conv.left + conv.w + conv.right;
  const padded = height !== conv.h || width !== conv.w;
  return { height, width, floats: padded ? conv.n * height * width * conv.c : 0 };
}

/** The job that copies `x` into the middle of zeros at `to`. */
export function padImageJob(conv: ResolvedConv, x: number, to: number): JobSpec {
  const { n, h, w, c, top, left, bottom, right } = conv;
  return {
    kernel: "pad_image_f32",
    params: [x, to, h, top, top + h + bottom, w * c * 4, left * c * 4, right * c * 4],
    units: n * (top + h + bottom),
    grain: Math.ceil(16384 / ((left + w + right) * c)),
  };
}
