import { intAttribute, intsAttribute, stringAttribute } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { add } from "../../operations/broadcast-arithmetic.js";
import { concat } from "../../operations/concat.js";
import { conv2d } from "../../operations/conv2d.js";
import { linear } from "../../operations/linear.js";
import { pad } from "../../operations/pad.js";
import { reshape } from "../../operations/reshape.js";
import { slice } from "../../operations/slice.js";
import { transpose } from "../../operations/transpose.js";
import { type OperatorCall, type OperatorRule, weightAsItIs } from "../operator-call.js";
import type { Storage, TracedTensor } from "../traced-tensor.js";
import { fromImages, imagesOf } from "./convolution.js";

type Four = readonly [number, number, number, number];

/**
 * `ConvTranspose` over images: a product that makes every pixel a tile where windows neither overlap nor leave
 * gaps, otherwise a convolution, with the filter turned round, of the image with zeros between its pixels.
 */
export const CONV_TRANSPOSE: OperatorRule = {
  tensors: 3,
  weightUse: (_, index, shape) =>
    index === 1 && shape.length === 4
      ? { storage: filterStorage(shape as Four), role: "weight" }
      : weightAsItIs(shape),
  record(call) {
    const { node } = call;
    const [x, weight] = [call.tensor(0), call.tensor(1)];
    if (x.rank !== 4) throw call.unsupported("only images are supported");
    if (intAttribute(node, "group", 1) !== 1) throw call.unsupported("groups");
    const [n, oc, height, width] = call.outputShapes[0]! as Four;
    const [, , h, w] = x.shape as Four;
    const [, , kh, kw] = weight.shape as Four;
    const rows = readAxis(call, 0, { input: h, kernel: kh, output: height });
    const columns = readAxis(call, 1, { input: w, kernel: kw, output: width });
    const tiles = [rows, columns].every(
      ({ stride, kernel, input, output }) => stride === kernel && output === input * kernel,
    );
    const y = tiles ? tiled(x, weight, [n, oc, kh, kw]) : convolved(x, weight, rows, columns);
    const images = call.has(2) ? add(y, call.tensor(2).rowMajor()) : y;
    return fromImages(images, call.outputShapes[0]!);
  },
};

/** One spatial axis. */
interface Axis {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
  readonly stride: number;
  readonly dilation: number;
  /** Rows that the padding cuts off in front. */
  readonly begin: number;
}

function readAxis(
  { node }: OperatorCall,
  axis: 0 | 1,
  sizes: Pick<Axis, "input" | "kernel" | "output">,
): Axis {
  const stride = intsAttribute(node, "strides")?.[axis] ?? 1;
  const dilation = intsAttribute(node, "dilations")?.[axis] ?? 1;
  const extra = intsAttribute(node, "output_padding")?.[axis] ?? 0;
  const mode = stringAttribute(node, "auto_pad", "NOTSET");
  let begin = intsAttribute(node, "pads")?.[axis] ?? 0;
  if (mode === "VALID") begin = 0;
  else if (mode !== "NOTSET" || node.attributes.has("output_shape")) {
    // The formula of the standard for pads that follow from the size of the output.
    const whole = stride * (sizes.input - 1) + extra + (sizes.kernel - 1) * dilation + 1;
    const total = whole - sizes.output;
    begin = mode === "SAME_UPPER" ? total >> 1 : total - (total >> 1);
  }
  return { ...sizes, stride, dilation, begin };
}

function tiled(x: TracedTensor, weight: TracedTensor, [n, oc, kh, kw]: Four): Variable {
  const [, c, h, w] = x.shape as Four;
  const filter = weight.inOrder([0, 2, 3, 1]);
  const product = linear(imagesOf(x), reshape(filter, [c, kh * kw * oc]));
  const parts = transpose(reshape(product, [n, h, w, kh, kw, oc]), [0, 1, 3, 2, 4, 5]);
  return reshape(parts, [n, h * kh, w * kw, oc]);
}

function convolved(x: TracedTensor, weight: TracedTensor, rows: Axis, columns: Axis): Variable {
  const [n, c, h, w] = x.shape as Four;
  const [sh, sw] = [rows.stride, columns.stride];
  const apart = pad(reshape(imagesOf(x), [n, h, 1, w, 1, c]), {
    before: [0, 0, 0, 0, 0, 0],
    after: [0, 0, sh - 1, 0, sw - 1, 0],
  });
  let images = reshape(apart, [n, h * sh, w * sw, c]);
  const [top, bottom] = around(rows);
  const [left, right] = around(columns);
  // What padding cuts off beyond the reach of the filter is cut off before.
  images = slice(images, {
    starts: [0, Math.max(0, -top), Math.max(0, -left), 0],
    ends: [n, h * sh + Math.min(0, bottom), w * sw + Math.min(0, right), c],
  });
  const filter = turned(turned(weight.stored(filterStorage(weight.shape as Four)), 0), 1);
  const pads = [top, left, bottom, right].map((count) => Math.max(0, count));
  return conv2d(images, filter, {
    pads: pads as unknown as Four,
    dilations: [rows.dilation, columns.dilation],
  });
}

function around({ input, kernel, output, stride, dilation, begin }: Axis): [number, number] {
  const reach = dilation * (kernel - 1);
  const front = reach - begin;
  return [front, output - input * stride + reach - front];
}

function turned(filter: Variable, axis: number): Variable {
  const size = filter.shape[axis]!;
  if (size === 1) return filter;
  const rows = Array.from({ length: size }, (_, i) =>
    slice(filter, {
      starts: filter.shape.map((_, other) => (other === axis ? size - 1 - i : 0)),
      ends: filter.shape.map((length, other) => (other === axis ? size - i : length)),
    }),
  );
  return concat(rows, { axis });
}

/** ONNX's [c, oc, kh, kw] as [kh, kw, c, oc]. */
function filterStorage([c, oc, kh, kw]: Four): Storage {
  return { order: [2, 3, 0, 1], shape: [kh, kw, c, oc] };
}
