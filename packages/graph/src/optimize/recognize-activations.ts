import type { Activation, ActivationKind } from "@edgewright/kernels";
import type { Node } from "../model/model.js";
import { floatAttribute, stringAttribute } from "../operators/node-attributes.js";
import { activationOf, INTERNAL_DOMAIN, isStandard, withActivation } from "./internal-nodes.js";
import type { Rewrite, RewriteContext } from "./rewrite.js";

/**
 * Turns activation functions of 32-bit floats, whole or taken apart, into `Activation` nodes
 * y = scale * f(x) + shift:
 *
 * - `Clip(x + 3, 0, 6)` is a hard sigmoid, `x * hardSigmoid(x)` with slope 1/6 a hard swish,
 *   `x * sigmoid(x)` SiLU, `x * tanh(softplus(x))` Mish, `x * (1 + erf(x / sqrt 2))` twice GELU;
 * - `Max(leakyRelu(x), c)` is a leaky ReLU with a floor; `Max` and `Min` with constants clip;
 * - products and sums with scalars behind an activation become its scale and shift.
 */
export const recognizeActivations: Rewrite = (context) => {
  const { editor } = context;
  for (const node of editor.nodes()) {
    if (!editor.has(node)) continue;
    recognizeNode(context, node);
  }
};

function recognizeNode(context: RewriteContext, node: Node): void {
  const { editor } = context;
  const input = node.inputs[0];
  if (input === undefined || node.outputs.length !== 1) return;
  const found =
    recognizePlain(context, node) ??
    recognizeClip(context, node) ??
    recognizeSelfProduct(context, node) ??
    recognizeScalarTail(context, node);
  if (found === undefined) return;
  // Inner nodes whose values nothing else reads go away with the outer one.
  editor.replace(node, {
    name: node.name,
    opType: "Activation",
    domain: INTERNAL_DOMAIN,
    inputs: [found.x],
    outputs: node.outputs,
    attributes: withActivation(new Map(), found.activation),
  });
  for (const inner of found.inner) {
    if (
      inner.outputs.every((name) => !editor.isPinned(name) && editor.consumers(name).length === 0)
    )
      editor.remove(inner);
  }
}

interface Found {
  readonly x: string;
  readonly activation: Activation;
  /** Nodes that the new one stands for, from the last to the first. */
  readonly inner: readonly Node[];
}

function recognizePlain(context: RewriteContext, node: Node): Found | undefined {
  const x = node.inputs[0]!;
  const activation = plainActivation(node);
  if (activation === undefined || !context.isFloat32(x)) return undefined;
  return { x, activation, inner: [] };
}

function plainActivation(node: Node): Activation | undefined {
  if (!isStandard(node, node.opType)) return undefined;
  switch (node.opType) {
    case "Relu":
      return { kind: "relu" };
    case "LeakyRelu":
      return { kind: "leaky-relu", alpha: floatAttribute(node, "alpha", 0.01) };
    case "Sigmoid":
      return { kind: "sigmoid" };
    case "Tanh":
      return { kind: "tanh" };
    case "Elu":
      return { kind: "elu", alpha: floatAttribute(node, "alpha", 1) };
    case "Softplus":
      return { kind: "softplus" };
    case "Mish":
      return { kind: "mish" };
    case "HardSwish":
      return { kind: "hard-swish" };
    case "HardSigmoid": {
      const [alpha, beta] = [floatAttribute(node, "alpha", 0.2), floatAttribute(node, "beta", 0.5)];
      return { kind: "hard-sigmoid", alpha, beta };
    }
    case "Gelu":
      return {
        kind: stringAttribute(node, "approximate", "none") === "tanh" ? "gelu-tanh" : "gelu",
      };
    // `Erf` and `Sqrt` stay: GELU and layer normalisation are recognised by them.
    case "Exp":
    case "Log":
    case "Reciprocal":
    case "Neg":
    case "Abs":
    case "Floor":
    case "Ceil":
    case "Round":
    case "Sign":
    case "Softsign":
      return { kind: node.opType.toLowerCase() as ActivationKind };
    default:
      return undefined;
  }
}

