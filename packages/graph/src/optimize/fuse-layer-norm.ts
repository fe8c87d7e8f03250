import type { Node } from "../model/model.js";
import { intAttribute, intsAttribute } from "../operators/node-attributes.js";
import { INTERNAL_DOMAIN, isStandard } from "./internal-nodes.js";
import { scalarOperand } from "./recognize-activations.js";
import type { Rewrite, RewriteContext } from "./rewrite.js";

/**
 * Recognises layer normalisation over the last axis where an exporter took it apart:
 * `d / sqrt(mean(d^2) + epsilon) * gamma + beta` with `d = x - mean(x)`.
 */
export const fuseLayerNorm: Rewrite = (context) => {
  const { editor } = context;
  for (const div of editor.nodes()) {
    if (!isStandard(div, "Div") || !editor.has(div)) continue;
    const found = matchNormalization(context, div);
    if (found === undefined) continue;
    let last: Node = div;
    const inputs = [found.x, "", ""];
    const scaled = constantVectorOperand(context, div, "Mul");
    if (scaled !== undefined) {
      last = scaled.node;
      inputs[1] = scaled.vector;
      const shifted = constantVectorOperand(context, last, "Add");
      if (shifted !== undefined && shifted.length === scaled.length) {
        last = shifted.node;
        inputs[2] = shifted.vector;
      }
    }
    const removed = [...found.inner, div, ...(last === div ? [] : [scaled!.node])];
    for (const node of removed) if (node !== last) editor.remove(node);
    editor.replace(last, {
      name: div.name,
      opType: "LayerNormalization",
      domain: INTERNAL_DOMAIN,
      inputs: inputs[2] !== "" ? inputs : inputs[1] !== "" ? inputs.slice(0, 2) : [found.x],
      outputs: last.outputs,
      attributes: new Map([["epsilon", { type: "float", value: found.epsilon }]]),
    });
  }
};

function matchNormalization(
  context: RewriteContext,
  div: Node,
): { x: string; epsilon: number; inner: Node[] } | undefined {
  const { editor } = context;
  const centered = div.inputs[0]!;
  const sub = editor.producer(centered);
  const root = editor.producer(div.inputs[1]);
  if (!isStandard(sub, "Sub") || !isStandard(root, "Sqrt")) return undefined;
  const x = sub.inputs[0]!;
  const mean = editor.producer(sub.inputs[1]);
  const sum = editor.producer(root.inputs[0]);
  if (!isStandard(mean, "ReduceMean") || mean.inputs[0] !== x || !overLastAxis(context, mean)) {
    return undefined;
  }
  if (!isStandard(sum, "Add") || !context.isFloat32(x)) return undefined;
  const epsilon = scalarOperand(context, sum) ?? rankFreeScalar(context, sum);
  const variance = editor.producer(epsilon?.x);
  if (epsilon === undefined || !isStandard(variance, "ReduceMean")) return undefined;
  if (!overLastAxis(context, variance)) return undefined;
  const square = editor.producer(variance.inputs[0]);
  if (!isStandard(square, "Pow", "Mul") || square.inputs[0] !== centered) return undefined;
  const isSquare =
    square.opType === "Mul"
      ? square.inputs[1] === centered
      : editor.constant(square.inputs[1])?.data.length === 1 &&
        Number(editor.constant(square.inputs[1])!.data[0]) === 2;
  if (!isSquare) return undefined;
  const inner = [sub, mean, root, sum, variance, square];
  const readers = new Set<Node>([...inner, div]);
  for (const node of inner) {
    const [output] = node.outputs as [string];
    if (editor.isPinned(output)) return undefined;
    if (editor.consumers(output).some((reader) => !readers.has(reader))) return undefined;
  }
  return { x, epsilon: epsilon.value, inner };
}

// The rank of the variance is often unknown, but a constant of no axes adds none to anything.
function rankFreeScalar(context: RewriteContext, sum: Node) {
  for (const [x, constant] of [
    [sum.inputs[0]!, sum.inputs[1]!],
    [sum.inputs[1]!, sum.inputs[0]!],
  ] as const) {
    const tensor = context.editor.constant(constant);
    if (tensor?.dtype === "f32" && tensor.data.length === 1 && tensor.shape.length <= 1) {
      return { x, value: tensor.data[0] as number };
    }
  }
  return undefined;
}

function overLastAxis({ editor, rank }: RewriteContext, reduce: Node): boolean {
  if (intAttribute(reduce, "keepdims", 1) !== 1) return false;
  const given = editor.constant(reduce.inputs[1]);
  const axes = given
    ? Array.from(given.data as ArrayLike<number>, Number)
    : intsAttribute(reduce, "axes");
  if (axes?.length !== 1) return false;
  const known = rank(reduce.inputs[0]!);
  return axes[0] === -1 || (known !== undefined && axes[0] === known - 1);
}

function constantVectorOperand(
  { editor }: RewriteContext,
  node: Node,
  opType: string,
): { node: Node; vector: string; length: number } | undefined {
  const output = node.outputs[0]!;
  const next = editor.onlyConsumer(output);
  if (!isStandard(next, opType)) return undefined;
  const vector = next.inputs[1 - next.inputs.indexOf(output)]!;
  const tensor = editor.constant(vector);
  if (tensor?.dtype !== "f32" || tensor.shape.length !== 1 || tensor.data.length < 2) {
    return undefined;
  }
  return { node: next, vector, length: tensor.data.length };
}
