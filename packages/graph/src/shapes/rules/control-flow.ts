import { EdgewrightError } from "@edgewright/core";
import type { Dim, Graph } from "../../model/model.js";
import { graphAttribute, intAttribute, intsAttribute } from "../../operators/node-attributes.js";
import { elementsOf, type InferredValue, inferredValue, unknownValue } from "../inferred-value.js";
import {
  invalidNode,
  normalizeAxis,
  type RuleContext,
  requiredInput,
  type ShapeRule,
} from "../shape-rule.js";

/** `If`: the branch taken when the condition is known, else what both branches agree on. */
export const conditional: ShapeRule = (inputs, context) => {
  const condition = elementsOf(requiredInput(inputs, 0, context))?.[0];
  const thenGraph = graphAttribute(context.node, "then_branch");
  const elseGraph = graphAttribute(context.node, "else_branch");
  if (typeof condition === "number") {
    return context.inferGraph(condition !== 0 ? thenGraph : elseGraph, []);
  }
  const whenTrue = tryBranch(thenGraph, context);
  const whenFalse = tryBranch(elseGraph, context);
  if (EdgewrightError.isInstance(whenTrue)) {
    if (EdgewrightError.isInstance(whenFalse)) throw whenTrue;
    return whenFalse;
  }
  if (EdgewrightError.isInstance(whenFalse)) return whenTrue;
  if (whenTrue.length !== whenFalse.length) {
    throw invalidNode(
      context,
      `its branches have ${whenTrue.length} and ${whenFalse.length} outputs`,
    );
  }
  return whenTrue.map((value, i) => commonKnowledge(value, whenFalse[i]!));
};

// A branch that cannot work with these shapes is not the one taken: Silero VAD has a branch for
// each sampling rate, and 512 samples fit only one of them.
function tryBranch(graph: Graph, context: RuleContext): readonly InferredValue[] | EdgewrightError {
  try {
    return context.inferGraph(graph, []);
  } catch (error) {
    if (EdgewrightError.isInstance(error) && error.code === "shape-mismatch") return error;
    throw error;
  }
}

/** What holds of a value that may be either. */
function commonKnowledge(a: InferredValue, b: InferredValue): InferredValue {
  const dtype = a.dtype === b.dtype ? a.dtype : null;
  const sameRank = a.shape !== null && b.shape !== null && a.shape.length === b.shape.length;
  if (!sameRank) return inferredValue(dtype, null);
  const shape = a.shape!.map((dim, axis): Dim => (dim === b.shape![axis] ? dim : null));
  const [x, y] = [elementsOf(a), elementsOf(b)];
  const isSame = x !== undefined && y?.length === x.length && x.every((dim, i) => dim === y[i]);
  return inferredValue(dtype, shape, isSame ? x : undefined);
}

/** `Loop`: state keeps what stays true from one iteration to the next; scans gain an axis. */
export const loop: ShapeRule = (inputs, context) => {
  const body = graphAttribute(context.node, "body");
  const initial = inputs.slice(2).map((value) => value ?? unknownValue());
  const trips = elementsOf(inputs[0])?.[0] ?? null;
  const stopsEarly = elementsOf(inputs[1])?.[0] !== 1 && inputs[1] !== undefined;
  const run = (state: readonly InferredValue[]): readonly InferredValue[] =>
    context.inferGraph(body, [inferredValue("i64", []), inferredValue("bool", []), ...state]);
  const results = settle(initial, run, 1, context);
  // The condition may end the loop before the trip count does, wherever the body can change it.
  const count = stopsEarly || inputs[1] !== undefined ? null : trips;
  const scans = results
    .slice(1 + initial.length)
    .map((value) => inferredValue(value.dtype, value.shape && [count, ...value.shape]));
  return [...results.slice(1, 1 + initial.length).map(withoutElements), ...scans];
};

/** `Scan`: state as in a loop; scanned inputs lose their axis, scanned outputs gain it. */
export const scan: ShapeRule = (inputs, context) => {
  const { node } = context;
  const body = graphAttribute(node, "body");
  if (context.opset < 9) return node.outputs.map(unknownValue);
  const scanned = intAttribute(node, "num_scan_inputs", 0);
  if (!(scanned >= 1 && scanned <= inputs.length)) {
    throw invalidNode(context, `num_scan_inputs ${scanned} does not fit ${inputs.length} inputs`);
  }
  const stateCount = inputs.length - scanned;
  const initial = inputs.slice(0, stateCount).map((value) => value ?? unknownValue());
  const inputAxes = intsAttribute(node, "scan_input_axes");
  const outputAxes = intsAttribute(node, "scan_output_axes");
  let length: Dim = null;
  const slices = inputs.slice(stateCount).map((value, i) => {
    const { dtype, shape } = value ?? unknownValue();
    if (shape === null) return inferredValue(dtype, null);
    const axis = normalizeAxis(inputAxes?.[i] ?? 0, shape.length, context);
    length ??= shape[axis]!;
    return inferredValue(
      dtype,
      shape.filter((_, index) => index !== axis),
    );
  });
  const run = (state: readonly InferredValue[]): readonly InferredValue[] =>
    context.inferGraph(body, [...state, ...slices]);
  const results = settle(initial, run, 0, context);
  const outputs = results.slice(stateCount).map(({ dtype, shape }, i) => {
    if (shape === null) return inferredValue(dtype, null);
    const axis = normalizeAxis(outputAxes?.[i] ?? 0, shape.length + 1, context);
    return inferredValue(dtype, [...shape.slice(0, axis), length, ...shape.slice(axis)]);
  });
  return [...results.slice(0, stateCount).map(withoutElements), ...outputs];
};

// Twice at most: sizes that change from one iteration to the next become unknown, and then stay so.
function settle(
  initial: readonly InferredValue[],
  run: (state: readonly InferredValue[]) => readonly InferredValue[],
  skip: number,
  context: RuleContext,
): readonly InferredValue[] {
  const start = initial.map(withoutElements);
  const first = run(start);
  if (first.length < skip + initial.length) {
    throw invalidNode(context, `its body has ${first.length} outputs, too few for its state`);
  }
  const common = start.map((value, i) => withoutElements(commonKnowledge(value, first[skip + i]!)));
  if (common.every((value, i) => isSameKnowledge(value, start[i]!))) return first;
  const second = run(common);
  const settled = common.every((value, i) =>
    isSameKnowledge(value, commonKnowledge(value, second[skip + i]!)),
  );
  return settled ? second : run(start.map(({ dtype }) => inferredValue(dtype, null)));
}

function isSameKnowledge(a: InferredValue, b: InferredValue): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape?.length === b.shape?.length &&
    (a.shape ?? []).every((dim, axis) => dim === b.shape![axis])
  );
}

// What an iteration computes is not what the next one sees.
function withoutElements({ dtype, shape }: InferredValue): InferredValue {
  return inferredValue(dtype, shape);
}
