import type { Tensor } from "@edgewright/core";
import type { Node } from "../model/model.js";
import { floatAttribute, intAttribute } from "../operators/node-attributes.js";
import { isStandard } from "./internal-nodes.js";
import type { Rewrite, RewriteContext } from "./rewrite.js";

/** y = scale * x + shift, of one value per channel or of one for all. */
interface Affine {
  readonly input: string;
  readonly scale: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
}

/**
 * Folds batch normalisation and products and sums with constants, one per channel or one for all,
 * into the weights and the bias of the convolution in front of them.
 *
 * This also takes the learnable affine layers of PaddleOCR's backbones, a scalar `Mul` and `Add`
 * behind every convolution.
 */
export const foldAffine: Rewrite = (context) => {
  const { editor } = context;
  for (const conv of editor.nodes()) {
    if (!editor.has(conv) || !isStandard(conv, "Conv", "ConvTranspose")) continue;
    const weights = editor.constant(conv.inputs[1]);
    const biasName = conv.inputs[2] ?? "";
    const bias = editor.constant(biasName);
    if (weights?.dtype !== "f32" || (biasName !== "" && bias?.dtype !== "f32")) continue;
    const groups = intAttribute(conv, "group", 1);
    const transposed = conv.opType === "ConvTranspose";
    const channels = transposed ? weights.shape[1]! * groups : weights.shape[0]!;
    if (bias !== undefined && bias.data.length !== channels) continue;

    const scale = new Float64Array(channels).fill(1);
    const shift = Float64Array.from(
      (bias?.data as Float32Array | undefined) ?? new Float32Array(channels),
    );
    const folded: Node[] = [];
    let last: Node = conv;
    for (;;) {
      const output = last.outputs[0]!;
      const next = editor.onlyConsumer(output);
      if (next === undefined) break;
      const affine = readAffine(context, next, output, channels, weights.shape.length);
      if (affine === undefined) break;
      for (let c = 0; c < channels; c++) {
        const [a, b] = [at(affine.scale, c), at(affine.shift, c)];
        scale[c] = scale[c]! * a;
        shift[c] = shift[c]! * a + b;
      }
      folded.push(next);
      last = next;
    }
    if (folded.length === 0) continue;
    const scaled = transposed
      ? scaleTransposed(weights, scale, groups)
      : scaleLeading(weights, scale);
    const w = editor.addConstant(`${conv.name}/weights`, scaled);
    const b = editor.addConstant(`${conv.name}/bias`, {
      dtype: "f32",
      shape: [channels],
      data: Float32Array.from(shift),
    });
    for (const node of folded.slice(0, -1)) editor.remove(node);
    editor.remove(conv);
    editor.replace(last, { ...conv, inputs: [conv.inputs[0]!, w, b], outputs: [last.outputs[0]!] });
  }
};

/** Reads a node as a product and a sum per channel of `input`. */
function readAffine(
  context: RewriteContext,
  node: Node,
  input: string,
  channels: number,
  rank: number,
): Affine | undefined {
  const { editor } = context;
  if (isStandard(node, "BatchNormalization")) {
    const training = intAttribute(node, "training_mode", 0) !== 0;
    const extra = node.outputs.slice(1).some((name) => name !== "");
    const spatial = intAttribute(node, "spatial", 1) !== 0;
    if (training || extra || !spatial || node.inputs[0] !== input) return undefined;
    const params = node.inputs.slice(1, 5).map((name) => editor.constant(name));
    if (params.length < 4) return undefined;
    if (params.some((p) => p?.dtype !== "f32" || p.data.length !== channels)) return undefined;
    const [gamma, beta, mean, variance] = params.map((p) => p!.data as Float32Array);
    const epsilon = floatAttribute(node, "epsilon", 1e-5);
    const scale = Float64Array.from(gamma!, (g, c) => g / Math.sqrt(variance![c]! + epsilon));
    return { input, scale, shift: scale.map((s, c) => beta![c]! - mean![c]! * s) };
  }
  if (!isStandard(node, "Mul", "Div", "Add", "Sub")) return undefined;
  const position = node.inputs.indexOf(input);
  const other = node.inputs[1 - position]!;
  const commutes = node.opType === "Mul" || node.opType === "Add";
  if (other === input || (position !== 0 && !commutes)) return undefined;
  const tensor = editor.constant(other);
  const values = tensor && perChannel(tensor, channels, rank);
  if (values === undefined) return undefined;
  switch (node.opType) {
    case "Mul":
      return { input, scale: values, shift: [0] };
    case "Div":
      return { input, scale: Float64Array.from(values, (v) => 1 / v), shift: [0] };
    case "Add":
      return { input, scale: [1], shift: values };
    default:
      return { input, scale: [1], shift: Float64Array.from(values, (v) => -v) };
  }
}

/** Values of a constant that broadcasts along axis 1 of `rank` axes, or everywhere. */
function perChannel(tensor: Tensor, channels: number, rank: number): Float32Array | undefined {
  const { dtype, shape, data } = tensor;
  if (dtype !== "f32" || shape.length > rank) return undefined;
  if (data.length === 1) return data as Float32Array;
  const axis = shape.length - (rank - 1);
  const fits = axis >= 0 && shape.every((dim, i) => dim === (i === axis ? channels : 1));
  return fits ? (data as Float32Array) : undefined;
}

function at(values: ArrayLike<number>, index: number): number {
  return values.length === 1 ? values[0]! : values[index]!;
}

function scaleLeading(weights: Tensor, scale: Float64Array): Tensor {
  const source = weights.data as Float32Array;
  const data = new Float32Array(source.length);
  const inner = source.length / scale.length;
  for (let c = 0, i = 0; c < scale.length; c++) {
    const factor = scale[c]!;
    for (const end = i + inner; i < end; i++) data[i] = source[i]! * factor;
  }
  return { dtype: "f32", shape: weights.shape, data };
}

// [c, oc / groups, ...]: input channel i belongs to group i / (c / groups).
function scaleTransposed(weights: Tensor, scale: Float64Array, groups: number): Tensor {
  const source = weights.data as Float32Array;
  const data = new Float32Array(source.length);
  const [inputs, outputs] = [weights.shape[0]!, weights.shape[1]!];
  const taps = source.length / (inputs * outputs);
  const perGroup = inputs / groups;
  for (let i = 0, at = 0; i < inputs; i++) {
    const first = Math.floor(i / perGroup) * outputs;
    for (let o = 0; o < outputs; o++) {
      const factor = scale[first + o]!;
      for (const end = at + taps; at < end; at++) data[at] = source[at]! * factor;
    }
  }
  return { dtype: "f32", shape: weights.shape, data };
}
