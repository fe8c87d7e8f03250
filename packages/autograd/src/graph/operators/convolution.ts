import { intAttribute, type Node, readWindow } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { conv2d } from "../../operations/conv2d.js";
import { depthwiseConv2d } from "../../operations/depthwise-conv2d.js";
import { reshape } from "../../operations/reshape.js";
import { type OperatorCall, type OperatorRule, weightAsItIs } from "../operator-call.js";
import { channelsLastOrder, type Storage, TracedTensor } from "../traced-tensor.js";

/** `Conv` over sequences and images; a sequence is an image of height 1. */
export const CONV: OperatorRule = {
  tensors: 3,
  weightUse: (node, index, shape) =>
    index === 1 && (shape.length === 3 || shape.length === 4)
      ? { storage: filterStorage(node, shape), role: "weight" }
      : weightAsItIs(shape),
  record(call) {
    const { node } = call;
    const [x, weight] = [call.tensor(0), call.tensor(1)];
    const output = call.outputShapes[0]!;
    const window = readWindow(node, x.shape, weight.shape.slice(2), output.slice(2));
    if (window === undefined) throw call.unsupported("only 1 and 2 spatial axes are supported");
    if (window.pads.some((pad) => pad < 0)) throw call.unsupported("negative pads");
    const { strides, dilations, pads } = window;
    const bias = call.has(2) ? { bias: call.tensor(2).rowMajor() } : {};
    const filter = weight.stored(filterStorage(node, weight.shape));
    const groups = intAttribute(node, "group", 1);
    const options = { strides, dilations, pads, ...bias };
    const y = isDepthwise(node, weight.shape)
      ? depthwiseConv2d(imagesOf(x), filter, options)
      : conv2d(imagesOf(x), filter, { ...options, groups });
    return fromImages(y, output);
  },
};

/** A value [n, c, h, w] or [n, c, length] as images [n, h, w, c]. */
export function imagesOf(x: TracedTensor): Variable {
  const variable = x.inOrder(channelsLastOrder(x.rank));
  if (x.rank === 4) return variable;
  const [n, c, length] = x.shape as [number, number, number];
  return reshape(variable, [n, 1, length, c]);
}

/** Images [n, h, w, c] as a value of ONNX's shape. */
export function fromImages(images: Variable, shape: readonly number[]): TracedTensor {
  return new TracedTensor(images, shape, channelsLastOrder(shape.length));
}

/** Images of a node that only takes such. */
export function imageInput(call: OperatorCall): Variable {
  const x = call.tensor(0);
  if (x.rank === 4) return imagesOf(x);
  throw call.unsupported(`expected an image [n, c, h, w], got [${x.shape}]`);
}

/** ONNX's [oc, c, kh, kw] as [kh, kw, c, oc]; depthwise [c, 1, kh, kw] as [kh, kw, c]. */
function filterStorage(node: Node, shape: readonly number[]): Storage {
  const [oc, c, ...kernel] = shape as [number, number, ...number[]];
  const [kh, kw] = kernel.length === 1 ? [1, kernel[0]!] : [kernel[0]!, kernel[1]!];
  const order = kernel.length === 1 ? [2, 1, 0] : [2, 3, 1, 0];
  return { order, shape: isDepthwise(node, shape) ? [kh, kw, oc] : [kh, kw, c, oc] };
}

function isDepthwise(node: Node, shape: readonly number[]): boolean {
  return shape[0]! > 1 && shape[1] === 1 && intAttribute(node, "group", 1) === shape[0];
}