/** Bounds of a `Clip`, or of a `Max` or `Min` with a constant. */
function clipBounds(
  context: RewriteContext,
  node: Node,
): { x: string; low: number; high: number } | undefined {
  const x = node.inputs[0]!;
  if (isStandard(node, "Clip")) {
    let low = floatAttribute(node, "min", Number.NEGATIVE_INFINITY);
    let high = floatAttribute(node, "max", Number.POSITIVE_INFINITY);
    for (const [position, name] of node.inputs.entries()) {
      if (position === 0 || name === "") continue;
      const bound = context.editor.constant(name);
      if (bound?.dtype !== "f32" || bound.data.length !== 1) return undefined;
      if (position === 1) low = bound.data[0] as number;
      else high = bound.data[0] as number;
    }
    return low <= high ? { x, low, high } : undefined;
  }
  if (!isStandard(node, "Max", "Min") || node.inputs.length !== 2) return undefined;
  for (const [x, other] of [
    [node.inputs[0]!, node.inputs[1]!],
    [node.inputs[1]!, node.inputs[0]!],
  ] as const) {
    const bound = context.scalar(other, x);
    if (bound === undefined || context.editor.constant(x) !== undefined) continue;
    return node.opType === "Max"
      ? { x, low: bound, high: Number.POSITIVE_INFINITY }
      : { x, low: Number.NEGATIVE_INFINITY, high: bound };
  }
  return undefined;
}

function recognizeClip(context: RewriteContext, node: Node): Found | undefined {
  const { editor } = context;
  const bounds = clipBounds(context, node);
  if (bounds === undefined || !context.isFloat32(bounds.x)) return undefined;
  const { x, low, high } = bounds;
  const before = editor.producer(x);
  if (before !== undefined && editor.onlyConsumer(x) === node) {
    // clip(x + c, 0, high) = high * clip(x / high + c / high, 0, 1)
    if (isStandard(before, "Add") && low === 0 && high > 0 && Number.isFinite(high)) {
      const sum = scalarOperand(context, before);
      if (sum !== undefined) {
        const activation: Activation = {
          kind: "hard-sigmoid",
          alpha: 1 / high,
          beta: sum.value / high,
          scale: high,
        };
        return { x: sum.x, activation, inner: [before] };
      }
    }
    const inner = activationOf(before);
    if (inner !== undefined && before.opType === "Activation" && isUnscaled(inner)) {
      const merged = clipActivation(inner, low, high);
      if (merged !== undefined) {
        return { x: before.inputs[0]!, activation: merged, inner: [before] };
      }
    }
  }
  return { x, activation: { kind: "clip", alpha: low, beta: high }, inner: [] };
}

function clipActivation(inner: Activation, low: number, high: number): Activation | undefined {
  switch (inner.kind) {
    case "relu":
      return clipOf(0, Number.POSITIVE_INFINITY, low, high);
    case "clip":
      return clipOf(
        inner.alpha ?? Number.NEGATIVE_INFINITY,
        inner.beta ?? Number.POSITIVE_INFINITY,
        low,
        high,
      );
    case "leaky-relu": {
      if (high !== Number.POSITIVE_INFINITY) return undefined;
      const floor = Math.max(inner.beta ?? Number.NEGATIVE_INFINITY, low);
      return { kind: "leaky-relu", alpha: inner.alpha ?? 0.01, beta: floor };
    }
    default:
      return undefined;
  }
}

// clip(clip(x, a, b), c, d) clips to both ranges where they meet.
function clipOf(a: number, b: number, c: number, d: number): Activation | undefined {
  const [alpha, beta] = [Math.max(a, c), Math.min(b, d)];
  return alpha <= beta ? { kind: "clip", alpha, beta } : undefined;
}

