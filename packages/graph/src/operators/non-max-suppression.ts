import type { Tensor } from "@edgewright/core";
import { type FloatArray, readFloats } from "./element-values.js";
import {
  type HostOperator,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { readScalar, requireInput } from "./operator-inputs.js";

/** `NonMaxSuppression` of boxes by their overlap. */
export function nonMaxSuppressionOperators(): OperatorEntry[] {
  return [{ opType: "NonMaxSuppression", since: 10, run: runNonMaxSuppression }];
}

/** Corners of a box: y1 <= y2, x1 <= x2. */
type Box = readonly [y1: number, x1: number, y2: number, x2: number];

// Greedy, best score first, per image and class.
const runNonMaxSuppression: HostOperator = (inputs, context) => {
  const boxes = requireInput(inputs, 0, context);
  const scores = requireInput(inputs, 1, context);
  const [batch, count] = boxes.shape as [number, number];
  const classes = scores.shape[1]!;
  const fits =
    boxes.shape.length === 3 &&
    boxes.shape[2] === 4 &&
    scores.shape.join() === [batch, classes, count].join();
  if (!fits) {
    throw shapeError(
      context,
      `boxes [${boxes.shape.join(", ")}] and scores [${scores.shape.join(", ")}] do not fit`,
    );
  }
  const limit = optionalScalar(inputs[2], 0, context);
  const overlapLimit = optionalScalar(inputs[3], 0, context);
  const scoreLimit = optionalScalar(inputs[4], -Infinity, context);
  const centred = intAttribute(context.node, "center_point_box", 0) !== 0;
  const corners = readFloats(boxes, context);
  const values = readFloats(scores, context);
  const selected: bigint[] = [];
  for (let b = 0; b < batch; b++) {
    const all = Array.from({ length: count }, (_, i) =>
      readBox(corners, (b * count + i) * 4, centred),
    );
    for (let c = 0; c < classes; c++) {
      const first = (b * classes + c) * count;
      const order = all
        .map((_, i) => i)
        .filter((i) => values[first + i]! > scoreLimit)
        .sort((i, j) => values[first + j]! - values[first + i]! || i - j);
      const kept: number[] = [];
      for (const i of order) {
        if (kept.length >= limit) break;
        if (kept.some((k) => overlap(all[i]!, all[k]!) > overlapLimit)) continue;
        kept.push(i);
        selected.push(BigInt(b), BigInt(c), BigInt(i));
      }
    }
  }
  return [{ dtype: "i64", shape: [selected.length / 3, 3], data: BigInt64Array.from(selected) }];
};

function optionalScalar(
  input: Tensor | null | undefined,
  fallback: number,
  context: OperatorContext,
): number {
  return input ? readScalar(input, "a threshold", context) : fallback;
}

function readBox(corners: FloatArray, at: number, centred: boolean): Box {
  const [p, q, r, s] = corners.subarray(at, at + 4) as unknown as [number, number, number, number];
  if (centred) return [q - s / 2, p - r / 2, q + s / 2, p + r / 2];
  return [Math.min(p, r), Math.min(q, s), Math.max(p, r), Math.max(q, s)];
}

// Intersection over union.
function overlap(a: Box, b: Box): number {
  const height = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const width = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const shared = height * width;
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1]);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}
