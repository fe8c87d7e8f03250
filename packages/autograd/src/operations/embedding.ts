import { ShapeError } from "@edgewright/core";
import { planGather, planGatherGradient } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { checkedPlan } from "./checked-plan.js";

const EMBEDDING: Operation<undefined> = {
  name: "embedding",
  mixedTypes: true,
  outputShape([ids, table]) {
    if (table!.length !== 2) {
      throw new ShapeError(
        `embedding: expected a table [rows, width], got [${table}] for [${ids}]`,
      );
    }
    return [...ids!, table![1]!];
  },
  forward(build, { inputs: [ids, table], outputShape }) {
    const output = build.value(outputShape);
    const [rows, cols] = table!.shape as [number, number];
    build.step({
      name: "embedding",
      reads: [ids!, table!],
      writes: [output],
      plan(kernels, at) {
        const plan = planGather(kernels, {
          x: at(table!),
          indices: at(ids!),
          y: at(output),
          rows,
          count: elementsOf(ids!.shape),
          cols,
        });
        return checkedPlan("embedding", kernels, plan);
      },
    });
    return { output };
  },
  backward(build, { inputs: [ids, table], gradient, needs }) {
    if (!needs[1]) return [undefined, undefined];
    const [rows, cols] = table!.shape as [number, number];
    const dx = build.value(table!.shape);
    build.step({
      name: "table gradient",
      reads: [gradient, ids!],
      writes: [dx],
      plan: (kernels, at) =>
        planGatherGradient(kernels, {
          dy: at(gradient),
          indices: at(ids!),
          dx: at(dx),
          rows,
          count: elementsOf(ids!.shape),
          cols,
        }),
    });
    return [undefined, dx];
  },
};

/**
 * Rows of a table [rows, width] by their numbers, i32 [...]: [..., width]. Keeps the numbers for the backward
 * pass; rows that come again sum up in order, so that any number of threads gives the same bits.
 *
 * @throws ShapeError when the table is no matrix. A run throws ValidationError for a number that is no row.
 */
export function embedding(ids: Variable, table: Operand): Variable {
  if (ids.type !== "i32") {
    throw new ShapeError(`embedding: expected ids of type i32, got ${ids.type} [${ids.shape}]`);
  }
  return record(EMBEDDING, [ids, table], undefined);
}
