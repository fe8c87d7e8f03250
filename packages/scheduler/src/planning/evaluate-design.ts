import { type CompiledProblem, evaluateColumns, slowdownsOf } from "./design-columns.js";

/** The figures of one design. */
export interface EvaluatedDesign {
  /** By objective and constraint, in the order of the problem's. */
  readonly slos: readonly number[];
  /** Whether it holds every constraint. */
  readonly feasible: boolean;
  /** Memory and workload, or what stands in for them, where known for all. */
  readonly figures: Readonly<Record<string, number>>;
  /** Where the cost of running at the same time comes from; undefined for one task. */
  readonly contention: "measured" | "modelled" | undefined;
}

/** Computes the figures of one design: the slow and plain way, for single designs and to check the enumeration by. */
export function evaluateDesign(
  compiled: CompiledProblem,
  choice: readonly number[],
): EvaluatedDesign {
  const { problem, uses, bounds, strides, measured } = compiled;
  const columns = evaluateColumns(compiled, choice, slowdownsOf(compiled, choice));
  const slos = uses.map(({ column, over }) => {
    return over === undefined ? columns[column]! : columns[column]! / columns[over]!;
  });
  const figures: Record<string, number> = {};
  for (const figure of [compiled.memory, compiled.workload]) {
    if (figure) figures[figure.metric] = columns[figure.column]!;
  }
  const code = choice.reduce((sum, index, task) => sum + index * strides[task]!, 0);
  return {
    slos,
    feasible: problem.slos.every((slo, j) => {
      if (slo.kind === "broad") return true;
      return slo.comparison === "<=" ? slos[j]! <= bounds[j]! : slos[j]! >= bounds[j]!;
    }),
    figures,
    contention: problem.tasks.length < 2 ? undefined : measured.has(code) ? "measured" : "modelled",
  };
}
