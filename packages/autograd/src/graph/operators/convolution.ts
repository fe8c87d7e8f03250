import { intAttribute, intsAttribute, type Node, readWindow } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { add } from "../../operations/broadcast-arithmetic.js";
import { conv2d } from "../../operations/conv2d.js";
import { depthwiseConv2d } from "../../operations/depthwise-conv2d.js";
import { linear } from "../../operations/linear.js";
import { reshape } from "../../operations/reshape.js";
import { transpose } from "../../operations/transpose.js";
import {
  type OperatorCall,
  type OperatorRule,
  storedAsItIs,
  weightAsItIs,
} from "../operator-call.js";
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

/** `ConvTranspose` whose windows neither overlap nor leave gaps: a product that makes every pixel a tile. */
export const CONV_TRANSPOSE: OperatorRule = {
  tensors: 3,
  weightUse: (_, index, shape) =>
    index === 1 && shape.length === 4
      ? { storage: tileStorage(shape), role: "weight" }
      : weightAsItIs(shape),
  record(call) {
    const { node } = call;
    const [x, weight] = [call.tensor(0), call.tensor(1)];
    const output = call.outputShapes[0]!;
    const [n, , h, w] = x.shape as [number, number, number, number];
    const [, oc, kh, kw] = weight.shape as [number, number, number, number];
    const strides = intsAttribute(node, "strides") ?? [1, 1];
    const tiles = x.rank === 4 && `${strides}` === `${[kh, kw]}`;
    if (!tiles || `${output}` !== `${[n, oc, h * kh, w * kw]}`) {
      throw call.unsupported(
        "only strides equal to the kernel, without pads, groups and output_padding, are supported",
      );
    }
    const product = linear(imagesOf(x), weight.stored(tileStorage(weight.shape)));
    const parts = transpose(reshape(product, [n, h, w, kh, kw, oc]), [0, 1, 3, 2, 4, 5]);
    const images = reshape(parts, [n, h * kh, w * kw, oc]);
    return fromImages(call.has(2) ? add(images, call.tensor(2).rowMajor()) : images, output);
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

/** ONNX's [c, oc, kh, kw] as a matrix [c, kh * kw * oc]. */
function tileStorage(shape: readonly number[]): Storage {
  const [c, oc, kh, kw] = shape;
  if (shape.length !== 4) return storedAsItIs(shape);
  return { order: [0, 2, 3, 1], shape: [c!, kh! * kw! * oc!] };
}
