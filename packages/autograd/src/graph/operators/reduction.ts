import { intAttribute } from "@edgewright/graph";
import type { Variable } from "../../engine/tape.js";
import type { ReduceOptions } from "../../operations/reduction-axes.js";
import type { OperatorRule } from "../operator-call.js";
import { rowMajorOrder, TracedTensor } from "../traced-tensor.js";
import { axesOf } from "./shaping.js";

/** `ReduceMean` and its like, over axes in whichever order the memory has them. */
export function reduction(reduce: (x: Variable, options: ReduceOptions) => Variable): OperatorRule {
  return {
    tensors: 1,
    record(call) {
      const x = call.tensor(0);
      let axes = axesOf(call, x.rank) ?? [];
      if (axes.length === 0) {
        if (intAttribute(call.node, "noop_with_empty_axes", 0) !== 0) return x;
        axes = rowMajorOrder(x.rank);
      }
      const places = axes.map((axis) => x.order.indexOf(axis));
      const kept = new TracedTensor(
        reduce(x.asItLies(), { axes: places, keepAxes: true }),
        x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
        x.order,
      );
      return intAttribute(call.node, "keepdims", 1) !== 0 ? kept : kept.without(axes);
    },
  };
}
