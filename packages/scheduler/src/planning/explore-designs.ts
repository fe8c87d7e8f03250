import { EdgewrightError } from "@edgewright/core";
import type { Assignment, Design } from "./design.js";
import { type ColumnUse, type CompiledProblem, compileProblem } from "./design-columns.js";
import { evaluateDesign } from "./evaluate-design.js";
import { createFeasibilityFilter } from "./feasibility-filter.js";
import { formatSlo } from "./format-slos.js";
import { measureDistance, type ObjectiveScale, scaleObjective } from "./optimality.js";
import type { PlanningProblem } from "./planning-problem.js";
import type { BroadSlo, SloMetric } from "./slo.js";
import { decodeDesign, walkDesigns } from "./walk-designs.js";

/** Options of {@link exploreDesigns}. */
export interface ExploreDesignsOptions {
  /** Most designs to enumerate. @default 5_000_000 */
  maxDesigns?: number;
}

/** All feasible designs of a problem, with the value of every objective. */
export interface DesignSpace {
  readonly problem: PlanningProblem;
  /** Designs in all, feasible or not. */
  readonly size: number;
  /** Feasible designs: the length of the arrays. */
  readonly count: number;
  readonly objectives: readonly BroadSlo[];
  /** By objective. */
  readonly scales: readonly ObjectiveScale[];
  /** By objective: its value in each feasible design. */
  readonly values: readonly Float64Array[];
  /** Distance of each feasible design from the utopia point. */
  readonly distances: Float64Array;
  /** Number of each feasible design, which {@link designAt} reads its candidates from. */
  readonly codes: Float64Array;
  /** Bytes of each, or their stand-in; undefined where no figure is known for all candidates. */
  readonly memory: SpaceFigure | undefined;
  /** Multiply-accumulates of each, or their stand-in. */
  readonly workload: SpaceFigure | undefined;
}

/** A figure that every feasible design has beside its objectives. */
export interface SpaceFigure {
  /** What it really is: `size` where no memory is known, `latency` where no workload is. */
  readonly metric: SloMetric;
  readonly values: Float64Array;
}

/**
 * Enumerates the designs of a problem exactly, keeps those that hold all constraints, and measures their distance from the
 * utopia point. A million designs take well under a second.
 *
 * @returns a space that may be empty: see `explainInfeasibility`
 * @throws EdgewrightError (`limit-exceeded`) above `maxDesigns`
 *
 * @example
 * ```ts
 * declare const problem: PlanningProblem;
 * const space = exploreDesigns(problem);
 * const front = paretoFront(space.values, space.scales.map(({ direction }) => direction));
 * const best = designAt(space, rankDesigns(space)[0]!);
 * ```
 */
export function exploreDesigns(
  problem: PlanningProblem,
  options: ExploreDesignsOptions = {},
): DesignSpace {
  const { maxDesigns = 5_000_000 } = options;
  const compiled = compileProblem(problem);
  if (compiled.size > maxDesigns) {
    const product = problem.candidates.map((list) => list.length).join(" x ");
    throw new EdgewrightError(
      "limit-exceeded",
      `exploreDesigns: at most ${maxDesigns} designs were expected, got ${product} = ${compiled.size}; ` +
        "leave candidates out with accept, or use findBestDesign",
    );
  }
  const objectives = problem.slos.filter((slo) => slo.kind === "broad");
  const kept = collectFeasible(compiled);
  const values = kept.figures.slice(0, objectives.length);
  const count = kept.codes.length;
  const scales = objectives.map((slo, i) => scaleObjective(slo, values[i]!));
  const at = { memory: objectives.length, workload: objectives.length + (compiled.memory ? 1 : 0) };
  return {
    problem,
    size: compiled.size,
    count,
    objectives,
    scales,
    values,
    distances: measureDistances(scales, values, count),
    codes: kept.codes,
    memory: compiled.memory && {
      metric: compiled.memory.metric,
      values: kept.figures[at.memory]!,
    },
    workload: compiled.workload && {
      metric: compiled.workload.metric,
      values: kept.figures[at.workload]!,
    },
  };
}

