import { sizeOf, type Tensor } from "@edgewright/core";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import { floatAttribute, intAttribute, intsAttribute } from "./node-attributes.js";
import { normalizeAxis, readIntegers, readScalar, requireInput } from "./operator-inputs.js";

/** Operators that change or read a shape and leave the elements where they are. */
export function shapeOperators(): OperatorEntry[] {
  return [
    { opType: "Dropout", since: 7, run: runDropout },
    { opType: "Flatten", since: 1, run: runFlatten },
    { opType: "Identity", since: 1, run: (inputs, context) => [requireInput(inputs, 0, context)] },
    { opType: "Reshape", since: 5, run: runReshape },
    { opType: "Shape", since: 1, run: runShape },
    { opType: "Size", since: 1, run: runSize },
    { opType: "Squeeze", since: 1, run: runSqueeze },
    { opType: "Unsqueeze", since: 1, run: runUnsqueeze },
  ];
}

/** The same elements under another shape. @throws ShapeError when their number differs. */
function withShape(x: Tensor, shape: readonly number[], context: OperatorContext): Tensor {
  if (sizeOf(shape) !== x.data.length) {
    throw shapeError(
      context,
      `shape [${x.shape.join(", ")}] cannot become [${shape.join(", ")}]: ${x.data.length} elements`,
    );
  }
  return { dtype: x.dtype, shape, data: x.data };
}

/** Axes from the `axes` attribute before version `inputSince`, from input 1 afterwards. */
export function readAxes(
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
  inputSince: number,
  index = 1,
): number[] | undefined {
  if (context.opset < inputSince) return intsAttribute(context.node, "axes");
  const axes = inputs[index];
  return axes ? readIntegers(axes) : undefined;
}

const runDropout: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const training = inputs[2] ? readScalar(inputs[2], "training_mode", context) !== 0 : false;
  const ratio = inputs[1]
    ? readScalar(inputs[1], "ratio", context)
    : floatAttribute(context.node, "ratio", 0.5);
  if (training && ratio !== 0) {
    throw unsupportedNode(
      context,
      "drops elements at random in training mode only, which is not supported",
    );
  }
  if (context.outputCount < 2) return [x];
  const mask = new Uint8Array(x.data.length).fill(1);
  // Before version 10 the mask had the type of the input, in practice bool ever since 7's revision.
  return [x, { dtype: "bool", shape: x.shape, data: mask }];
};

const runFlatten: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const rank = x.shape.length;
  const axis = intAttribute(context.node, "axis", 1);
  const split = axis === rank ? rank : normalizeAxis(axis, rank, context);
  const shape = [sizeOf(x.shape.slice(0, split)), sizeOf(x.shape.slice(split))];
  return [withShape(x, shape, context)];
};

const runReshape: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const target = readIntegers(requireInput(inputs, 1, context));
  const allowZero = intAttribute(context.node, "allowzero", 0) !== 0;
  let inferred = -1;
  const shape = target.map((dim, i) => {
    if (dim === 0 && !allowZero) {
      const kept = x.shape[i];
      if (kept === undefined) {
        throw shapeError(
          context,
          `size 0 at axis ${i} copies an axis that the input does not have`,
        );
      }
      return kept;
    }
    if (dim === -1) {
      if (inferred >= 0)
        throw shapeError(context, `shape [${target.join(", ")}] has two sizes of -1`);
      inferred = i;
      return 1;
    }
    if (dim < 0) throw shapeError(context, `shape [${target.join(", ")}] has a negative size`);
    return dim;
  });
  if (inferred >= 0) {
    const known = sizeOf(shape);
    const missing = known === 0 ? 0 : x.data.length / known;
    if (!Number.isInteger(missing)) {
      throw shapeError(
        context,
        `shape [${x.shape.join(", ")}] cannot become [${target.join(", ")}]: ${x.data.length} elements`,
      );
    }
    shape[inferred] = missing;
  }
  return [withShape(x, shape, context)];
};

const runShape: HostOperator = (inputs, context) => {
  const shape = requireInput(inputs, 0, context).shape;
  const start = intAttribute(context.node, "start", 0);
  const end = intAttribute(context.node, "end", shape.length);
  const part = shape.slice(start, end);
  return [{ dtype: "i64", shape: [part.length], data: BigInt64Array.from(part, BigInt) }];
};

const runSize: HostOperator = (inputs, context) => {
  const size = requireInput(inputs, 0, context).data.length;
  return [{ dtype: "i64", shape: [], data: BigInt64Array.of(BigInt(size)) }];
};

const runSqueeze: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const axes = readAxes(inputs, context, 13);
  const drop = new Set(
    axes === undefined
      ? x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []))
      : axes.map((axis) => normalizeAxis(axis, x.shape.length, context)),
  );
  for (const axis of drop) {
    if (x.shape[axis] !== 1) {
      throw shapeError(context, `axis ${axis} of shape [${x.shape.join(", ")}] is not 1`);
    }
  }
  return [
    withShape(
      x,
      x.shape.filter((_, axis) => !drop.has(axis)),
      context,
    ),
  ];
};

const runUnsqueeze: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const axes = readAxes(inputs, context, 13);
  if (axes === undefined) throw invalidNode(context, "has no axes");
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank, context)));
  if (added.size !== axes.length) throw shapeError(context, `axes [${axes.join(", ")}] repeat`);
  const shape: number[] = [];
  let next = 0;
  for (let axis = 0; axis < rank; axis++) shape.push(added.has(axis) ? 1 : x.shape[next++]!);
  return [withShape(x, shape, context)];
};
