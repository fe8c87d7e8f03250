import type { CompiledProblem } from "./design-columns.js";
import type { DesignBlock } from "./walk-designs.js";

/**
 * Makes a function that tells which designs of a block hold every constraint: 1 or 0 by design, in an array that is used
 * again for the next block.
 */
export function createFeasibilityFilter({
  problem,
  uses,
  bounds,
}: CompiledProblem): (block: DesignBlock) => Uint8Array {
  const constraints = problem.slos.flatMap((slo, j) =>
    slo.kind === "broad"
      ? []
      : [{ ...uses[j]!, atMost: slo.comparison === "<=", bound: bounds[j]! }],
  );
  const feasible = new Uint8Array(Math.max(...problem.candidates.map((list) => list.length)));
  return ({ values, count }) => {
    feasible.fill(1, 0, count);
    for (const { column, over, atMost, bound } of constraints) {
      const own = values[column]!;
      const below = over === undefined ? undefined : values[over]!;
      for (let k = 0; k < count; k++) {
        const value = below ? own[k]! / below[k]! : own[k]!;
        if (atMost ? value > bound : value < bound) feasible[k] = 0;
      }
    }
    return feasible;
  };
}