function collectFeasible(compiled: CompiledProblem): {
  codes: Float64Array;
  figures: Float64Array[];
} {
  const outputs: ColumnUse[] = [
    ...compiled.uses.filter((_, j) => compiled.problem.slos[j]!.kind === "broad"),
    ...[compiled.memory, compiled.workload].filter((figure) => figure !== undefined),
  ];
  let capacity = Math.min(compiled.size, 4096);
  let codes = new Float64Array(capacity);
  let figures = outputs.map(() => new Float64Array(capacity));
  let count = 0;
  const filter = createFeasibilityFilter(compiled);
  walkDesigns(compiled, (block) => {
    const feasible = filter(block);
    if (count + block.count > capacity) {
      capacity = Math.min(compiled.size, Math.max(2 * capacity, count + block.count));
      codes = grow(codes, capacity);
      figures = figures.map((figure) => grow(figure, capacity));
    }
    const start = count;
    for (let k = 0; k < block.count; k++) if (feasible[k]) codes[count++] = block.codes[k]!;
    outputs.forEach((use, o) => {
      const to = figures[o]!;
      let at = start;
      const own = block.values[use.column]!;
      const below = use.over === undefined ? undefined : block.values[use.over]!;
      for (let k = 0; k < block.count; k++) {
        if (feasible[k]) to[at++] = below ? own[k]! / below[k]! : own[k]!;
      }
    });
  });
  return {
    codes: codes.subarray(0, count),
    figures: figures.map((figure) => figure.subarray(0, count)),
  };
}

function grow(array: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(capacity);
  longer.set(array);
  return longer;
}

function measureDistances(
  scales: readonly ObjectiveScale[],
  values: readonly Float64Array[],
  count: number,
): Float64Array {
  const distances = new Float64Array(count);
  scales.forEach(({ utopia, deviation, weight }, i) => {
    if (deviation === 0) return;
    const own = values[i]!;
    const factor = weight / deviation ** 2;
    for (let k = 0; k < count; k++) distances[k]! += factor * (own[k]! - utopia) ** 2;
  });
  for (let k = 0; k < count; k++) distances[k] = Math.sqrt(distances[k]!);
  return distances;
}

/** Indices of the feasible designs, the best first; equal ones in the order in which they were enumerated. */
export function rankDesigns({ distances }: Pick<DesignSpace, "distances">): Uint32Array {
  return Uint32Array.from(distances, (_, i) => i).sort(
    (a, b) => distances[a]! - distances[b]! || a - b,
  );
}

/** A feasible design of a space in full. */
export function designAt(space: DesignSpace, index: number): Design {
  const { problem, codes } = space;
  if (!(Number.isInteger(index) && index >= 0 && index < space.count)) {
    throw new EdgewrightError(
      "invalid-argument",
      `designAt: an index below ${space.count} was expected, got ${index}`,
    );
  }
  const compiled = compileProblem(problem);
  return describeDesign(compiled, decodeDesign(compiled, codes[index]!), space.scales);
}

/** A design in full, from the candidate of each task. */
export function describeDesign(
  compiled: CompiledProblem,
  choice: readonly number[],
  scales: readonly ObjectiveScale[],
): Design {
  const { problem } = compiled;
  const { slos, figures, contention } = evaluateDesign(compiled, choice);
  const distance = measureDistance(
    scales,
    slos.filter((_, j) => problem.slos[j]!.kind === "broad"),
  );
  const metrics: Record<string, number> = { ...figures };
  problem.slos.forEach((slo, j) => {
    metrics[formatSlo(slo)] = slos[j]!;
  });
  return {
    assignments: assignmentsOf(problem, choice),
    metrics,
    optimality: 1 / distance,
    ...(contention === undefined ? {} : { contention }),
  };
}

function assignmentsOf(problem: PlanningProblem, choice: readonly number[]): Assignment[] {
  return choice.map((index, i) => {
    const { task, variant, engine, processor } = problem.candidates[i]![index]!;
    return {
      task,
      model: variant.model,
      precision: variant.precision,
      engine: engine.id,
      processor,
      ...(engine.options || engine.threads !== undefined
        ? {
            options: {
              ...(engine.threads === undefined ? {} : { threads: engine.threads }),
              ...engine.options,
            },
          }
        : {}),
    };
  });
}
