import { sizeOf } from "@edgewright/core";
import {
  conv2dWorkspaceBytes,
  packConvTransposeWeights,
  packConvWeights,
  planConv2d,
  planConvTranspose2d,
} from "@edgewright/kernels";
import { intAttribute, intsAttribute } from "../operators/node-attributes.js";
import { activationOf } from "../optimize/internal-nodes.js";
import { allFloat32, floatsOf, type LoweringRequest, type LoweringRule } from "./lowering.js";
import { isPixelShuffle, lowerPixelShuffle } from "./pixel-shuffle.js";
import { readWindow } from "./window.js";

/** `Conv` with constant weights over sequences and images, bias, residual and activation included. */
export const lowerConv: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const [x, w, bias, residual] = inputs;
  const weights = w?.constant;
  const y = outputs[0]!;
  if (!x || !weights || !allFloat32([...inputs, y])) return null;
  if (bias !== undefined && bias.constant === undefined) return null;
  const window = readWindow(node, x.shape, weights.shape.slice(2), y.shape.slice(2));
  if (window === undefined || window.pads.some((pad) => pad < 0)) return null;
  const groups = intAttribute(node, "group", 1);
  const oc = weights.shape[0]!;
  const [kh, kw] = window.kernel;
  const { n, h, w: width, c, strides, dilations, pads } = window;
  const shape = { oc, c, kh, kw, groups, strides, dilations };
  const packed = request.keep(weights, `conv ${groups} ${strides} ${dilations}`, () =>
    packConvWeights(kernels, { ...shape, weights: floatsOf(weights) }),
  );
  const spec = { ...shape, n, h, w: width, pads, weights: packed };
  const biasAt = biasAddress(request);
  const activation = activationOf(node);
  return {
    inputs: ["channels-last", null, null, residual === undefined ? null : "channels-last"],
    outputs: ["channels-last"],
    inPlace: residual === undefined ? [] : [3],
    workspaceBytes: conv2dWorkspaceBytes(kernels, spec),
    macs: sizeOf(y.shape) * (c / groups) * kh * kw,
    plan: (at) =>
      planConv2d(kernels, {
        ...spec,
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        workspace: at.workspace,
        ...(biasAt === undefined ? {} : { bias: biasAt }),
        ...(residual === undefined ? {} : { residual: at.inputs[3]! }),
        ...(activation === undefined ? {} : { activation }),
      }),
  };
};

/** `ConvTranspose` with constant weights over sequences and images, bias and activation included. */
export const lowerConvTranspose: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const [x, w, bias] = inputs;
  const weights = w?.constant;
  const y = outputs[0]!;
  if (!x || !weights || !allFloat32([...inputs, y])) return null;
  if (bias !== undefined && bias.constant === undefined) return null;
  // The padding that auto_pad or output_shape imply is left to the host.
  if (node.attributes.has("output_shape")) return null;
  const autoPad = node.attributes.get("auto_pad");
  if (autoPad?.type === "string" && autoPad.value !== "NOTSET" && autoPad.value !== "VALID") {
    return null;
  }
  const window = readWindow(node, x.shape, weights.shape.slice(2), y.shape.slice(2));
  if (window === undefined || window.pads.some((pad) => pad < 0)) return null;
  const groups = intAttribute(node, "group", 1);
  const oc = weights.shape[1]! * groups;
  const [kh, kw] = window.kernel;
  const { n, h, w: width, c, strides, dilations, pads } = window;
  const extra = intsAttribute(node, "output_padding") ?? [];
  const outputPads: [number, number] =
    x.shape.length === 3 ? [0, extra[0] ?? 0] : [extra[0] ?? 0, extra[1] ?? 0];
  const activation = activationOf(node);
  if (isPixelShuffle(window, oc, groups, outputPads)) {
    return lowerPixelShuffle(request, weights, window, activation);
  }
  const shape = { oc, c, kh, kw, groups, strides, dilations };
  const packed = request.keep(weights, `conv-transpose ${groups} ${strides} ${dilations}`, () =>
    packConvTransposeWeights(kernels, { ...shape, weights: floatsOf(weights) }),
  );
  const biasAt = biasAddress(request);
  return {
    inputs: ["channels-last", null, null],
    outputs: ["channels-last"],
    macs: sizeOf(x.shape) * (oc / groups) * kh * kw,
    plan: (at) =>
      planConvTranspose2d(kernels, {
        ...shape,
        n,
        h,
        w: width,
        pads,
        outputPads,
        weights: packed,
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        ...(biasAt === undefined ? {} : { bias: biasAt }),
        ...(activation === undefined ? {} : { activation }),
      }),
  };
};

function biasAddress(request: LoweringRequest): number | undefined {
  const bias = request.inputs[2]?.constant;
  return bias === undefined ? undefined : request.upload(bias);
}
