import { EdgewrightError } from "@edgewright/core";
import type { Design } from "./design.js";
import { type CompiledProblem, combineTwo, compileProblem, startOf } from "./design-columns.js";
import { evaluateDesign } from "./evaluate-design.js";
import { describeDesign } from "./explore-designs.js";
import { measureScales } from "./measure-scales.js";
import { measureDistance, type ObjectiveScale } from "./optimality.js";
import type { PlanningProblem } from "./planning-problem.js";
import { decodeDesign, type MappedColumns, walkMappings } from "./walk-designs.js";

/** Options of {@link findBestDesign}. */
export interface FindBestDesignOptions {
  /**
   * What distances are measured by, say from `exploreDesigns` of the same problem.
   *
   * @default measured over all feasible designs, in one pass that keeps none of them
   */
  scales?: readonly ObjectiveScale[];
  /** Processors that the design must not use. @default none */
  avoid?: readonly string[];
}

/** What {@link findBestDesign} returns. */
export interface BestDesign {
  readonly design: Design;
  /** Partial and whole designs that were looked at. */
  readonly visited: number;
}

/**
 * The feasible design nearest to the utopia point, by branch and bound: models are chosen task by task, and a branch is left
 * as soon as the best that could still come of it is no better than what was found, or breaks a constraint. Exact; with the
 * scales known it looks at a small part of the designs.
 *
 * @returns undefined where no design is feasible
 * @throws EdgewrightError (`invalid-argument`) for scales of other objectives
 *
 * @example
 * ```ts
 * declare const problem: PlanningProblem;
 * const best = findBestDesign(problem, { avoid: ["gpu"] });
 * ```
 */
export function findBestDesign(
  problem: PlanningProblem,
  options: FindBestDesignOptions = {},
): BestDesign | undefined {
  const { avoid = [] } = options;
  const compiled = compileProblem(problem);
  const scales = options.scales ?? measureScales(compiled);
  if (!scales) return undefined;
  const objectives = problem.slos.filter(({ kind }) => kind === "broad").length;
  if (scales.length !== objectives) {
    throw new EdgewrightError(
      "invalid-argument",
      `findBestDesign: scales of ${objectives} objectives were expected, got ${scales.length}`,
    );
  }
  const search: Search = {
    compiled,
    scales,
    distance: Number.POSITIVE_INFINITY,
    code: -1,
    visited: 0,
  };
  const avoided = avoid.map((name) => problem.processors.indexOf(name));
  const start = Float64Array.from(compiled.columns, ({ combine }) => startOf(combine));
  const mappings = [];
  for (const mapped of walkMappings(compiled)) {
    if (mapped.mapping.some((processor) => avoided.includes(processor))) continue;
    const rest = boundRest(compiled, mapped);
    mappings.push({ mapped, rest, bound: lowestDistance(search, start, rest[0]!) });
  }
  // The most promising first: what it finds cuts the others off.
  mappings.sort((a, b) => a.bound - b.bound);
  for (const { mapped, rest, bound } of mappings) {
    if (!(bound < search.distance)) break;
    searchMapping(search, mapped, rest);
  }
  // Bounds know nothing of what was measured as a whole, so those designs stand for themselves.
  for (const code of compiled.measured.keys()) considerMeasured(search, code, avoid);
  if (search.code < 0) return undefined;
  const design = describeDesign(compiled, decodeDesign(compiled, search.code), scales);
  return { design, visited: search.visited };
}

interface Search {
  readonly compiled: CompiledProblem;
  readonly scales: readonly ObjectiveScale[];
  /** Of the best design so far. */
  distance: number;
  code: number;
  visited: number;
}

