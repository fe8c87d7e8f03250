import { type Candidate, readMetric } from "./candidate.js";
import { findMeasuredSlowdowns, modelSlowdown } from "./contention.js";
import type { PlanningProblem } from "./planning-problem.js";
import type { Slo, SloMetric } from "./slo.js";

/**
 * A figure of a design that is put together from one figure of each task: added, or the least or greatest of them.
 */
export interface DesignColumn {
  readonly combine: "sum" | "min" | "max";
  /** What running beside the others does to a task's figure. */
  readonly contention: "none" | "multiply" | "divide";
  /** By task: the figure of each candidate alone; undefined for tasks that do not count. */
  readonly values: readonly (Float64Array | undefined)[];
}

/** Where the value of an objective or a constraint is found: in a column, or in a column over another one. */
export interface ColumnUse {
  readonly column: number;
  readonly over?: number;
}

/** A problem as arrays, ready to be enumerated. */
export interface CompiledProblem {
  readonly problem: PlanningProblem;
  readonly columns: readonly DesignColumn[];
  /** By objective or constraint, in the order of the problem's. */
  readonly uses: readonly ColumnUse[];
  /** Column that tells memory, and what it really is; undefined where no figure is known for all. */
  readonly memory: { readonly column: number; readonly metric: SloMetric } | undefined;
  /** Column that tells work. */
  readonly workload: { readonly column: number; readonly metric: SloMetric } | undefined;
  /** Bounds in the scale of the column, by objective or constraint; NaN for objectives. */
  readonly bounds: readonly number[];
  /** What the index of each task's candidate is multiplied by in the number of a design. */
  readonly strides: readonly number[];
  /** Designs, feasible or not. */
  readonly size: number;
  /** Measured slow-downs of whole designs, by their number. */
  readonly measured: ReadonlyMap<number, readonly number[]>;
}

/** Lays a problem out as columns of figures. */
export function compileProblem(problem: PlanningProblem): CompiledProblem {
  const { candidates, slos, profile } = problem;
  const columns: DesignColumn[] = [];
  const add = (column: DesignColumn): number => columns.push(column) - 1;
  const uses = slos.map((slo): ColumnUse => {
    if (slo.metric !== "fairness") return { column: add(columnOf(problem, slo)) };
    // Least over greatest progress.
    const progress = progressOf(candidates);
    return {
      column: add({ combine: "min", contention: "divide", values: progress }),
      over: add({ combine: "max", contention: "divide", values: progress }),
    };
  });
  const addFirstKnown = (
    metrics: readonly SloMetric[],
  ): { column: number; metric: SloMetric } | undefined => {
    for (const metric of metrics) {
      const values = readAll(candidates, (candidate) => readMetric(candidate, metric));
      if (!values) continue;
      return { column: add({ combine: "sum", contention: "none", values }), metric };
    }
    return undefined;
  };
  const strides: number[] = [];
  let size = 1;
  for (const list of candidates) {
    strides.push(size);
    size *= list.length;
  }
  return {
    problem,
    columns,
    uses,
    memory: addFirstKnown(["memory", "size"]),
    workload: addFirstKnown(["workload", "latency"]),
    bounds: slos.map((slo) => boundOf(slo, candidates)),
    strides,
    size,
    measured: new Map(
      candidates.length < 2
        ? []
        : findMeasuredSlowdowns(profile, candidates).map(({ choice, slowdowns }) => [
            choice.reduce((sum, index, task) => sum + index * strides[task]!, 0),
            slowdowns,
          ]),
    ),
  };
}

/** The value of every objective and constraint of one design, slow-downs of its tasks given. */
export function evaluateColumns(
  compiled: CompiledProblem,
  choice: readonly number[],
  slowdowns: readonly number[],
): number[] {
  return compiled.columns.map(({ combine, contention, values }) => {
    let total = startOf(combine);
    values.forEach((own, task) => {
      if (!own) return;
      const slowdown = contention === "none" ? 1 : slowdowns[task]!;
      const value = own[choice[task]!]!;
      total = combineTwo(
        combine,
        total,
        contention === "divide" ? value / slowdown : value * slowdown,
      );
    });
    return total;
  });
}

/** The slow-downs of a design's tasks: measured where its co-run was, otherwise modelled. */
export function slowdownsOf(compiled: CompiledProblem, choice: readonly number[]): number[] {
  const { problem, measured, strides } = compiled;
  const code = choice.reduce((sum, index, task) => sum + index * strides[task]!, 0);
  const found = measured.get(code);
  if (found) return [...found];
  const chosen = choice.map((index, task) => problem.candidates[task]![index]!);
  const busy = new Set(chosen.map(({ processor }) => processor)).size;
  return chosen.map((candidate) => {
    const sharing = chosen.filter(({ processor }) => processor === candidate.processor).length;
    return modelSlowdown(sharing, busy, problem.kappa, problem.memoryIntensity(candidate));
  });
}

/** The neutral element of a combination. */
export function startOf(combine: DesignColumn["combine"]): number {
  return combine === "sum"
    ? 0
    : combine === "min"
      ? Number.POSITIVE_INFINITY
      : Number.NEGATIVE_INFINITY;
}

/** Two figures combined. */
export function combineTwo(combine: DesignColumn["combine"], a: number, b: number): number {
  return combine === "sum" ? a + b : combine === "min" ? Math.min(a, b) : Math.max(a, b);
}

function columnOf({ candidates, tasks }: PlanningProblem, slo: Slo): DesignColumn {
  const { metric, statistic, task } = slo;
  const of = tasks.map((name) => task === undefined || task === name);
  const contention =
    metric === "latency" || metric === "ntt" || metric === "antt"
      ? "multiply"
      : metric === "throughput" || metric === "stp"
        ? "divide"
        : "none";
  const adds = ["memory", "size", "workload", "energy", "stp"].includes(metric);
  const worst = slo.kind === "narrow" && !adds && metric !== "antt";
  const share = adds || worst ? 1 : 1 / of.filter(Boolean).length; // a mean is a sum of shares
  const combine = !worst || task !== undefined ? "sum" : slo.comparison === "<=" ? "max" : "min";
  return {
    combine,
    contention,
    values: candidates.map((list, i) =>
      of[i]
        ? Float64Array.from(list, (candidate) => readMetric(candidate, metric, statistic)! * share)
        : undefined,
    ),
  };
}

function progressOf(candidates: readonly (readonly Candidate[])[]): Float64Array[] {
  return candidates.map((list) => new Float64Array(list.length).fill(1));
}

function readAll(
  candidates: readonly (readonly Candidate[])[],
  read: (candidate: Candidate) => number | undefined,
): Float64Array[] | undefined {
  const values = candidates.map((list) =>
    Float64Array.from(list, (one) => read(one) ?? Number.NaN),
  );
  return values.some((own) => own.some(Number.isNaN)) ? undefined : values;
}

// "accuracy >= 90%" holds for accuracies told from 0 to 1 and for those told from 0 to 100.
function boundOf(slo: Slo, candidates: readonly (readonly Candidate[])[]): number {
  if (slo.kind === "broad") return Number.NaN;
  if (!slo.percent) return slo.bound;
  const concerned = candidates
    .flat()
    .filter(({ task }) => slo.task === undefined || slo.task === task);
  const unit = concerned.every((candidate) => (readMetric(candidate, "accuracy") ?? 0) <= 1);
  return unit ? slo.bound / 100 : slo.bound;
}
