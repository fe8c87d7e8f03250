import { stridesOf, type Tensor } from "@edgewright/core";
import { forEachRow } from "./broadcasting.js";
import { packNumbers, readNumbers } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { stringAttribute } from "./node-attributes.js";
import { allocate, requireInput } from "./operator-inputs.js";

/** `Einsum`: products summed over the indices that the result does not name. */
export function einsumOperators(): OperatorEntry[] {
  return [{ opType: "Einsum", since: 12, run: runEinsum }];
}

const runEinsum: HostOperator = (inputs, context) => {
  const operands = inputs.map((_, i) => requireInput(inputs, i, context));
  const equation = stringAttribute(context.node, "equation", "").replaceAll(" ", "");
  const { terms, result } = parseEquation(equation, operands, context);
  const sizes = new Map<string, number>();
  for (const [i, labels] of terms.entries()) {
    for (const [axis, label] of labels.entries()) {
      const size = operands[i]!.shape[axis]!;
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size) {
        throw shapeError(context, `index ${label} of "${equation}" has sizes ${known} and ${size}`);
      }
      sizes.set(label, Math.max(known === 1 ? size : known, size === 0 ? 0 : 1));
    }
  }
  const summed = [...sizes.keys()].filter((label) => !result.includes(label));
  const all = [...result, ...summed];
  const shape = result.map((label) => sizes.get(label)!);
  const totals = allocate("f64", shape, context).data;
  const values = operands.map(readNumbers);
  const strides = operands.map((operand, i) => labelStrides(operand, terms[i]!, all));
  const target = all.map((_, axis) => (axis < result.length ? stridesOf(shape)[axis]! : 0));
  forEachRow(
    all.map((label) => sizes.get(label)!),
    [target, ...strides],
    (offsets, steps, length) => {
      for (let k = 0; k < length; k++) {
        let product = 1;
        for (let i = 0; i < values.length; i++) {
          product *= values[i]![offsets[i + 1]! + k * steps[i + 1]!]!;
        }
        totals[offsets[0]! + k * steps[0]!]! += product;
      }
    },
  );
  return [packNumbers(operands[0]!.dtype, shape, totals, context)];
};

// A label that occurs twice in a term walks the diagonal: its strides add up.
function labelStrides(
  operand: Tensor,
  labels: readonly string[],
  all: readonly string[],
): number[] {
  const strides = stridesOf(operand.shape);
  return all.map((label) => {
    let step = 0;
    for (const [axis, name] of labels.entries()) {
      if (name === label && operand.shape[axis] !== 1) step += strides[axis]!;
    }
    return step;
  });
}

interface Equation {
  terms: string[][];
  result: string[];
}

function parseEquation(
  equation: string,
  operands: readonly Tensor[],
  context: OperatorContext,
): Equation {
  const [left, right] = equation.split("->") as [string, string | undefined];
  const parts = left.split(",");
  if (parts.length !== operands.length || !/^([A-Za-z]|\.\.\.|,|->)*$/.test(equation)) {
    throw invalidNode(context, `equation "${equation}" does not fit ${operands.length} inputs`);
  }
  // Axes of an ellipsis are numbered from the right, as they broadcast.
  const widest = Math.max(
    0,
    ...parts.map((part, i) => operands[i]!.shape.length - part.replace("...", "").length),
  );
  const expand = (part: string, width: number): string[] => {
    const [before, after] = part.split("...") as [string, string | undefined];
    if (after === undefined) return [...before];
    const middle = Array.from({ length: width }, (_, k) => `.${width - k}`);
    return [...before, ...middle, ...after];
  };
  const terms = parts.map((part, i) => {
    const rank = operands[i]!.shape.length;
    const labels = expand(part, rank - part.replace("...", "").length);
    if (labels.length !== rank) {
      throw shapeError(context, `term "${part}" does not fit [${operands[i]!.shape.join(", ")}]`);
    }
    return labels;
  });
  if (right !== undefined) return { terms, result: expand(right, widest) };
  // Implicit: the ellipsis, then the labels that occur once, in alphabetical order.
  const labels = terms.flat();
  const ellipsis = Array.from(
    { length: left.includes("...") ? widest : 0 },
    (_, k) => `.${widest - k}`,
  );
  const single = labels.filter((label) => !label.startsWith("."));
  const once = single.filter((label) => single.indexOf(label) === single.lastIndexOf(label));
  return { terms, result: [...ellipsis, ...once.sort()] };
}
