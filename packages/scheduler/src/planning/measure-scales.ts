import type { CompiledProblem } from "./design-columns.js";
import { createFeasibilityFilter } from "./feasibility-filter.js";
import type { ObjectiveScale } from "./optimality.js";
import { walkDesigns } from "./walk-designs.js";

/**
 * Best, worst and population deviation of every objective over all feasible designs, in one pass that keeps none of them;
 * undefined where there is none.
 */
export function measureScales(compiled: CompiledProblem): ObjectiveScale[] | undefined {
  const objectives = compiled.problem.slos.flatMap((slo, j) =>
    slo.kind === "broad"
      ? [
          {
            slo,
            use: compiled.uses[j]!,
            least: Infinity,
            greatest: -Infinity,
            shift: Number.NaN,
            sum: 0,
            squares: 0,
          },
        ]
      : [],
  );
  let count = 0;
  const filter = createFeasibilityFilter(compiled);
  walkDesigns(compiled, (block) => {
    const feasible = filter(block);
    for (let k = 0; k < block.count; k++) count += feasible[k]!;
    for (const objective of objectives) {
      const own = block.values[objective.use.column]!;
      const { over } = objective.use;
      const below = over === undefined ? undefined : block.values[over]!;
      for (let k = 0; k < block.count; k++) {
        if (!feasible[k]) continue;
        const value = below ? own[k]! / below[k]! : own[k]!;
        // Squares about the first value: about 0 they would swallow a small spread.
        if (Number.isNaN(objective.shift)) objective.shift = value;
        const step = value - objective.shift;
        objective.sum += step;
        objective.squares += step * step;
        if (value < objective.least) objective.least = value;
        if (value > objective.greatest) objective.greatest = value;
      }
    }
  });
  if (count === 0) return undefined;
  return objectives.map(({ slo: { direction, weight = 1 }, least, greatest, sum, squares }) => {
    const variance = Math.max(0, squares / count - (sum / count) ** 2);
    const [utopia, worst] = direction === "max" ? [greatest, least] : [least, greatest];
    const deviation = least === greatest ? 0 : Math.sqrt(variance);
    return { direction, weight, utopia, worst, deviation };
  });
}
