import { stringAttribute } from "../../operators/node-attributes.js";
import { inferredValue } from "../inferred-value.js";
import { requiredInput, type ShapeRule } from "../shape-rule.js";

/** `NegativeLogLikelihoodLoss`, `SoftmaxCrossEntropyLoss`: one loss, or one for each target. */
export const loss: ShapeRule = (inputs, context) => {
  const scores = requiredInput(inputs, 0, context);
  const targets = requiredInput(inputs, 1, context);
  const isReduced = stringAttribute(context.node, "reduction", "mean") !== "none";
  return [
    inferredValue(scores.dtype, isReduced ? [] : targets.shape),
    inferredValue(scores.dtype, scores.shape),
  ];
};
