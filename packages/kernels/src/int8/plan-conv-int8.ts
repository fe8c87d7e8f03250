import { ShapeError } from "@edgewright/core";
import { convOutputSize } from "../convolution/conv-output-size.js";
import { type Pads, type Pair, requireWhole } from "../convolution/conv2d-spec.js";
import type { Allocation } from "../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { type Int8Output, outputBytes, outputWords } from "./int8-output.js";
import type { PackedInt8ConvWeights } from "./pack-int8-conv-weights.js";
import { blockRows, type Int8Activations, prepareActivations } from "./prepare-activations.js";
import { productWords } from "./product-words.js";

/** An int8 convolution for {@link planConvInt8}; sizes count values and pixels. */
export interface ConvInt8Spec {
  /** Codes of the input, [n, h, w, c]; padding counts as the zero point. */
  readonly x: Int8Activations;
  /** Address of the output, [n, oh, ow, oc], of the type that `output` says. */
  readonly y: number;
  /** @default 1 */
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  readonly weights: PackedInt8ConvWeights;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default [0, 0, 0, 0] */
  readonly pads?: Pads;
  /** @default the sums as i32 */
  readonly output?: Int8Output;
  /** Values from one output pixel to the next. @default oc */
  readonly yStride?: number;
}

/**
 * Plans a two-dimensional convolution of 8-bit codes with 32-bit integer sums, exact on every engine,
 * and per-channel requantisation; depthwise, pointwise and grouped convolutions included.
 *
 * @throws ShapeError when sizes do not fit or the output would be empty.
 */
export function planConvInt8(kernels: Kernels, spec: ConvInt8Spec): Plan {
  const { x, y, n = 1, h, w, weights, output = {}, yStride = spec.weights.oc } = spec;
  const [sh, sw] = spec.strides ?? [1, 1];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const [top, left, bottom, right] = spec.pads ?? [0, 0, 0, 0];
  const { oc, kh, kw, groups, path, paddedChannels, depthwise } = weights;
  requireWhole("planConvInt8", { n, h, w, sh, sw, dh, dw }, 1);
  requireWhole("planConvInt8", { top, left, bottom, right }, 0);
  const oh = convOutputSize(h, kh, sh, dh, top, bottom);
  const ow = convOutputSize(w, kw, sw, dw, left, right);
  if (oh === 0 || ow === 0 || yStride < oc) {
    throw new ShapeError(
      `planConvInt8: a ${kh} x ${kw} kernel leaves ${oh} x ${ow} pixels of ${h} x ${w}, ` +
        `${yStride} values apart for ${oc} channels; pad the input or widen yStride`,
    );
  }
  const own: Allocation[] = [];
  const jobs: JobSpec[] = [];
  const paddedHeight = Math.max(top + h, (oh - 1) * sh + dh * (kh - 1) + 1);
  const paddedWidth = Math.max(left + w, (ow - 1) * sw + dw * (kw - 1) + 1);
  // A depthwise kernel sees one group of all channels.
  const channels = depthwise ? weights.c : weights.c / groups;
  const image = {
    ...{ n, height: h, width: w, groups: depthwise ? 1 : groups, channels, paddedChannels },
    ...{ top, left, paddedHeight, paddedWidth },
  };
  const prepared = prepareActivations(kernels.arena, x, image, path, jobs, own);
  const groupBytes = paddedChannels * prepared.valueBytes;
  const pixelBytes = groupBytes * image.groups;
  const lineBytes = pixelBytes * paddedWidth;
  const wholeLines = !depthwise && groups === 1 && (dw === 1 || kw === 1);
  const taps: number[] = [];
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < (wholeLines ? 1 : kw); kx++) {
      taps.push(ky * dh * lineBytes + kx * dw * pixelBytes);
    }
  }
  const runs = depthwise ? Math.ceil(taps.length / 2) : taps.length;
  if (depthwise && taps.length % 2 === 1) taps.push(taps[0]!); // against a weight of zero
  const offsets = kernels.arena.upload(new Int32Array(taps));
  own.push(offsets);
  const rows = n * oh * ow;
  const block = blockRows(rows, pixelBytes * sw * sh, weights.panels);
  const rowBytes = yStride * outputBytes(output);
  const panelsPerGroup = weights.panels / weights.groups;
  const words = productWords(
    {
      ...{ a: prepared.ptr, b: weights.ptr, y, rows, panels: weights.panels, blockRows: block },
      ...{ outWidth: ow, outHeight: oh, pixelStride: sw * pixelBytes },
      ...{ lineStride: sh * lineBytes, imageStride: paddedHeight * lineBytes },
      ...{ runs, offsets: offsets.ptr, runSteps: ((wholeLines ? kw : 1) * groupBytes) / 4 },
      ...{ panelBytes: weights.bytes / weights.panels, panelsPerGroup },
      ...{ columnsPerGroup: depthwise ? oc : oc / groups, groupBytes },
    },
    outputWords("planConvInt8", kernels.arena, output, weights, prepared.zeroPoint, rowBytes, own),
  );
  if (depthwise) jobs.push({ kernel: "int8_depthwise", params: words, units: n * oh });
  else {
    jobs.push({
      kernel: path === "i16" ? "int8_product_i16" : "int8_product_dot",
      params: words,
      units: weights.panels * Math.ceil(rows / block),
    });
  }
  return createPlan(kernels.arena, jobs, own);
}
