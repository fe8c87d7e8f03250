import { sizeOf } from "@edgewright/core";
import { planGlobalPool, planPool2d, planReduce, type ReduceOp } from "@edgewright/kernels";
import { intAttribute, intsAttribute } from "../operators/node-attributes.js";
import { type Layout, memoryOrder } from "../planning/layout.js";
import { allFloat32, type LoweringRule } from "./lowering.js";
import { readWindow } from "./window.js";

/** `MaxPool` and `AveragePool` over sequences and images. */
export const lowerPool: LoweringRule = ({ node, opset, inputs, outputs, kernels }) => {
  const x = inputs[0];
  const y = outputs[0]!;
  const kernelShape = intsAttribute(node, "kernel_shape");
  if (!x || outputs.length !== 1 || !kernelShape || !allFloat32([x, y])) return null;
  const window = readWindow(node, x.shape, kernelShape, y.shape.slice(2));
  if (window === undefined || window.pads.some((pad) => pad < 0)) return null;
  const { n, c, h, w, kernel, strides, dilations, pads } = window;
  const [oh, ow] = x.shape.length === 3 ? [1, y.shape[2]!] : [y.shape[2]!, y.shape[3]!];
  const kind = node.opType === "MaxPool" ? "max" : "average";
  const ceils = intAttribute(node, "ceil_mode", 0) !== 0;
  const countIncludePad = intAttribute(node, "count_include_pad", 0) !== 0;
  // Windows that reach beyond the padded image count differently from version to version.
  if (kind === "average" && (ceils || (opset < 19 && dilations.some((d) => d !== 1)))) return null;
  if ((oh - 1) * strides[0] - pads[0] >= h || (ow - 1) * strides[1] - pads[1] >= w) return null;
  return {
    inputs: ["channels-last"],
    outputs: ["channels-last"],
    macs: sizeOf(y.shape) * kernel[0] * kernel[1],
    plan: (at) =>
      planPool2d(kernels, {
        kind,
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        n,
        h,
        w,
        c,
        oh,
        ow,
        kernel,
        strides,
        pads,
        dilations,
        countIncludePad,
      }),
  };
};

/** `GlobalAveragePool` and `GlobalMaxPool`. */
export const lowerGlobalPool: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const x = inputs[0];
  if (!x || x.shape.length < 3 || !allFloat32([x, ...outputs])) return null;
  const [n, c] = [x.shape[0]!, x.shape[1]!];
  return {
    inputs: ["channels-last"],
    outputs: ["channels-last"],
    macs: sizeOf(x.shape),
    plan: (at) =>
      planGlobalPool(kernels, {
        kind: node.opType === "GlobalMaxPool" ? "max" : "average",
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        n,
        positions: sizeOf(x.shape.slice(2)),
        c,
      }),
  };
};

/** Reductions over axes that are neighbours in memory. */
export const lowerReduce: LoweringRule = ({ node, opset, inputs, outputs, kernels }) => {
  const x = inputs[0];
  const op = reduceName(node.opType);
  if (!x || op === undefined || !allFloat32([x, ...outputs])) return null;
  const rank = x.shape.length;
  const axesInput = inputs[1];
  if (axesInput !== undefined && axesInput.constant === undefined) return null;
  let axes = axesInput?.constant
    ? Array.from(axesInput.constant.data as ArrayLike<number>, Number)
    : (intsAttribute(node, "axes") ?? []);
  if (axes.length === 0) {
    if (opset >= 13 && intAttribute(node, "noop_with_empty_axes", 0) !== 0) return null;
    axes = Array.from({ length: rank }, (_, axis) => axis);
  }
  axes = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const keeps = intAttribute(node, "keepdims", 1) !== 0;
  for (const layout of ["row-major", "channels-last"] satisfies Layout[]) {
    if (!x.has(layout)) continue;
    const order = memoryOrder(rank, layout);
    const places = axes.map((axis) => order.indexOf(axis)).sort((p, q) => p - q);
    const first = places[0]!;
    if (places.some((place, i) => place !== first + i)) continue;
    const sizes = order.map((axis) => x.shape[axis]!);
    const outer = sizeOf(sizes.slice(0, first));
    const axis = sizeOf(sizes.slice(first, first + places.length));
    const inner = sizeOf(sizes.slice(first + places.length));
    // What remains must lie in a layout that the result's shape knows.
    const rest = order.filter((a) => !axes.includes(a));
    const restInOrder = rest.every((a, i) => i === 0 || rest[i - 1]! < a);
    const result: Layout | undefined =
      layout === "row-major" || restInOrder ? "row-major" : keeps ? "channels-last" : undefined;
    if (result === undefined) continue;
    return {
      inputs: [layout, null],
      outputs: [result],
      macs: sizeOf(x.shape),
      plan: (at) =>
        planReduce(kernels, { op, x: at.inputs[0]!, y: at.outputs[0]!, outer, axis, inner }),
    };
  }
  return null;
};

function reduceName(opType: string): ReduceOp | undefined {
  switch (opType) {
    case "ReduceMean":
      return "mean";
    case "ReduceSum":
      return "sum";
    case "ReduceMax":
      return "max";
    case "ReduceMin":
      return "min";
    case "ReduceProd":
      return "product";
    case "ReduceSumSquare":
      return "sum-square";
    case "ReduceL1":
      return "l1";
    case "ReduceL2":
      return "l2";
    default:
      return undefined;
  }
}
