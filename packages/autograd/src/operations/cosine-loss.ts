import { ShapeError } from "@edgewright/core";
import { planCosineGradient, planCosineSimilarity } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

const COSINE_LOSS: Operation<undefined> = {
  name: "cosineLoss",
  outputShape([a, b]) {
    if (a!.length === 0 || `${a}` !== `${b}`) {
      throw new ShapeError(`cosineLoss: expected rows of equal shapes, got [${a}] and [${b}]`);
    }
    return [];
  },
  forward(build, { inputs: [a, b], outputShape }) {
    const output = build.value(outputShape);
    const shape = rowsOf(a!);
    build.step({
      name: "cosineLoss",
      reads: [a!, b!],
      writes: [output],
      workspaceBytes: 4 * shape.rows,
      plan: (kernels, at, workspace) =>
        planCosineSimilarity(kernels, {
          ...{ ...shape, a: at(a!), b: at(b!), cosines: workspace, loss: at(output) },
        }),
    });
    return { output };
  },
  backward(build, { inputs: [a, b], gradient, needs }) {
    const da = needs[0] ? build.value(a!.shape) : undefined;
    const db = needs[1] ? build.value(b!.shape) : undefined;
    // One step for both: they share three sums a row.
    build.step({
      name: "gradient",
      reads: [gradient, a!, b!],
      writes: [da, db].filter((value) => value !== undefined),
      inPlace: da ? { read: a!, write: da } : { read: b!, write: db! },
      plan: (kernels, at) =>
        planCosineGradient(kernels, {
          ...{ ...rowsOf(a!), a: at(a!), b: at(b!), upstream: at(gradient) },
          ...(da && { da: at(da) }),
          ...(db && { db: at(db) }),
        }),
    });
    return [da, db];
  },
};

function rowsOf({ shape }: Value): { rows: number; cols: number } {
  const cols = shape.at(-1)!;
  return { rows: elementsOf(shape) / cols, cols };
}

/**
 * 1 minus the mean cosine of the angles between the rows of a and b [..., width]: a scalar from 0 (all point the
 * same way) to 2. Keeps what the other operand's gradient needs: both.
 *
 * @throws ShapeError when the shapes differ.
 */
export function cosineLoss(a: Operand, b: Operand): Variable {
  return record(COSINE_LOSS, [a, b], undefined);
}