function searchMapping(search: Search, mapped: MappedColumns, rest: readonly Float64Array[]): void {
  const { compiled } = search;
  const { columns, strides } = compiled;
  const partial = mapped.choices.map(() => new Float64Array(columns.length));
  columns.forEach(({ combine }, c) => {
    partial[0]![c] = startOf(combine);
  });
  const extended = new Float64Array(columns.length);
  const extend = (task: number, k: number, to: Float64Array): void => {
    for (let c = 0; c < columns.length; c++) {
      const own = mapped.values[c]![task];
      const before = partial[task]![c]!;
      to[c] = own ? combineTwo(columns[c]!.combine, before, own[k]!) : before;
    }
  };
  const last = mapped.choices.length - 1;
  const descend = (task: number, code: number): void => {
    const chosen = mapped.choices[task]!;
    const bounds = new Float64Array(chosen.length);
    for (let k = 0; k < chosen.length; k++) {
      extend(task, k, extended);
      bounds[k] = lowestDistance(search, extended, rest[task + 1]!);
    }
    search.visited += chosen.length;
    // Again the most promising first.
    const order = Uint32Array.from(chosen, (_, k) => k).sort((a, b) => bounds[a]! - bounds[b]!);
    for (const k of order) {
      if (!(bounds[k]! < search.distance)) return;
      const next = code + chosen[k]! * strides[task]!;
      if (task < last) {
        extend(task, k, partial[task + 1]!);
        descend(task + 1, next);
      } else if (!compiled.measured.has(next)) {
        search.distance = bounds[k]!;
        search.code = next;
      }
    }
  };
  descend(0, 0);
}

// By task: the best figures that the tasks from there on can have, one column at a time.
function boundRest(compiled: CompiledProblem, mapped: MappedColumns): Float64Array[] {
  const { columns } = compiled;
  const tasks = mapped.choices.length;
  const wanted = wantedEnds(compiled);
  const rest = Array.from({ length: tasks + 1 }, () => new Float64Array(columns.length));
  columns.forEach(({ combine }, c) => {
    rest[tasks]![c] = startOf(combine);
    for (let task = tasks - 1; task >= 0; task--) {
      const own = mapped.values[c]![task];
      const after = rest[task + 1]![c]!;
      rest[task]![c] = own
        ? combineTwo(
            combine,
            after,
            own.reduce((a, b) => (wanted[c] === "max" ? Math.max(a, b) : Math.min(a, b))),
          )
        : after;
    }
  });
  return rest;
}

// Which end of each column is the favourable one.
function wantedEnds({ columns, uses, problem }: CompiledProblem): ("max" | "min")[] {
  const wanted: ("max" | "min")[] = columns.map(() => "min");
  uses.forEach(({ column, over }, j) => {
    const slo = problem.slos[j]!;
    const most = slo.kind === "broad" ? slo.direction === "max" : slo.comparison === ">=";
    wanted[column] = most ? "max" : "min";
    if (over !== undefined) wanted[over] = most ? "min" : "max";
  });
  return wanted;
}

// A distance that no design of the branch is below; infinite when a constraint cannot hold in it.
function lowestDistance(
  { compiled, scales }: Search,
  partial: Float64Array,
  rest: Float64Array,
): number {
  const { columns, uses, bounds, problem } = compiled;
  let sum = 0;
  let objective = 0;
  for (let j = 0; j < uses.length; j++) {
    const { column, over } = uses[j]!;
    let value = combineTwo(columns[column]!.combine, partial[column]!, rest[column]!);
    if (over !== undefined) {
      value /= combineTwo(columns[over]!.combine, partial[over]!, rest[over]!);
    }
    const slo = problem.slos[j]!;
    if (slo.kind === "narrow") {
      if (slo.comparison === "<=" ? value > bounds[j]! : value < bounds[j]!) {
        return Number.POSITIVE_INFINITY;
      }
      continue;
    }
    const { utopia, deviation, weight } = scales[objective++]!;
    if (deviation === 0) continue;
    const gap = slo.direction === "max" ? utopia - value : value - utopia;
    // Beyond the utopia point nothing is known: what comes of the branch may lie on it.
    if (gap > 0) sum += weight * (gap / deviation) ** 2;
  }
  return Math.sqrt(sum);
}

function considerMeasured(search: Search, code: number, avoid: readonly string[]): void {
  const { compiled } = search;
  const choice = decodeDesign(compiled, code);
  const { slos, feasible } = evaluateDesign(compiled, choice);
  const { candidates } = compiled.problem;
  if (!feasible) return;
  if (choice.some((at, task) => avoid.includes(candidates[task]![at]!.processor))) return;
  const distance = measureDistance(
    search.scales,
    slos.filter((_, j) => compiled.problem.slos[j]!.kind === "broad"),
  );
  search.visited++;
  if (distance < search.distance) {
    search.distance = distance;
    search.code = code;
  }
}
