import { EdgewrightError } from "@edgewright/core";
import { modelSlowdown } from "./contention.js";
import {
  type CompiledProblem,
  combineTwo,
  type DesignColumn,
  evaluateColumns,
  startOf,
} from "./design-columns.js";

const MOST_DESIGNS = 1e9;
const MOST_MAPPINGS = 1e6;

/** Designs that differ in one task only, with all their figures; the arrays are used again for the next block. */
export interface DesignBlock {
  /** Designs in it: only so many places of the arrays count. */
  count: number;
  /** Number of each design: the indices of its candidates, each times its task's stride, added up. */
  readonly codes: Float64Array;
  /** By column of the problem. */
  readonly values: readonly Float64Array[];
  /** Which processor runs each task, as an index into the problem's; -1 for tasks without a choice of it. */
  readonly mapping: readonly number[];
}

/** Tasks mapped to processors, and the figures that the candidates on them have then. */
export interface MappedColumns {
  /** Index of the processor, by task. */
  readonly mapping: readonly number[];
  /** By task: indices of the candidates on its processor. */
  readonly choices: readonly (readonly number[])[];
  /** By column and task: figures of those candidates, slowed down by what runs beside. */
  readonly values: readonly (readonly (Float64Array | undefined)[])[];
}

/**
 * Every mapping of tasks to processors that has candidates, with the figures under it.
 *
 * @throws EdgewrightError (`limit-exceeded`) above 10^6 mappings
 */
export function* walkMappings(compiled: CompiledProblem): Generator<MappedColumns> {
  const { candidates, processors, kappa, memoryIntensity } = compiled.problem;
  const intensities = candidates.map((list) => Float64Array.from(list, memoryIntensity));
  const groups = candidates.map((list) =>
    processors.map((name) => list.flatMap(({ processor }, i) => (processor === name ? [i] : []))),
  );
  const mappings = groups.reduce(
    (product, own) => product * own.filter(({ length }) => length > 0).length,
    1,
  );
  if (mappings > MOST_MAPPINGS) {
    throw new EdgewrightError(
      "limit-exceeded",
      `createPlanningProblem: at most ${MOST_MAPPINGS} mappings of tasks to processors were expected, got ${mappings}; ` +
        "let processorOf name several engines alike",
    );
  }
  const mapping: number[] = [];
  function* choose(task: number): Generator<MappedColumns> {
    if (task === candidates.length) {
      const busy = new Set(mapping).size;
      const choices = mapping.map((processor, i) => groups[i]![processor]!);
      const slowdowns = mapping.map((processor, i) => {
        const sharing = mapping.filter((other) => other === processor).length;
        const own = intensities[i]!;
        return Float64Array.from(choices[i]!, (at) =>
          modelSlowdown(sharing, busy, kappa, own[at]!),
        );
      });
      const values = compiled.columns.map((column) => {
        return choices.map((chosen, i) => slowDown(column, i, chosen, slowdowns[i]!));
      });
      yield { mapping: [...mapping], choices, values };
      return;
    }
    for (let processor = 0; processor < processors.length; processor++) {
      if (groups[task]![processor]!.length === 0) continue;
      mapping[task] = processor;
      yield* choose(task + 1);
    }
  }
  yield* choose(0);
}

/**
 * Computes every design of a problem, block by block. One addition or comparison for each design and column: the figures of
 * all tasks but the last are put together once a block.
 *
 * @throws EdgewrightError (`limit-exceeded`) above 10^9 designs, which would take minutes
 */
export function walkDesigns(compiled: CompiledProblem, visit: (block: DesignBlock) => void): void {
  const { columns, strides, problem } = compiled;
  if (compiled.size > MOST_DESIGNS) {
    throw new EdgewrightError(
      "limit-exceeded",
      `createPlanningProblem: at most ${MOST_DESIGNS} designs can be looked at one by one, got ${compiled.size}; ` +
        "leave candidates out with accept, or give findBestDesign its scales",
    );
  }
  const sizes = problem.candidates.map((list) => list.length);
  // The task with the most candidates last: long blocks, little work between them.
  const order = sizes.map((_, task) => task).sort((a, b) => sizes[a]! - sizes[b]!);
  const last = order.at(-1)!;
  const depth = order.length - 1;
  const codes = new Float64Array(sizes[last]!);
  const values = columns.map(() => new Float64Array(sizes[last]!));
  const partial = order.map(() => new Float64Array(columns.length));
  columns.forEach(({ combine }, c) => {
    partial[0]![c] = startOf(combine);
  });

  for (const mapped of walkMappings(compiled)) {
    const block = { count: mapped.choices[last]!.length, codes, values, mapping: mapped.mapping };
    const descend = (level: number, code: number): void => {
      if (level === depth) {
        fillBlock(compiled, mapped, last, partial[depth]!, code, block);
        if (compiled.measured.size > 0) replaceMeasured(compiled, block);
        visit(block);
        return;
      }
      const task = order[level]!;
      const [from, to] = [partial[level]!, partial[level + 1]!];
      mapped.choices[task]!.forEach((candidate, k) => {
        for (let c = 0; c < columns.length; c++) {
          const own = mapped.values[c]![task];
          to[c] = own ? combineTwo(columns[c]!.combine, from[c]!, own[k]!) : from[c]!;
        }
        descend(level + 1, code + candidate * strides[task]!);
      });
    };
    descend(0, 0);
  }
}

function fillBlock(
  { columns, strides }: CompiledProblem,
  mapped: MappedColumns,
  task: number,
  partial: Float64Array,
  code: number,
  { codes, values, count }: DesignBlock,
): void {
  const chosen = mapped.choices[task]!;
  for (let k = 0; k < count; k++) codes[k] = code + chosen[k]! * strides[task]!;
  for (let c = 0; c < columns.length; c++) {
    const own = mapped.values[c]![task];
    const to = values[c]!;
    const base = partial[c]!;
    if (!own) to.fill(base, 0, count);
    else if (columns[c]!.combine === "sum") for (let k = 0; k < count; k++) to[k] = base + own[k]!;
    else if (columns[c]!.combine === "min") {
      for (let k = 0; k < count; k++) to[k] = Math.min(base, own[k]!);
    } else for (let k = 0; k < count; k++) to[k] = Math.max(base, own[k]!);
  }
}

// Designs that were measured as a whole keep their measured slow-downs.
function replaceMeasured(compiled: CompiledProblem, { codes, values, count }: DesignBlock): void {
  for (let k = 0; k < count; k++) {
    const slowdowns = compiled.measured.get(codes[k]!);
    if (!slowdowns) continue;
    evaluateColumns(compiled, decodeDesign(compiled, codes[k]!), slowdowns).forEach((value, c) => {
      values[c]![k] = value;
    });
  }
}

/** The candidate of each task in the design of a number. */
export function decodeDesign({ problem, strides }: CompiledProblem, code: number): number[] {
  return strides.map((stride, task) => {
    return Math.floor(code / stride) % problem.candidates[task]!.length;
  });
}

function slowDown(
  { contention, values }: DesignColumn,
  task: number,
  chosen: readonly number[],
  slowdowns: Float64Array,
): Float64Array | undefined {
  const own = values[task];
  if (!own) return undefined;
  return Float64Array.from(chosen, (at, k) =>
    contention === "none"
      ? own[at]!
      : contention === "divide"
        ? own[at]! / slowdowns[k]!
        : own[at]! * slowdowns[k]!,
  );
}
