import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import { concat } from "../../operations/concat.js";
import { embedding } from "../../operations/embedding.js";
import { pad } from "../../operations/pad.js";
import { pixelShuffle } from "../../operations/pixel-shuffle.js";
import { reshape } from "../../operations/reshape.js";
import { slice, split } from "../../operations/slice.js";
import { transpose } from "../../operations/transpose.js";
import { type OperatorRule, weightAsItIs } from "../operator-call.js";
import { TracedTensor } from "../traced-tensor.js";
import { fromImages, imageInput } from "./convolution.js";

/** `Concat`. */
export const CONCAT: OperatorRule = {
  tensors: Number.POSITIVE_INFINITY,
  weightUse: (_, __, shape) => ({ ...weightAsItIs(shape), role: "operand" }),
  record(call) {
    const parts = call.node.inputs.map((_, i) => call.tensor(i));
    const { order, rank } = parts[0]!;
    const axis = order.indexOf(fromFront(intAttribute(call.node, "axis", 0), rank));
    const variables = parts.map((part) => part.inOrder(order));
    const y = variables.length === 1 ? variables[0]! : concat(variables, { axis });
    return new TracedTensor(y, call.outputShapes[0]!, order);
  },
};

/** `Split` into the lengths that shape inference knows. */
export const SPLIT: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    const axis = fromFront(intAttribute(call.node, "axis", 0), x.rank);
    const sizes = call.outputShapes.map((shape) => shape[axis]!);
    const parts = split(x.asItLies(), { axis: x.order.indexOf(axis), sizes });
    return parts.map((part, i) => new TracedTensor(part, call.outputShapes[i]!, x.order));
  },
};

/** `Slice` with steps from 1. */
export const SLICE: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    const read = (index: number, name: string): readonly number[] | undefined =>
      call.opset < 10 ? intsAttribute(call.node, name) : call.numbers(index);
    const [starts, ends] = [read(1, "starts"), read(2, "ends")];
    if (starts === undefined || ends === undefined)
      throw call.unsupported("without starts and ends");
    const axes = read(3, "axes") ?? starts.map((_, i) => i);
    const steps = call.opset < 10 ? undefined : call.numbers(4);
    if (steps?.some((step) => step < 1)) throw call.unsupported("steps below 1");
    const full = {
      starts: x.shape.map(() => 0),
      ends: [...x.shape],
      steps: x.shape.map(() => 1),
    };
    for (const [i, given] of axes.entries()) {
      const axis = fromFront(given, x.rank);
      const size = x.shape[axis]!;
      const at = (index: number): number =>
        Math.max(0, Math.min(size, index < 0 ? index + size : index));
      full.starts[axis] = at(starts[i]!);
      full.ends[axis] = at(ends[i]!);
      full.steps[axis] = steps?.[i] ?? 1;
    }
    const lying = (values: readonly number[]): number[] => x.order.map((axis) => values[axis]!);
    const y = slice(x.asItLies(), {
      starts: lying(full.starts),
      ends: lying(full.ends),
      steps: lying(full.steps),
    });
    return new TracedTensor(y, call.outputShapes[0]!, x.order);
  },
};

/** `Pad` by a constant, by the edge or by reflection. */
export const PAD: OperatorRule = {
  tensors: 1,
  record(call) {
    const x = call.tensor(0);
    const { node } = call;
    const given = call.numbers(1) ?? intsAttribute(node, "pads") ?? [];
    const axes = call.numbers(3) ?? x.shape.map((_, axis) => axis);
    const before = x.shape.map(() => 0);
    const after = x.shape.map(() => 0);
    for (const [i, axis] of axes.entries()) {
      before[fromFront(axis, x.rank)] = given[i]!;
      after[fromFront(axis, x.rank)] = given[i + axes.length]!;
    }
    if ([...before, ...after].some((count) => count < 0)) throw call.unsupported("negative pads");
    const mode = stringAttribute(node, "mode", "constant");
    const [front, back] = [
      x.order.map((axis) => before[axis]!),
      x.order.map((axis) => after[axis]!),
    ];
    let y = x.asItLies();
    if (mode === "constant") {
      const value = call.numbers(2)?.[0] ?? floatAttribute(node, "value", 0);
      y = pad(y, { before: front, after: back, value });
    } else if (mode === "edge" || mode === "reflect") {
      front.forEach((count, axis) => {
        y = mirrored(y, axis, [count, back[axis]!], mode === "reflect" ? 1 : 0);
      });
    } else throw call.unsupported(`mode "${mode}"`);
    return new TracedTensor(y, call.outputShapes[0]!, x.order);
  },
};

