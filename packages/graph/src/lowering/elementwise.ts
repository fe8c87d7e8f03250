import { sizeOf } from "@edgewright/core";
import {
  type ActivationKind,
  type BinaryOp,
  planAffine,
  planBinary,
  planNormalize,
  planSoftmax,
  planUnary,
} from "@edgewright/kernels";
import { floatAttribute, intAttribute } from "../operators/node-attributes.js";
import { activationOf } from "../optimize/internal-nodes.js";
import { type Layout, layoutsCoincide, memoryAxis, memoryShape } from "../planning/layout.js";
import {
  allFloat32,
  floatsOf,
  type LoweredValue,
  type Lowering,
  type LoweringRule,
} from "./lowering.js";

/** `Activation` nodes that no product took over. */
export const lowerActivation: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const activation = activationOf(node);
  if (activation === undefined) return null;
  return lowerUnary(inputs[0], outputs[0]!, (x, y, count) =>
    planUnary(kernels, { op: activation, x, y, count }),
  );
};

/** Standard functions of one operand that need no parameter. */
export const lowerFunction: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const op = functionName(node.opType);
  if (op === undefined) return null;
  return lowerUnary(inputs[0], outputs[0]!, (x, y, count) =>
    planUnary(kernels, { op, x, y, count }),
  );
};

function functionName(opType: string): ActivationKind | undefined {
  switch (opType) {
    case "Relu":
    case "Sigmoid":
    case "Tanh":
    case "Exp":
    case "Log":
    case "Sqrt":
    case "Abs":
    case "Neg":
    case "Floor":
    case "Ceil":
    case "Erf":
    case "Reciprocal":
    case "Softplus":
    case "Softsign":
    case "Sign":
    case "Round":
      return opType.toLowerCase() as ActivationKind;
    default:
      return undefined;
  }
}

function lowerUnary(
  x: LoweredValue | undefined,
  y: LoweredValue,
  plan: (x: number, y: number, count: number) => ReturnType<typeof planUnary>,
): Lowering | null {
  if (!x || !allFloat32([x, y])) return null;
  const layout = preferredLayout(x);
  const count = sizeOf(x.shape);
  return {
    inputs: [layout],
    outputs: [layout],
    inPlace: [0],
    plan: (at) => plan(at.inputs[0]!, at.outputs[0]!, count),
  };
}

/** Functions of two operands with numpy's broadcasting. */
export const lowerBinary: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const [a, b] = inputs;
  const y = outputs[0]!;
  const op = binaryName(node.opType);
  if (op === undefined || !a || !b || inputs.length !== 2 || !allFloat32([a, b, y])) return null;
  const layout = commonLayout([a, b], y.shape);
  const [aShape, bShape] = [a, b].map((value) => broadcastShape(value, y.shape.length, layout));
  const inPlace = [a, b].flatMap((value, i) =>
    value.shape.join() === y.shape.join() && value.constant === undefined ? [i] : [],
  );
  return {
    inputs: [a, b].map((value) => (isFree(value, y.shape.length) ? anyLayout(value) : layout)),
    outputs: [layout],
    inPlace,
    plan: (at) =>
      planBinary(kernels, {
        op,
        a: at.inputs[0]!,
        aShape: aShape!,
        b: at.inputs[1]!,
        bShape: bShape!,
        y: at.outputs[0]!,
      }),
  };
};

/** `Clip` with bounds that layers compute, or that optimisation left alone. */
export const lowerClip: LoweringRule = ({ node, inputs, outputs, kernels }) => {
  const [x, low, high] = inputs;
  if (!x || !allFloat32([...inputs, ...outputs])) return null;
  const layout = preferredLayout(x);
  const count = sizeOf(x.shape);
  const fixed = {
    kind: "clip",
    alpha: floatAttribute(node, "min", Number.NEGATIVE_INFINITY),
    beta: floatAttribute(node, "max", Number.POSITIVE_INFINITY),
  } as const;
  return {
    inputs: [layout, low ? "row-major" : null, high ? "row-major" : null],
    outputs: [layout],
    inPlace: [0],
    plan: (at) => {
      const y = at.outputs[0]!;
      const bound = (op: "max" | "min", a: number, b: number) =>
        planBinary(kernels, { op, a, aShape: [count], b, bShape: [1], y });
      const plans = [
        ...(low ? [bound("max", at.inputs[0]!, at.inputs[1]!)] : []),
        ...(high ? [bound("min", low ? y : at.inputs[0]!, at.inputs[2]!)] : []),
      ];
      return plans.length > 0
        ? plans
        : planUnary(kernels, { op: fixed, x: at.inputs[0]!, y, count });
    },
  };
};

function binaryName(opType: string): BinaryOp | undefined {
  switch (opType) {
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Max":
    case "Min":
    case "Pow":
      return opType.toLowerCase() as BinaryOp;
    case "PRelu":
      return "prelu";
    default:
      return undefined;
  }
}

/** The layout in which an elementwise function of one operand runs: that of the operand. */
export function preferredLayout(x: LoweredValue): Layout {
  return x.has("row-major") || !x.has("channels-last") ? "row-major" : "channels-last";
}

