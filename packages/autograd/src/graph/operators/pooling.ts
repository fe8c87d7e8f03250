import { intAttribute, intsAttribute, readWindow, type SlidingWindow } from "@edgewright/graph";
import { averagePool2d } from "../../operations/average-pool2d.js";
import { globalAveragePool } from "../../operations/global-average-pool.js";
import { maxPool2d } from "../../operations/max-pool2d.js";
import { max } from "../../operations/reduce-extreme.js";
import type { OperatorCall, OperatorRule } from "../operator-call.js";
import { channelsLastOrder, TracedTensor } from "../traced-tensor.js";
import { fromImages, imagesOf } from "./convolution.js";

/** `MaxPool` over sequences and images. */
export const MAX_POOL: OperatorRule = {
  tensors: 1,
  record(call) {
    const { kernel, strides, pads } = poolingWindow(call);
    const y = maxPool2d(imagesOf(call.tensor(0)), { kernel, strides, pads });
    return fromImages(y, call.outputShapes[0]!);
  },
};

/** `AveragePool` over sequences and images. */
export const AVERAGE_POOL: OperatorRule = {
  tensors: 1,
  record(call) {
    const countIncludePad = intAttribute(call.node, "count_include_pad", 0) !== 0;
    const { kernel, strides, pads, extended } = poolingWindow(call);
    if (countIncludePad && extended) throw call.unsupported("ceil_mode with count_include_pad");
    const y = averagePool2d(imagesOf(call.tensor(0)), { kernel, strides, pads, countIncludePad });
    return fromImages(y, call.outputShapes[0]!);
  },
};

/** `GlobalAveragePool`: [n, c, ...] to [n, c, 1, ...]. */
export const GLOBAL_AVERAGE_POOL: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    return fromImages(globalAveragePool(imagesOf(x)), call.outputShapes[0]!);
  },
};

/** `GlobalMaxPool`: [n, c, ...] to [n, c, 1, ...]. */
export const GLOBAL_MAX_POOL: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    const order = channelsLastOrder(x.rank);
    const axes = order.slice(1, -1).map((_, i) => i + 1);
    const y = max(x.inOrder(order), { axes, keepAxes: true });
    return new TracedTensor(y, call.outputShapes[0]!, order);
  },
};

// ceil_mode lets the last window reach beyond the image: padding that is never the largest element, and
// that an average which counts no padding does not count.
function poolingWindow(call: OperatorCall): SlidingWindow & { extended: boolean } {
  const { node } = call;
  const x = call.tensor(0);
  const output = call.outputShapes[0]!;
  const window = readWindow(
    node,
    x.shape,
    intsAttribute(node, "kernel_shape") ?? [],
    output.slice(2),
  );
  if (window === undefined) throw call.unsupported("only 1 and 2 spatial axes are supported");
  if (window.dilations.some((dilation) => dilation !== 1)) throw call.unsupported("dilations");
  if (window.pads.some((pad) => pad < 0)) throw call.unsupported("negative pads");
  const { kernel, strides, pads, h, w } = window;
  const [oh, ow] = output.length === 3 ? [1, output[2]!] : [output[2]!, output[3]!];
  const [top, left, bottom, right] = pads;
  const missing = (out: number, axis: 0 | 1, covered: number): number =>
    Math.max(0, (out - 1) * strides[axis] + kernel[axis] - covered);
  const below = missing(oh, 0, h + top + bottom);
  const beside = missing(ow, 1, w + left + right);
  return {
    ...window,
    pads: [top, left, bottom + below, right + beside],
    extended: below + beside > 0,
  };
}
