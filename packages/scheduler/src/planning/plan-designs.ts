import { EdgewrightError } from "@edgewright/core";
import type { Design } from "./design.js";
import { changeBetween } from "./design-change.js";
import { compileProblem } from "./design-columns.js";
import {
  type DesignRoles,
  type DesignSet,
  MAX_SWITCHING_ENGINES,
  type SwitchingEntry,
} from "./design-set.js";
import { explainInfeasibility, InfeasibleProblemError } from "./explain-infeasibility.js";
import {
  type DesignSpace,
  describeDesign,
  type ExploreDesignsOptions,
  exploreDesigns,
} from "./explore-designs.js";
import type { PlanningProblem } from "./planning-problem.js";
import { listUsedProcessors } from "./used-processors.js";
import { decodeDesign } from "./walk-designs.js";

/** What {@link planDesigns} returns. */
export interface DesignPlan {
  /** The few designs to keep on the device, and which runs when. */
  readonly set: DesignSet;
  /** All designs that would be feasible. */
  readonly space: DesignSpace;
}

/**
 * Solves a problem once for all states of the device, in the style of CARIn's RASS: the best design d0, the best ones d1
 * and d2 on other processors, the one with the least memory dm, the one with the least work dw, and a table that says for
 * every combination of troubled processors and short memory which of them runs.
 *
 * Where several tasks leave no processor unused, d1 and d2 are the best designs that free at least one that the ones
 * before all use. Where the memory or the work of the models is not known, size and latency stand in.
 *
 * @throws InfeasibleProblemError where no design holds all constraints, with the smallest relaxations
 * @throws EdgewrightError (`limit-exceeded`) as `exploreDesigns`, and above {@link MAX_SWITCHING_ENGINES} processors
 *
 * @example
 * ```ts
 * declare const problem: PlanningProblem;
 * const { set } = planDesigns(problem);
 * formatDesign(set.designs[set.roles.d0]!); // "image-classification: efficientnet-lite3 int8 @ edgetpu"
 * const { design } = lookUpDesign(set, ["npu"], false); // what runs while the accelerator is taken
 * ```
 */
export function planDesigns(
  problem: PlanningProblem,
  options: ExploreDesignsOptions = {},
): DesignPlan {
  const space = exploreDesigns(problem, options);
  return { set: selectDesignSet(space), space };
}

/**
 * The design set of an explored space, as `planDesigns` makes it.
 *
 * @throws InfeasibleProblemError for an empty space
 * @throws EdgewrightError (`limit-exceeded`) above {@link MAX_SWITCHING_ENGINES} processors
 */
export function selectDesignSet(space: DesignSpace): DesignSet {
  const { processors } = space.problem;
  if (processors.length > MAX_SWITCHING_ENGINES) {
    throw new EdgewrightError(
      "limit-exceeded",
      `planDesigns: at most ${MAX_SWITCHING_ENGINES} processors were expected, got ${processors.length}; ` +
        "let processorOf name several engines alike",
    );
  }
  if (space.count === 0) throw new InfeasibleProblemError(explainInfeasibility(space.problem)!);
  const compiled = compileProblem(space.problem);
  const { roles, indices, masks } = chooseDesigns(space);
  const designs = indices.map((index) => {
    return describeDesign(compiled, decodeDesign(compiled, space.codes[index]!), space.scales);
  });
  const memory = indices.map((index) => space.memory?.values[index] ?? 0);
  const table = createSwitchingTable(designs, roles, masks, memory, processors.length);
  return { version: 1, designs, roles, engines: processors, table };
}

interface ChosenDesigns {
  readonly roles: DesignRoles;
  /** In the space, each once; roles are indices in here. */
  readonly indices: readonly number[];
  /** Processors used, a bit for each. */
  readonly masks: readonly number[];
}

function chooseDesigns(space: DesignSpace): ChosenDesigns {
  const used = listUsedProcessors(space);
  const best = (accept: (mask: number) => boolean): number => {
    let found = -1;
    for (let i = 0; i < space.count; i++) {
      if (found >= 0 && space.distances[i]! >= space.distances[found]!) continue;
      if (accept(used[i]!)) found = i;
    }
    return found;
  };
  const d0 = best(() => true);
  const chosen = [d0];
  for (let more = 0; more < 2; more++) {
    const any = chosen.reduce((mask, index) => mask | used[index]!, 0);
    const all = chosen.reduce((mask, index) => mask & used[index]!, -1);
    let next = best((mask) => (mask & any) === 0);
    // In trouble, every design so far would stand still on these.
    if (next < 0 && all !== 0) next = best((mask) => (all & ~mask) !== 0);
    if (next < 0) break;
    chosen.push(next);
  }
  const [, d1, d2] = chosen;
  const dm = leastOf(space.memory?.values, space.distances) ?? d0;
  const dw = leastOf(space.workload?.values, space.distances) ?? d0;
  const indices = [...new Set([...chosen, dm, dw])];
  const at = (index: number): number => indices.indexOf(index);
  return {
    roles: {
      d0: 0,
      ...(d1 === undefined ? {} : { d1: at(d1) }),
      ...(d2 === undefined ? {} : { d2: at(d2) }),
      dm: at(dm),
      dw: at(dw),
    },
    indices,
    masks: indices.map((index) => used[index]!),
  };
}

// Of those with the least, the one nearest to the utopia point.
function leastOf(values: Float64Array | undefined, distances: Float64Array): number | undefined {
  if (!values) return undefined;
  let found = 0;
  for (let i = 1; i < values.length; i++) {
    const step = values[i]! - values[found]! || distances[i]! - distances[found]!;
    if (step < 0) found = i;
  }
  return found;
}

function createSwitchingTable(
  designs: readonly Design[],
  roles: DesignRoles,
  masks: readonly number[],
  memory: readonly number[],
  processors: number,
): SwitchingEntry[] {
  const byOptimality = order(designs, (design) => -design.optimality);
  const byMemory = order(designs, (_, i) => memory[i]!);
  const choose = (troubled: number, short: boolean): number => {
    const preferred = short ? roles.dm : roles.d0;
    const free = (index: number): boolean => (masks[index]! & troubled) === 0;
    if (free(preferred)) return preferred;
    const other = (short ? byMemory : byOptimality).find(free);
    return other ?? (short ? roles.dm : roles.dw);
  };
  return Array.from({ length: 2 ** (processors + 1) }, (_, state) => {
    const design = choose(state & (2 ** processors - 1), state >= 2 ** processors);
    return { design, change: changeBetween(designs[roles.d0]!, designs[design]!) };
  });
}

function order(designs: readonly Design[], key: (design: Design, i: number) => number): number[] {
  const keys = designs.map(key);
  // Infinity less Infinity is no number.
  const compare = (a: number, b: number): number =>
    keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : a - b;
  return designs.map((_, i) => i).sort(compare);
}
