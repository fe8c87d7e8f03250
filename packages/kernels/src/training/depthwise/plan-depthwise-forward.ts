import { depthwiseJob } from "../../convolution/depthwise.js";
import { copyJobs } from "../../layout/plan-copy.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkBatch } from "../convolution/conv-pass-spec.js";
import { requireTraining } from "../load-training-kernels.js";
import {
  type DepthwiseShape,
  isPlain3x3,
  type ResolvedDepthwise,
  resolveDepthwise,
} from "./depthwise-spec.js";
import { walk3x3 } from "./walk-3x3.js";

/** A depthwise convolution for {@link planDepthwiseForward}. */
export interface DepthwiseForwardSpec extends DepthwiseShape {
  /** Address of the input, [n, h, w, c]. */
  readonly x: number;
  /** Address of the weights, [kh, kw, c], read as they are at every run. */
  readonly weights: number;
  /** Address of c values added to every pixel. @default none */
  readonly bias?: number;
  /** Address of the output, [n, oh, ow, c]; not the input's. */
  readonly y: number;
  /** Address of {@link depthwiseForwardWorkspaceBytes} bytes. @default none, where none are needed */
  readonly workspace?: number;
}

/** Bytes of workspace that {@link planDepthwiseForward} needs: 0 but for odd kernels over odd channels. */
export function depthwiseForwardWorkspaceBytes(spec: DepthwiseShape): number {
  const conv = resolveDepthwise("depthwiseForwardWorkspaceBytes", spec);
  return isPlain3x3(conv) || conv.c % 4 === 0 ? 0 : conv.kh * conv.kw * paddedChannels(conv) * 4;
}

/**
 * Plans y[n, oy, ox, c] = sum over ky, kx of x[n, oy sh + ky dh - top, ox sw + kx dw - left, c] *
 * weights[ky, kx, c], plus the bias.
 *
 * @throws ShapeError for sizes out of range and a kernel that does not fit into the padded image.
 */
export function planDepthwiseForward(kernels: Kernels, spec: DepthwiseForwardSpec): Plan {
  requireTraining("planDepthwiseForward", kernels);
  const conv = checkBatch("planDepthwiseForward", resolveDepthwise("planDepthwiseForward", spec));
  const { x, y, weights, bias = 0, workspace = 0 } = spec;
  if (isPlain3x3(conv))
    return createPlan(kernels.arena, [job3x3(conv, x, y, weights, bias, false)]);
  const jobs: JobSpec[] = [];
  let at = weights;
  if (conv.c % 4 !== 0) {
    // The kernel of inference wants every tap to begin at a multiple of four floats.
    at = workspace;
    const shape = [conv.kh * conv.kw, conv.c];
    const yStrides = [paddedChannels(conv), 1];
    const xStrides = [conv.c, 1];
    jobs.push(...copyJobs({ x: weights, y: at, shape, xStrides, yStrides, bytes: 4 }));
  }
  const packed = { ptr: at } as Parameters<typeof depthwiseJob>[0]["weights"];
  const inference = { ...spec, oc: conv.c, weights: packed };
  jobs.push(depthwiseJob(inference, conv, conv.oh, conv.ow));
  return createPlan(kernels.arena, jobs);
}

/** The 3x3 kernel over x, or with the kernel turned by 180 degrees. */
export function job3x3(
  conv: Pick<ResolvedDepthwise, "n" | "h" | "w" | "c" | "oh" | "ow" | "top" | "left">,
  x: number,
  y: number,
  weights: number,
  bias: number,
  turned: boolean,
): JobSpec {
  const { words, imageBytes, lines, outputs, taps } = walk3x3(conv);
  const tap = (turned ? -4 : 4) * conv.c;
  const first = weights + (turned ? 8 * 4 * conv.c : 0);
  return {
    kernel: "depthwise_3x3_f32",
    params: [x, y, first, bias, ...words, tap * taps[0], tap * taps[1], ...imageBytes],
    units: lines,
    grain: Math.ceil(16384 / (outputs * conv.c)),
  };
}

function paddedChannels({ c }: ResolvedDepthwise): number {
  return Math.ceil(c / 4) * 4;
}
