import { intAttribute, intsAttribute } from "@edgewright/graph";
import type { OperatorCall, OperatorRule } from "../operator-call.js";
import { rowMajorOrder, TracedTensor } from "../traced-tensor.js";
import { broadcastTo } from "./products.js";

/** The elements under another shape: no element moves unless axes that lie apart are merged. */
function reshaped(x: TracedTensor, shape: readonly number[]): TracedTensor {
  const ones = x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  const core = x.without(ones);
  const kept = shape.filter((size) => size !== 1);
  if (`${kept}` === `${core.shape}`) {
    return core.withAxes(shape.flatMap((size, axis) => (size === 1 ? [axis] : [])));
  }
  // Merging the spatial axes of an image leaves its channels last.
  const spatial = x.rank === 4 && shape.length === 3 && `${x.order}` === "0,2,3,1";
  if (spatial && x.shape[0] === shape[0] && x.shape[1] === shape[1]) {
    return new TracedTensor(x.asItLies(), shape, [0, 2, 1]);
  }
  return new TracedTensor(x.rowMajor(), shape, rowMajorOrder(shape.length));
}

/** `Reshape`, and `Flatten`: what shape inference says of the output. */
export const RESHAPE: OperatorRule = {
  tensors: 1,
  record: (call) => reshaped(call.tensor(0), call.outputShapes[0]!),
};

/** `Squeeze`: axes of length 1 go. */
export const SQUEEZE: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    const ones = x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
    return x.without(axesOf(call, x.rank) ?? ones);
  },
};

/** `Unsqueeze`: axes of length 1 come. */
export const UNSQUEEZE: OperatorRule = {
  tensors: 1,
  record(call) {
    const axes = axesOf(call, call.outputShapes[0]!.length);
    if (axes === undefined) throw call.unsupported("axes that are not known");
    return call.tensor(0).withAxes([...axes].sort((a, b) => a - b));
  },
};

/** `Transpose`: the same memory under other names of its axes. */
export const TRANSPOSE: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    return x.transposed(intsAttribute(call.node, "perm") ?? rowMajorOrder(x.rank).reverse());
  },
};

/** `Identity`, `Dropout` (which the exporter left for training, and which nothing here applies) and casts to f32. */
export const IDENTITY: OperatorRule = { tensors: 1, record: (call) => call.tensor(0) };

/** `Cast` that changes nothing here: floats to floats, integers to integers. */
export const CAST: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    // TensorProto.DataType: 1 is FLOAT, 6 and 7 are INT32 and INT64.
    const to = intAttribute(call.node, "to", 1);
    if (x.type === "f32" ? to === 1 : to === 6 || to === 7) return x;
    throw call.unsupported(`from ${x.type} to element type ${to}`);
  },
};

/** `Expand`: repeats along axes of length 1. */
export const EXPAND: OperatorRule = {
  tensors: 1,
  record(call) {
    const shape = call.outputShapes[0]!;
    return TracedTensor.rowMajor(broadcastTo(call, call.tensor(0).rowMajor(), shape));
  },
};

/** The axes of a node, an input or (in older operator sets) an attribute, counted from the front. */
export function axesOf(call: OperatorCall, rank: number): number[] | undefined {
  const axes = call.numbers(1) ?? intsAttribute(call.node, "axes");
  return axes?.map((axis) => (axis < 0 ? axis + rank : axis));
}