/**
 * Channels last where an operand of the output's full shape only lies so, and all others either have as
 * many axes, or look the same in both layouts; row-major otherwise.
 */
function commonLayout(operands: readonly LoweredValue[], shape: readonly number[]): Layout {
  if (shape.length < 3 || layoutsCoincide(shape)) return "row-major";
  const fits = operands.every(
    (value) => value.shape.length === shape.length || isFree(value, shape.length),
  );
  const pulls = operands.some(
    (value) =>
      value.shape.length === shape.length &&
      !isFree(value, shape.length) &&
      value.constant === undefined &&
      !value.has("row-major"),
  );
  return fits && pulls ? "channels-last" : "row-major";
}

/** Whether an operand, filled up to `rank` axes, has the same bytes in both layouts. */
function isFree({ shape }: LoweredValue, rank: number): boolean {
  return layoutsCoincide(filled(shape, rank));
}

function anyLayout(value: LoweredValue): Layout {
  return value.has("row-major") ? "row-major" : "channels-last";
}

function filled(shape: readonly number[], rank: number): number[] {
  return [...new Array<number>(rank - shape.length).fill(1), ...shape];
}

function broadcastShape({ shape }: LoweredValue, rank: number, layout: Layout): number[] {
  return memoryShape(filled(shape, rank), layout);
}

/** `BatchNormalization` that no convolution took in: one factor and one shift per channel. */
export const lowerBatchNormalization: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const [x, gamma, beta, mean, variance] = inputs;
  if (!x || x.shape.length < 2 || outputs.length !== 1 || !allFloat32(inputs)) return null;
  if (intAttribute(node, "training_mode", 0) !== 0 || intAttribute(node, "spatial", 1) === 0) {
    return null;
  }
  const parameters = [gamma, beta, mean, variance].map((value) => value?.constant);
  if (parameters.some((value) => value === undefined)) return null;
  const [g, b, m, v] = parameters.map((value) => floatsOf(value!));
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  const scale = Float32Array.from(g!, (factor, c) => factor / Math.sqrt(v![c]! + epsilon));
  const shift = Float32Array.from(b!, (offset, c) => offset - m![c]! * scale[c]!);
  const key = `affine ${epsilon} of ${node.name}`;
  const scaleAt = request.keep(gamma!.constant!, `${key} scale`, () =>
    kernels.arena.upload(scale),
  ).ptr;
  const shiftAt = request.keep(gamma!.constant!, `${key} shift`, () =>
    kernels.arena.upload(shift),
  ).ptr;
  const c = x.shape[1]!;
  return {
    inputs: ["channels-last", null, null, null, null],
    outputs: ["channels-last"],
    inPlace: [0],
    plan: (at) =>
      planAffine(kernels, {
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        positions: sizeOf(x.shape) / c,
        c,
        scale: scaleAt,
        shift: shiftAt,
      }),
  };
};

/** `LayerNormalization` over the last axis, put together by optimisation. */
export const lowerLayerNormalization: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const [x, gamma, beta] = inputs;
  if (!x || !allFloat32([...inputs, ...outputs])) return null;
  const cols = x.shape.at(-1)!;
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  const gammaAt = gamma?.constant && request.upload(gamma.constant);
  const betaAt = beta?.constant && request.upload(beta.constant);
  return {
    inputs: ["row-major", null, null],
    outputs: ["row-major"],
    inPlace: [0],
    plan: (at) =>
      planNormalize(kernels, {
        kind: "layer",
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        rows: sizeOf(x.shape) / cols,
        cols,
        epsilon,
        ...(gammaAt === undefined ? {} : { gamma: gammaAt }),
        ...(betaAt === undefined ? {} : { beta: betaAt }),
      }),
  };
};

/** `Softmax` and `LogSoftmax` over an axis that lies innermost in memory. */
export const lowerSoftmax: LoweringRule = ({ node, opset, inputs, outputs, kernels }) => {
  const x = inputs[0];
  if (!x || !allFloat32([x, ...outputs]) || x.shape.length === 0) return null;
  const rank = x.shape.length;
  const given = intAttribute(node, "axis", opset < 13 ? 1 : -1);
  const axis = given < 0 ? given + rank : given;
  const layout = preferredLayout(x);
  let cols: number;
  if (opset < 13) {
    // Until opset 13 all axes from the given one on are one.
    if (layout !== "row-major") return null;
    cols = sizeOf(x.shape.slice(axis));
  } else {
    const behind = memoryShape(x.shape, layout).slice(memoryAxis(axis, rank, layout) + 1);
    if (sizeOf(behind) !== 1) return null;
    cols = x.shape[axis]!;
  }
  if (!(cols > 0)) return null;
  const log = node.opType === "LogSoftmax";
  return {
    inputs: [layout],
    outputs: [layout],
    inPlace: [0],
    plan: (at) =>
      planSoftmax(kernels, {
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        rows: sizeOf(x.shape) / cols,
        cols,
        log,
      }),
  };
};
