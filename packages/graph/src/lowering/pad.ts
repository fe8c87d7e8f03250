import { sizeOf } from "@edgewright/core";
import { floatBits, type Plan, planCopy, planFill } from "@edgewright/kernels";
import { floatAttribute, intsAttribute, stringAttribute } from "../operators/node-attributes.js";
import { memoryOrder, memoryShape } from "../planning/layout.js";
import { preferredLayout } from "./elementwise.js";
import { allFloat32, denseStrides, type LoweringRequest, type LoweringRule } from "./lowering.js";

/** `Pad` with constant amounts: by a constant along any axes, by reflection or the edge along one. */
export const lowerPad: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const x = inputs[0];
  const y = outputs[0]!;
  if (!x || !allFloat32([x, y])) return null;
  const mode = stringAttribute(node, "mode", "constant");
  const begins = readBegins(request);
  if (begins === undefined) return null;
  const rank = x.shape.length;
  const padded = x.shape.flatMap((size, axis) => (size === y.shape[axis] ? [] : [axis]));
  const layout = preferredLayout(x);
  const order = memoryOrder(rank, layout);
  const [source, target] = [memoryShape(x.shape, layout), memoryShape(y.shape, layout)];
  const [xStrides, yStrides] = [denseStrides(source), denseStrides(target)];
  const start = order.reduce((sum, axis, i) => sum + begins[axis]! * yStrides[i]!, 0);
  const rest = inputs.slice(1).map(() => null);
  const interior = (from: number, to: number): Plan =>
    planCopy(kernels, { x: from, y: to + 4 * start, shape: source, xStrides, yStrides, bytes: 4 });

  if (mode === "constant") {
    const given = inputs[2]?.constant;
    if (inputs[2] !== undefined && given?.dtype !== "f32") return null;
    const value = given ? (given.data[0] as number) : floatAttribute(node, "value", 0);
    return {
      inputs: [layout, ...rest],
      outputs: [layout],
      plan: (at) => [
        planFill(kernels, {
          y: at.outputs[0]!,
          count: sizeOf(target),
          value: floatBits(value),
        }),
        interior(at.inputs[0]!, at.outputs[0]!),
      ],
    };
  }
  if ((mode !== "reflect" && mode !== "edge") || padded.length !== 1) return null;
  const axis = order.indexOf(padded[0]!);
  const size = source[axis]!;
  const before = begins[padded[0]!]!;
  const after = target[axis]! - size - before;
  if (mode === "reflect" && Math.max(before, after) >= size) return null;
  // A strip runs away from the edge: backwards from the element beside it, or staying on it.
  const strip = (from: number, to: number, first: number, at: number, length: number): Plan[] => {
    if (length === 0) return [];
    const step = mode === "edge" ? 0 : -1;
    return [
      planCopy(kernels, {
        x: from + 4 * first * xStrides[axis]!,
        y: to + 4 * at * yStrides[axis]!,
        shape: source.map((dim, i) => (i === axis ? length : dim)),
        xStrides: xStrides.map((stride, i) => (i === axis ? stride * step : stride)),
        yStrides,
        bytes: 4,
      }),
    ];
  };
  return {
    inputs: [layout, ...rest],
    outputs: [layout],
    plan: ({ inputs: [from], outputs: [to] }) => [
      interior(from!, to!),
      ...strip(from!, to!, mode === "edge" ? 0 : before, 0, before),
      ...strip(from!, to!, mode === "edge" ? size - 1 : size - 2, before + size, after),
    ],
  };
};

/** Elements put in front along every axis; `undefined` unless all are known and none is cut off. */
function readBegins({ node, inputs }: LoweringRequest): number[] | undefined {
  const rank = inputs[0]!.shape.length;
  const given = inputs[1]?.constant;
  if (inputs[1] !== undefined && given === undefined) return undefined;
  const pads = given
    ? Array.from(given.data as ArrayLike<number>, Number)
    : intsAttribute(node, "pads");
  if (pads === undefined || pads.some((pad) => pad < 0)) return undefined;
  const axesInput = inputs[3];
  if (axesInput !== undefined && axesInput.constant === undefined) return undefined;
  const axes = axesInput?.constant
    ? Array.from(axesInput.constant.data as ArrayLike<number>, Number)
    : Array.from({ length: rank }, (_, axis) => axis);
  const begins = new Array<number>(rank).fill(0);
  for (const [i, axis] of axes.entries()) begins[axis < 0 ? axis + rank : axis] = pads[i]!;
  return begins;
}
