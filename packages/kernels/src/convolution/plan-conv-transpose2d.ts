import { ShapeError } from "@edgewright/core";
import type { Activation } from "../activation/activation.js";
import { segmentProductJob } from "../gemm/segment-product.js";
import type { Allocation } from "../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { convTransposeOutputSize } from "./conv-output-size.js";
import { type Pads, type Pair, requireWhole } from "./conv2d-spec.js";
import type { PackedConvTransposeWeights } from "./pack-conv-transpose-weights.js";
import { paddedImage, padImageJob } from "./pad-image.js";

/** A two-dimensional transposed convolution; kernel, strides and dilations come with the weights. */
export interface ConvTranspose2dSpec {
  /** Address of the input, [n, h, w, c]. */
  readonly x: number;
  /** Address of the output, [n, oh, ow, oc], pixels `yStride` floats apart. */
  readonly y: number;
  /** @default 1 */
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  /** From {@link packConvTransposeWeights}. */
  readonly weights: PackedConvTransposeWeights;
  /** @default [0, 0, 0, 0] */
  readonly pads?: Pads;
  /** Rows and columns added to the output's end. @default [0, 0] */
  readonly outputPads?: Pair;
  /** Address of oc values. */
  readonly bias?: number;
  /** Address of a tensor like the output, added before the activation. */
  readonly residual?: number;
  /** Applied last. @default identity */
  readonly activation?: Activation;
  /** Floats from one output pixel to the next. @default oc */
  readonly yStride?: number;
  /** Floats from one pixel of the residual to the next. @default yStride */
  readonly residualStride?: number;
}

/**
 * Plans a transposed convolution over NHWC images in 32-bit floats, the gradient of a convolution with
 * respect to its input.
 *
 * Output pixels of one residue modulo the strides see the same taps, so every residue is an ordinary
 * convolution of stride 1 that writes each stride-th pixel: no zeros are multiplied.
 *
 * @throws ShapeError when sizes do not fit each other or the output is empty.
 */
export function planConvTranspose2d(kernels: Kernels, spec: ConvTranspose2dSpec): Plan {
  const { n = 1, h, w, weights, pads = [0, 0, 0, 0], outputPads = [0, 0] } = spec;
  const { c, oc, groups, strides, dilations } = weights;
  const { yStride = oc } = spec;
  const { residualStride = yStride } = spec;
  requireWhole("planConvTranspose2d", { n, h, w }, 1);
  const [top, left, bottom, right] = pads;
  const sizeY = [h, weights.kh, strides[0], dilations[0], top, bottom, outputPads[0]] as const;
  const sizeX = [w, weights.kw, strides[1], dilations[1], left, right, outputPads[1]] as const;
  const oh = convTransposeOutputSize(...sizeY);
  const ow = convTransposeOutputSize(...sizeX);
  if (oh < 1 || ow < 1) {
    throw new ShapeError(`planConvTranspose2d: the output would be ${oh} x ${ow} pixels`);
  }
  if (yStride < oc || residualStride < oc) {
    throw new ShapeError(
      `planConvTranspose2d: expected yStride and residualStride of at least oc = ${oc}, ` +
        `got ${yStride} and ${residualStride}`,
    );
  }

  const phases = weights.phases.map((phase) => ({
    ...phase,
    rows: phaseAxis(phase.y, phase.ky, oh, strides[0], dilations[0], top),
    columns: phaseAxis(phase.x, phase.kx, ow, strides[1], dilations[1], left),
  }));
  const around = zerosAround(
    phases.map(({ rows }) => rows),
    h,
  );
  const beside = zerosAround(
    phases.map(({ columns }) => columns),
    w,
  );
  const conv = {
    ...{
      n,
      h,
      w,
      c,
      oc,
      kh: 1,
      kw: 1,
      sh: 1,
      sw: 1,
      dh: 1,
      dw: 1,
      groups: 1,
      yStride,
      residualStride,
    },
    ...{ top: around[0], bottom: around[1], left: beside[0], right: beside[1] },
  };
  const own: Allocation[] = [];
  const jobs: JobSpec[] = [];
  const image = paddedImage(conv);
  let x = spec.x;
  if (image.floats > 0) {
    const workspace = kernels.arena.allocate(image.floats * 4);
    own.push(workspace);
    jobs.push(padImageJob(conv, x, workspace.ptr));
    x = workspace.ptr;
  }
  const pitch = image.width * c;
  const cg = c / groups;
  const og = oc / groups;
  for (const { rows, columns, offset, groupBytes } of phases) {
    if (rows.count === 0 || columns.count === 0) continue;
    const offsets = rows.shifts.flatMap((dy) =>
      columns.shifts.map((dx) => (dy + conv.top) * pitch + (dx + conv.left) * c),
    );
    const pixel = rows.first * ow + columns.first;
    for (let group = 0; group < groups; group++) {
      const channel = group * og;
      jobs.push(
        segmentProductJob(
          kernels,
          {
            a: x + group * cg * 4,
            b: weights.ptr + offset + group * groupBytes,
            c: spec.y + (pixel * yStride + channel) * 4,
            bias: spec.bias === undefined ? undefined : spec.bias + channel * 4,
            residual:
              spec.residual === undefined
                ? undefined
                : spec.residual + (pixel * residualStride + channel) * 4,
            m: columns.count,
            n: og,
            // A residue that no tap reaches holds the bias: a product over nothing.
            segmentLength: offsets.length === 0 ? 0 : cg,
            segmentOffsets: offsets.length === 0 ? [0] : offsets,
            rowStep: c,
            cStep: strides[1] * yStride,
            residualStep: strides[1] * residualStride,
            products: {
              inner: rows.count,
              outer: n,
              a: [pitch, image.height * pitch],
              b: 0,
              c: [strides[0] * ow * yStride, oh * ow * yStride],
              residual: [strides[0] * ow * residualStride, oh * ow * residualStride],
              bias: 0,
            },
            activation: spec.activation,
          },
          own,
        ),
      );
    }
  }
  return createPlan(kernels.arena, jobs, own);
}

interface PhaseAxis {
  /** First output index of the residue, and how many there are, a stride apart. */
  readonly first: number;
  readonly count: number;
  /** Input index minus the number of the output index, one a tap. */
  readonly shifts: readonly number[];
}

function phaseAxis(
  residue: number,
  taps: readonly number[],
  size: number,
  stride: number,
  dilation: number,
  pad: number,
): PhaseAxis {
  const first = (((residue - pad) % stride) + stride) % stride;
  const count = Math.max(0, Math.ceil((size - first) / stride));
  return { first, count, shifts: taps.map((tap) => (first + pad - tap * dilation) / stride) };
}

function zerosAround(axes: readonly PhaseAxis[], size: number): [before: number, after: number] {
  let before = 0;
  let after = 0;
  for (const { count, shifts } of axes) {
    if (count === 0) continue;
    for (const shift of shifts) {
      before = Math.max(before, -shift);
      after = Math.max(after, shift + count - size);
    }
  }
  return [before, after];
}