/** x with copies of its own rows around it: of the edge (step 0), or walking away from it (step 1). */
function mirrored(
  x: Variable,
  axis: number,
  [front, back]: readonly [number, number],
  step: 0 | 1,
): Variable {
  if (front + back === 0) return x;
  const size = x.shape[axis]!;
  const row = (index: number): Variable => range(x, axis, index, index + 1);
  const parts: Variable[] = [];
  for (let i = front; i >= 1; i--) parts.push(row(i * step));
  parts.push(x);
  for (let i = 1; i <= back; i++) parts.push(row(size - 1 - i * step));
  return concat(parts, { axis });
}

function range(x: Variable, axis: number, start: number, end: number): Variable {
  return slice(x, {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    ends: x.shape.map((size, i) => (i === axis ? end : size)),
  });
}

/** `Gather` of rows by computed ids (an embedding), or of constant indices along any axis. */
export const GATHER: OperatorRule = {
  tensors: 2,
  weightUse: (_, __, shape) => weightAsItIs(shape),
  record(call) {
    const [x, output] = [call.tensor(0), call.outputShapes[0]!];
    const axis = fromFront(intAttribute(call.node, "axis", 0), x.rank);
    const indices = call.numbers(1);
    if (indices === undefined) {
      if (axis !== 0 || x.rank !== 2) {
        throw call.unsupported("computed indices are only supported into the rows of a matrix");
      }
      return TracedTensor.rowMajor(embedding(call.tensor(1).rowMajor(), x.rowMajor()));
    }
    const lying = x.asItLies();
    const at = x.order.indexOf(axis);
    const size = x.shape[axis]!;
    const rows = indices.map((index) => (index < 0 ? index + size : index));
    const runs = rows.every((row, i) => row === rows[0]! + i);
    const gathered = runs
      ? range(lying, at, rows[0]!, rows[0]! + rows.length)
      : concat(
          rows.map((row) => range(lying, at, row, row + 1)),
          { axis: at },
        );
    const shape = x.shape.map((length, i) => (i === axis ? rows.length : length));
    const taken = new TracedTensor(gathered, shape, x.order);
    const rank = output.length - x.rank + 1; // of the indices
    if (rank === 1) return taken;
    return rank === 0 ? taken.without([axis]) : TracedTensor.rowMajor(taken.rowMajor(), output);
  },
};

/** `DepthToSpace`: channels become pixels. */
export const DEPTH_TO_SPACE: OperatorRule = {
  tensors: 1,
  record(call) {
    const b = intAttribute(call.node, "blocksize", 1);
    const x = imageInput(call);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (stringAttribute(call.node, "mode", "DCR") === "CRD") {
      return fromImages(pixelShuffle(x, b), call.outputShapes[0]!);
    }
    const rest = c / (b * b);
    const parts = transpose(reshape(x, [n, h, w, b, b, rest]), [0, 1, 3, 2, 4, 5]);
    return fromImages(reshape(parts, [n, h * b, w * b, rest]), call.outputShapes[0]!);
  },
};

/** `SpaceToDepth`: pixels become channels. */
export const SPACE_TO_DEPTH: OperatorRule = {
  tensors: 1,
  record(call) {
    const b = intAttribute(call.node, "blocksize", 1);
    const x = imageInput(call);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    const parts = transpose(reshape(x, [n, h / b, b, w / b, b, c]), [0, 1, 3, 2, 4, 5]);
    return fromImages(reshape(parts, [n, h / b, w / b, b * b * c]), call.outputShapes[0]!);
  },
};

function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
