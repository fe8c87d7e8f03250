import { stridesOf, type Tensor } from "@edgewright/core";
import { castTensor } from "./casting.js";
import { asNumbers } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { floatAttribute, intsAttribute, stringAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, readIntegers, requireInput } from "./operator-inputs.js";
import { copyStrided } from "./strided-copy.js";

/** `Pad` in all its modes. */
export function paddingOperators(): OperatorEntry[] {
  return [{ opType: "Pad", since: 2, run: runPad }];
}

const runPad: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const rank = x.shape.length;
  const { before, after } = readPads(inputs, rank, context);
  const shape = x.shape.map((n, i) => n + before[i]! + after[i]!);
  if (shape.some((n) => n < 0)) {
    throw shapeError(context, `pads remove more than shape [${x.shape.join(", ")}] has`);
  }
  const mode = stringAttribute(context.node, "mode", "constant");
  const result = allocate(x.dtype, shape, context);
  if (mode === "constant") {
    fillWith(result, paddingValue(inputs, x, context));
    pasteInto(result, x, before);
    return [result];
  }
  if (mode !== "reflect" && mode !== "edge" && mode !== "wrap") {
    throw invalidNode(context, `mode is constant, reflect, edge or wrap, got "${mode}"`);
  }
  if (result.data.length > 0 && x.data.length === 0) {
    throw shapeError(context, `mode ${mode} has nothing to copy from [${x.shape.join(", ")}]`);
  }
  // Source position along each axis for every target position.
  const sources = shape.map((n, axis) =>
    Array.from({ length: n }, (_, i) => sourceIndex(i - before[axis]!, x.shape[axis]!, mode)),
  );
  gatherProduct(x, sources, result);
  return [result];
};

function readPads(
  inputs: readonly (Tensor | null)[],
  rank: number,
  context: OperatorContext,
): { before: number[]; after: number[] } {
  const pads =
    context.opset < 11
      ? intsAttribute(context.node, "pads")
      : readIntegers(requireInput(inputs, 1, context));
  const axes =
    context.opset >= 18 && inputs[3]
      ? readIntegers(inputs[3]).map((axis) => normalizeAxis(axis, rank, context))
      : Array.from({ length: rank }, (_, i) => i);
  if (pads === undefined || pads.length !== 2 * axes.length) {
    throw shapeError(context, `expected ${2 * axes.length} pads, got ${pads?.length ?? 0}`);
  }
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  for (const [i, axis] of axes.entries()) {
    before[axis] = pads[i]!;
    after[axis] = pads[axes.length + i]!;
  }
  return { before, after };
}

function paddingValue(
  inputs: readonly (Tensor | null)[],
  x: Tensor,
  context: OperatorContext,
): Tensor {
  const given = context.opset < 11 ? undefined : inputs[2];
  if (given) {
    if (given.data.length !== 1) throw shapeError(context, "the padding value must be one element");
    return castTensor(given, x.dtype, context);
  }
  const value = context.opset < 11 ? floatAttribute(context.node, "value", 0) : 0;
  return castTensor({ dtype: "f64", shape: [], data: Float64Array.of(value) }, x.dtype, context);
}

function fillWith(target: Tensor, value: Tensor): void {
  asNumbers(target.data).fill(asNumbers(value.data)[0]!);
}

// Negative pads crop: both the source and the target then begin later.
function pasteInto(target: Tensor, x: Tensor, before: readonly number[]): void {
  const strides = stridesOf(x.shape);
  const outStrides = stridesOf(target.shape);
  let from = 0;
  let to = 0;
  const shape = x.shape.map((n, axis) => {
    const skipped = Math.max(0, -before[axis]!);
    const moved = Math.max(0, before[axis]!);
    from += skipped * strides[axis]!;
    to += moved * outStrides[axis]!;
    return Math.max(0, Math.min(n - skipped, target.shape[axis]! - moved));
  });
  copyStrided(
    shape,
    { data: x.data, offset: from, strides },
    { data: target.data, offset: to, strides: outStrides },
  );
}

function sourceIndex(position: number, size: number, mode: "reflect" | "edge" | "wrap"): number {
  if (mode === "edge") return Math.max(0, Math.min(size - 1, position));
  if (mode === "wrap") return ((position % size) + size) % size;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const folded = ((position % period) + period) % period;
  return folded < size ? folded : period - folded;
}

function gatherProduct(x: Tensor, sources: readonly number[][], result: Tensor): void {
  const strides = stridesOf(x.shape);
  const source = asNumbers(x.data);
  const out = asNumbers(result.data);
  const last = sources.length - 1;
  if (last < 0) {
    out[0] = source[0]!;
    return;
  }
  let next = 0;
  const walk = (axis: number, offset: number): void => {
    const step = strides[axis]!;
    for (const i of sources[axis]!) {
      if (axis === last) out[next++] = source[offset + i * step]!;
      else walk(axis + 1, offset + i * step);
    }
  };
  walk(0, 0);
}
