import { ShapeError } from "@edgewright/core";
import { packedFloats } from "../gemm/pack-matrix.js";
import { segmentProductJob } from "../gemm/segment-product.js";
import type { Allocation } from "../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { convOutputSize } from "./conv-output-size.js";
import { type Conv2dSpec, type ConvShape, type ResolvedConv, resolveConv } from "./conv2d-spec.js";
import { depthwiseJob } from "./depthwise.js";
import { paddedImage, padImageJob } from "./pad-image.js";
import { winogradJobs, winogradWorkspaceFloats } from "./winograd.js";

/**
 * Plans y = activation(conv(x, weights) + bias + residual) over NHWC images in 32-bit floats.
 *
 * Pointwise convolutions read their input in place, depthwise ones as well; others with padding first
 * copy the image into the middle of zeros (workspace). One-dimensional: h = kh = 1.
 *
 * @throws ShapeError when sizes do not fit each other, the weights or the kernel.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const shape = { h: 4, w: 4, c: 1, oc: 1, kh: 3, kw: 3 };
 * const weights = packConvWeights(kernels, { ...shape, weights: new Float32Array(9).fill(1) });
 * const x = kernels.arena.upload(new Float32Array(16).fill(1));
 * const y = kernels.arena.allocate(2 * 2 * 4);
 * kernels.run(planConv2d(kernels, { ...shape, x: x.ptr, y: y.ptr, weights }));
 * kernels.arena.f32(y.ptr, 4); // 9, 9, 9, 9
 * ```
 */
export function planConv2d(kernels: Kernels, spec: Conv2dSpec): Plan {
  const conv = resolveConv("planConv2d", spec);
  checkWeights(spec);
  const oh = convOutputSize(conv.h, conv.kh, conv.sh, conv.dh, conv.top, conv.bottom);
  const ow = convOutputSize(conv.w, conv.kw, conv.sw, conv.dw, conv.left, conv.right);
  if (oh === 0 || ow === 0) {
    throw new ShapeError(
      `planConv2d: a ${conv.kh} x ${conv.kw} kernel does not fit into ${conv.h} x ${conv.w} pixels ` +
        `with padding ${[conv.top, conv.left, conv.bottom, conv.right].join(", ")}`,
    );
  }
  if (spec.weights.layout === "depthwise") {
    return createPlan(kernels.arena, [depthwiseJob(spec, conv, oh, ow)]);
  }
  const own: Allocation[] = [];
  const bytes = workspaceBytes(kernels, spec, conv, oh, ow);
  let workspace = spec.workspace ?? 0;
  if (bytes > 0 && spec.workspace === undefined) {
    const memory = kernels.arena.allocate(bytes);
    own.push(memory);
    workspace = memory.ptr;
  }
  const jobs =
    spec.weights.layout === "winograd"
      ? winogradJobs(kernels, spec, conv, [oh, ow], workspace, own)
      : directJobs(kernels, spec, conv, [oh, ow], workspace, own);
  return createPlan(kernels.arena, jobs, own);
}

/**
 * Bytes of workspace that {@link planConv2d} takes for a convolution on these kernels: 0 for pointwise and
 * depthwise ones, more with more threads. Plans that never run at the same time may share one workspace of the largest size.
 */
export function conv2dWorkspaceBytes(kernels: Kernels, shape: ConvShape): number {
  const conv = resolveConv("conv2dWorkspaceBytes", shape);
  const oh = convOutputSize(conv.h, conv.kh, conv.sh, conv.dh, conv.top, conv.bottom);
  const ow = convOutputSize(conv.w, conv.kw, conv.sw, conv.dw, conv.left, conv.right);
  return workspaceBytes(kernels, shape, conv, oh, ow);
}

function workspaceBytes(
  { threads }: Kernels,
  shape: ConvShape,
  conv: ResolvedConv,
  oh: number,
  ow: number,
): number {
  const { layout } = shape.weights;
  if (layout === "depthwise") return 0;
  if (layout === "winograd") return winogradWorkspaceFloats(conv, oh, ow, threads) * 4;
  return paddedImage(conv).floats * 4;
}

function directJobs(
  kernels: Kernels,
  spec: Conv2dSpec,
  conv: ResolvedConv,
  [oh, ow]: readonly [number, number],
  workspace: number,
  own: Allocation[],
): JobSpec[] {
  const { n, c, oc, kh, kw, sh, sw, dh, dw, groups } = conv;
  const jobs: JobSpec[] = [];
  const image = paddedImage(conv);
  let { x } = spec;
  if (image.floats > 0) {
    jobs.push(padImageJob(conv, x, workspace));
    x = workspace;
  }
  const cg = c / groups;
  const og = oc / groups;
  const pitch = image.width * c;
  // Where the taps of a kernel row lie side by side they are one segment.
  const wholeRows = (dw === 1 || kw === 1) && groups === 1;
  const lines = Array.from({ length: kh }, (_, ky) => ky * dh * pitch);
  const offsets = wholeRows
    ? lines
    : lines.flatMap((line) => Array.from({ length: kw }, (_, kx) => line + kx * dw * c));
  jobs.push(
    segmentProductJob(
      kernels,
      {
        a: x,
        b: spec.weights.ptr,
        c: spec.y,
        bias: spec.bias,
        residual: spec.residual,
        m: n * oh * ow,
        n: og,
        segmentLength: wholeRows ? kw * c : cg,
        segmentOffsets: offsets,
        rowStep: sw * c,
        width: ow,
        lineStep: sh * pitch,
        height: oh,
        imageStep: image.height * pitch,
        cStep: conv.yStride,
        residualStep: conv.residualStride,
        products: {
          inner: groups,
          outer: 1,
          a: [cg, 0],
          b: packedFloats(kh * kw * cg, og),
          c: [og, 0],
          residual: [og, 0],
          bias: og,
        },
        activation: spec.activation,
      },
      own,
    ),
  );
  return jobs;
}

function checkWeights(spec: Conv2dSpec): void {
  const { weights, strides = [1, 1], dilations = [1, 1] } = spec;
  if (weights.layout === "winograd" && [...strides, ...dilations].some((one) => one !== 1)) {
    throw new ShapeError(
      "planConv2d: the weights were packed for stride and dilation 1; " +
        "give packConvWeights the strides and dilations of the convolution",
    );
  }
  const expected = [spec.oc, spec.c, spec.kh, spec.kw, spec.groups ?? 1].join(", ");
  const got = [weights.oc, weights.c, weights.kh, weights.kw, weights.groups].join(", ");
  if (expected !== got) {
    throw new ShapeError(
      `planConv2d: the weights were packed for [oc, c, kh, kw, groups] = [${got}], ` +
        `the convolution has [${expected}]`,
    );
  }
}
