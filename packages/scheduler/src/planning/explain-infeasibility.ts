import { EdgewrightError } from "@edgewright/core";
import { compileProblem } from "./design-columns.js";
import { formatSlo } from "./format-slos.js";
import type { PlanningProblem } from "./planning-problem.js";
import type { NarrowSlo } from "./slo.js";
import { walkDesigns } from "./walk-designs.js";

/** What would make an infeasible problem feasible. */
export interface Infeasibility {
  /** Each constraint that could be relaxed alone: the tightest bound with which a design holds all constraints. */
  readonly single: readonly RelaxedSlo[];
  /**
   * Where no constraint suffices alone: the constraints to relax together, so that the greatest relative step is as small
   * as can be.
   */
  readonly joint: readonly RelaxedSlo[];
}

/** A constraint and the bound that it would need. */
export interface RelaxedSlo {
  readonly slo: NarrowSlo;
  /** The same with the bound that a design reaches. */
  readonly relaxed: NarrowSlo;
}

/**
 * Finds the smallest relaxations of the constraints under which a problem has a design.
 *
 * @returns undefined for a problem that has one as it is
 *
 * @example
 * ```ts
 * declare const problem: PlanningProblem;
 * const why = explainInfeasibility(problem);
 * for (const { slo, relaxed } of why?.single ?? []) {
 *   console.log(`${formatSlo(slo)} fails; ${formatSlo(relaxed)} would do`);
 * }
 * ```
 */
export function explainInfeasibility(problem: PlanningProblem): Infeasibility | undefined {
  const compiled = compileProblem(problem);
  const constraints = problem.slos.flatMap((slo, j) =>
    slo.kind === "narrow" ? [{ slo, bound: compiled.bounds[j]!, ...compiled.uses[j]! }] : [],
  );
  const values = new Float64Array(constraints.length);
  // By constraint: the value nearest to its bound among designs that break nothing else.
  const nearest = new Float64Array(constraints.length).fill(Number.NaN);
  let joint: { step: number; values: Float64Array } | undefined;
  let feasible = false;
  walkDesigns(compiled, (block) => {
    for (let k = 0; k < block.count; k++) {
      let broken = 0;
      let last = -1;
      let step = 0;
      constraints.forEach(({ slo, bound, column, over }, j) => {
        const own = block.values[column]![k]!;
        const value = over === undefined ? own : own / block.values[over]![k]!;
        values[j] = value;
        if (slo.comparison === "<=" ? value <= bound : value >= bound) return;
        broken++;
        last = j;
        step = Math.max(step, Math.abs(value - bound) / (Math.abs(bound) || 1));
      });
      if (broken === 0) feasible = true;
      if (broken === 1) {
        const { comparison } = constraints[last]!.slo;
        const [value, before] = [values[last]!, nearest[last]!];
        if (Number.isNaN(before) || (comparison === "<=" ? value < before : value > before)) {
          nearest[last] = value;
        }
      }
      if (!joint || step < joint.step) joint = { step, values: values.slice() };
    }
  });
  if (feasible || !joint) return undefined;
  const single = constraints.flatMap(({ slo, bound }, j) => {
    return Number.isNaN(nearest[j]) ? [] : [relax(slo, bound, nearest[j]!)];
  });
  if (single.length > 0) return { single, joint: [] };
  return {
    single,
    joint: constraints.flatMap(({ slo, bound }, j) => {
      const value = joint!.values[j]!;
      const held = slo.comparison === "<=" ? value <= bound : value >= bound;
      return held ? [] : [relax(slo, bound, value)];
    }),
  };
}

function relax(slo: NarrowSlo, bound: number, value: number): RelaxedSlo {
  // A percentage of accuracies told from 0 to 1 was brought to their scale.
  const scaled = slo.percent && bound !== slo.bound ? value * 100 : value;
  return { slo, relaxed: { ...slo, bound: scaled } };
}

/** No design holds all constraints; says which smallest relaxation would help. `code` is `"invalid-argument"`. */
export class InfeasibleProblemError extends EdgewrightError {
  readonly infeasibility: Infeasibility;

  constructor(infeasibility: Infeasibility) {
    const { single, joint } = infeasibility;
    const list = (relaxed: readonly RelaxedSlo[], word: string): string =>
      relaxed
        .map(({ slo, relaxed }) => `"${formatSlo(relaxed)}" instead of "${formatSlo(slo)}"`)
        .join(word);
    super(
      "invalid-argument",
      "planDesigns: no design holds all constraints; the smallest relaxation would be " +
        (single.length > 0 ? list(single, ", or ") : list(joint, " together with ")),
    );
    this.name = "InfeasibleProblemError";
    this.infeasibility = infeasibility;
  }
}
