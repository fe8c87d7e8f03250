import { sizeOf, type Tensor } from "@edgewright/core";
import { packNumbers, readFloats } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { intAttribute, stringAttribute } from "./node-attributes.js";
import { readIntegers, requireInput } from "./operator-inputs.js";
import { logSoftmax } from "./softmax.js";

/** Losses of classification. */
export function lossOperators(): OperatorEntry[] {
  return [
    { opType: "NegativeLogLikelihoodLoss", since: 12, run: runNegativeLogLikelihood },
    { opType: "SoftmaxCrossEntropyLoss", since: 12, run: runSoftmaxCrossEntropy },
  ];
}

const runNegativeLogLikelihood: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  return [lossOfLogProbabilities(readFloats(x, context), x, inputs, context)];
};

const runSoftmaxCrossEntropy: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  if (x.shape.length < 2)
    throw shapeError(context, `takes [n, c, ...], got [${x.shape.join(", ")}]`);
  const logs = logSoftmax(x, 1, context);
  const loss = lossOfLogProbabilities(logs, x, inputs, context);
  return [loss, packNumbers(x.dtype, x.shape, logs, context)];
};

// `logs` has the shape of `x`, [n, c, ...]; the targets are [n, ...].
function lossOfLogProbabilities(
  logs: ArrayLike<number>,
  x: Tensor,
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
): Tensor {
  const target = requireInput(inputs, 1, context);
  const [batch, classes] = x.shape as [number, number];
  const shape = [batch, ...x.shape.slice(2)];
  if (x.shape.length < 2 || target.shape.join() !== shape.join()) {
    throw shapeError(
      context,
      `targets [${target.shape.join(", ")}] do not fit scores [${x.shape.join(", ")}]`,
    );
  }
  const weights = inputs[2] ? readFloats(inputs[2], context) : undefined;
  if (weights !== undefined && weights.length !== classes) {
    throw shapeError(context, `${weights.length} weights for ${classes} classes`);
  }
  const ignored = context.node.attributes.has("ignore_index")
    ? intAttribute(context.node, "ignore_index", 0)
    : undefined;
  const plane = sizeOf(x.shape.slice(2));
  const losses = new Float64Array(batch * plane);
  let totalWeight = 0;
  for (const [i, label] of readIntegers(target).entries()) {
    if (label === ignored) continue;
    if (!(label >= 0 && label < classes)) {
      throw invalidNode(context, `label ${label} is none of ${classes} classes`);
    }
    const weight = weights?.[label] ?? 1;
    const n = Math.floor(i / plane);
    losses[i] = -logs[(n * classes + label) * plane + (i % plane)]! * weight;
    totalWeight += weight;
  }
  const reduction = stringAttribute(context.node, "reduction", "mean");
  if (reduction === "none") return packNumbers(x.dtype, shape, losses, context);
  if (reduction !== "sum" && reduction !== "mean") {
    throw invalidNode(context, `reduction is none, sum or mean, got "${reduction}"`);
  }
  const sum = losses.reduce((total, loss) => total + loss, 0);
  return packNumbers(x.dtype, [], [reduction === "sum" ? sum : sum / totalWeight], context);
}