/** `x * f(x)`. */
function recognizeSelfProduct(context: RewriteContext, node: Node): Found | undefined {
  if (!isStandard(node, "Mul") || node.inputs.length !== 2) return undefined;
  const { editor } = context;
  for (const [x, gateName] of [
    [node.inputs[0]!, node.inputs[1]!],
    [node.inputs[1]!, node.inputs[0]!],
  ] as const) {
    const gate = editor.producer(gateName);
    if (gate === undefined || editor.onlyConsumer(gateName) !== node) continue;
    const gelu = recognizeGelu(context, x, gate);
    if (gelu !== undefined) return gelu;
    const f = activationOf(gate);
    if (f === undefined || gate.opType !== "Activation" || (f.shift ?? 0) !== 0) continue;
    const scale = f.scale ?? 1;
    const y = gate.inputs[0]!;
    if (y === x && f.kind === "sigmoid") {
      return { x, activation: { kind: "silu", scale }, inner: [gate] };
    }
    if (y === x && f.kind === "hard-sigmoid" && isHardSwishGate(f)) {
      return { x, activation: { kind: "hard-swish", scale }, inner: [gate] };
    }
    const soft = editor.producer(y);
    if (f.kind === "tanh" && soft?.opType === "Activation" && soft.inputs[0] === x) {
      const g = activationOf(soft);
      if (g?.kind === "softplus" && isUnscaled(g)) {
        return { x, activation: { kind: "mish", scale }, inner: [gate, soft] };
      }
    }
  }
  return undefined;
}

// Exporters round 1/6, so compare as floats do.
function isHardSwishGate(f: Activation): boolean {
  return near(f.alpha ?? 0.2, 1 / 6) && near(f.beta ?? 0.5, 0.5);
}

/** `(c x) * (1 + erf(x / sqrt 2))` is 2 c gelu(x). */
function recognizeGelu(context: RewriteContext, left: string, gate: Node): Found | undefined {
  if (!isStandard(gate, "Add")) return undefined;
  const { editor } = context;
  const sum = scalarOperand(context, gate);
  const erf = editor.producer(sum?.x);
  if (sum?.value !== 1 || !isStandard(erf, "Erf")) return undefined;
  const inner = editor.producer(erf.inputs[0]);
  if (!isStandard(inner, "Div", "Mul")) return undefined;
  const argument = scalarOperand(context, inner);
  const factor = inner.opType === "Div" ? 1 / (argument?.value ?? 0) : argument?.value;
  if (argument === undefined || factor === undefined || !near(factor, Math.SQRT1_2)) {
    return undefined;
  }
  const x = argument.x;
  if (left === x) return { x, activation: { kind: "gelu", scale: 2 }, inner: [gate, erf, inner] };
  const half = editor.producer(left);
  if (!isStandard(half, "Mul")) return undefined;
  const scaled = scalarOperand(context, half);
  if (scaled?.x !== x) return undefined;
  return {
    x,
    activation: { kind: "gelu", scale: 2 * scaled.value },
    inner: [gate, erf, inner, half],
  };
}

/** A product or a sum of an activation with a scalar. */
function recognizeScalarTail(context: RewriteContext, node: Node): Found | undefined {
  if (!isStandard(node, "Mul", "Div", "Add", "Sub")) return undefined;
  const operand = scalarOperand(context, node);
  if (operand === undefined) return undefined;
  const before = context.editor.producer(operand.x);
  if (before?.opType !== "Activation" || context.editor.onlyConsumer(operand.x) !== node) {
    return undefined;
  }
  const f = activationOf(before);
  if (f === undefined) return undefined;
  const { scale = 1, shift = 0 } = f;
  const { value } = operand;
  const x = before.inputs[0]!;
  const inner = [before];
  switch (node.opType) {
    case "Mul":
      return { x, activation: { ...f, scale: scale * value, shift: shift * value }, inner };
    case "Div":
      return { x, activation: { ...f, scale: scale / value, shift: shift / value }, inner };
    case "Add":
      return { x, activation: { ...f, scale, shift: shift + value }, inner };
    default:
      return { x, activation: { ...f, scale, shift: shift - value }, inner };
  }
}

/** A node's other operand and its scalar constant; for `Sub` and `Div` the constant is the second. */
export function scalarOperand(
  context: RewriteContext,
  node: Node,
): { x: string; value: number } | undefined {
  const [left, right] = [node.inputs[0]!, node.inputs[1]!];
  const value = context.scalar(right, left);
  if (value !== undefined) return { x: left, value };
  if (!isStandard(node, "Mul", "Add")) return undefined;
  const swapped = context.scalar(left, right);
  return swapped === undefined ? undefined : { x: right, value: swapped };
}

function isUnscaled(activation: Activation): boolean {
  return (activation.scale ?? 1) === 1 && (activation.shift ?? 0) === 0;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.abs(b);
}
