import type { Dim } from "../../model/model.js";
import { intAttribute, stringAttribute } from "../../operators/node-attributes.js";
import { multiplyDims } from "../dim-arithmetic.js";
import { inferredValue } from "../inferred-value.js";
import {
  checkRank,
  invalidNode,
  type RuleContext,
  requiredInput,
  type ShapeRule,
  unifyDims,
} from "../shape-rule.js";

/**
 * `RNN`, `GRU`, `LSTM`: all hidden states `[sequence, directions, batch, hidden]`, the last one
 * `[directions, batch, hidden]`, and the last cell state. `layout` 1 puts the batch first.
 */
export const recurrent: ShapeRule = (inputs, context) => {
  const x = requiredInput(inputs, 0, context);
  const w = requiredInput(inputs, 1, context);
  const r = requiredInput(inputs, 2, context);
  const { node } = context;
  checkRank(x.shape, 3, "input X", context);
  checkRank(w.shape, 3, "weights W", context);
  checkRank(r.shape, 3, "weights R", context);
  const isBatchFirst = intAttribute(node, "layout", 0) !== 0;
  const directions = directionCount(context);
  const [sequence, batch] = isBatchFirst
    ? [x.shape?.[1] ?? null, x.shape?.[0] ?? null]
    : [x.shape?.[0] ?? null, x.shape?.[1] ?? null];
  if (x.shape && w.shape) unifyDims(x.shape[2]!, w.shape[2]!, "input sizes of X and W", context);
  if (w.shape) unifyDims(w.shape[0]!, directions, "directions of W", context);
  const fromWeights: Dim = r.shape?.[2] ?? null;
  const hidden: Dim = node.attributes.has("hidden_size")
    ? unifyDims(intAttribute(node, "hidden_size", 0), fromWeights, "hidden_size and R", context)
    : fromWeights;
  const rows = multiplyDims(hidden, gateCount(node.opType));
  if (w.shape) unifyDims(w.shape[1]!, rows, "rows of W and gates x hidden_size", context);
  if (r.shape) unifyDims(r.shape[1]!, rows, "rows of R and gates x hidden_size", context);
  const states = isBatchFirst
    ? [batch, sequence, directions, hidden]
    : [sequence, directions, batch, hidden];
  const last = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  return [
    inferredValue(x.dtype, states),
    inferredValue(x.dtype, last),
    inferredValue(x.dtype, last),
  ];
};

function directionCount(context: RuleContext): number {
  const direction = stringAttribute(context.node, "direction", "forward");
  if (direction === "bidirectional") return 2;
  if (direction === "forward" || direction === "reverse") return 1;
  throw invalidNode(context, `attribute "direction" has the unknown value "${direction}"`);
}

function gateCount(opType: string): number {
  return opType === "LSTM" ? 4 : opType === "GRU" ? 3 : 1;
}
