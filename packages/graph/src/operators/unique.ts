import { sizeOf, type Tensor } from "@edgewright/core";
import { asNumbers } from "./element-values.js";
import type { HostOperator, OperatorContext, OperatorEntry } from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, requireInput } from "./operator-inputs.js";
import { comparableValues } from "./selection.js";

/** `Unique`: distinct elements or slices, with where they are and how often. */
export function uniqueOperators(): OperatorEntry[] {
  return [{ opType: "Unique", since: 11, run: runUnique }];
}

const runUnique: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const flat = !context.node.attributes.has("axis");
  const shape = flat ? [x.data.length] : x.shape;
  const axis = flat
    ? 0
    : normalizeAxis(intAttribute(context.node, "axis", 0), x.shape.length, context);
  const count = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const values = comparableValues(x);
  const compare = (a: number, b: number): number => {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const u = values[(o * count + a) * inner + i]!;
        const v = values[(o * count + b) * inner + i]!;
        if (u !== v) return u < v ? -1 : 1;
      }
    }
    return 0;
  };
  // Stable, so the first of equal slices leads its group.
  const order = Array.from({ length: count }, (_, i) => i).sort(compare);
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    if (last !== undefined && compare(last[0]!, i) === 0) last.push(i);
    else groups.push([i]);
  }
  if (intAttribute(context.node, "sorted", 1) === 0) groups.sort((a, b) => a[0]! - b[0]!);
  const inverse = new BigInt64Array(count);
  for (const [g, group] of groups.entries()) for (const i of group) inverse[i] = BigInt(g);
  return [
    takeSlices(x, shape, axis, groups, context),
    vector(groups.map((group) => group[0]!)),
    { dtype: "i64", shape: [count], data: inverse },
    vector(groups.map((group) => group.length)),
  ];
};

function takeSlices(
  x: Tensor,
  shape: readonly number[],
  axis: number,
  groups: readonly number[][],
  context: OperatorContext,
): Tensor {
  const count = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const result = allocate(
    x.dtype,
    shape.map((n, i) => (i === axis ? groups.length : n)),
    context,
  );
  const out = asNumbers(result.data);
  const source = asNumbers(x.data);
  for (let o = 0; o < outer; o++) {
    for (const [g, group] of groups.entries()) {
      const from = (o * count + group[0]!) * inner;
      out.set(source.subarray(from, from + inner), (o * groups.length + g) * inner);
    }
  }
  return result;
}

function vector(values: readonly number[]): Tensor {
  return { dtype: "i64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}
