import { planBiasGradient } from "@edgewright/kernels/training";
import type { ProgramBuilder } from "../engine/operation.js";
import type { Value } from "../engine/value.js";

/** The gradient of a bias of the last axis: sums over all others. */
export function biasGradient(
  build: ProgramBuilder,
  gradient: Value,
  channels: readonly number[] | undefined,
): Value {
  const cols = gradient.shape.at(-1)!;
  const rows = gradient.shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const db = build.value([channels?.length ?? cols]);
  build.step({
    name: "bias gradient",
    reads: [gradient],
    writes: [db],
    plan: (kernels, at) =>
      planBiasGradient(kernels, {
        ...{ dy: at(gradient), rows, cols, db: at(db) },
        ...(channels && { channels }),
      }),
  });
  return db;
}
