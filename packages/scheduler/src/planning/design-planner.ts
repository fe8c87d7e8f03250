import type { Design } from "./design.js";
import { type CompiledProblem, compileProblem } from "./design-columns.js";
import { lookUpDesign } from "./design-set.js";
import { evaluateDesign } from "./evaluate-design.js";
import { type DesignSpace, describeDesign } from "./explore-designs.js";
import { selectDesignSet } from "./plan-designs.js";

/** What is wrong on a device just now. */
export interface DeviceState {
  /** Names of processors. */
  readonly troubled: readonly string[];
  readonly memoryPressure: boolean;
}

/** What a planner would run. */
export interface PlannedDesign {
  /** With the figures that it really has, contention included, whatever the planner knew of them. */
  readonly design: Design;
  /** Whether it holds every constraint of the problem. */
  readonly feasible: boolean;
}

/** A planner that has seen its device. */
export interface PreparedPlanner {
  /** What runs in a state; undefined where the planner has nothing to offer. */
  choose(state: DeviceState): PlannedDesign | undefined;
}

/** A way to plan: the design set and the baselines behind one interface, so that they are judged alike. */
export interface DesignPlanner {
  /** Short name for tables. */
  readonly name: string;
  /** All that is done before the first event. */
  prepare(space: DesignSpace): PreparedPlanner;
}

/**
 * Plans once, and then only looks up, in the style of CARIn's RASS.
 *
 * @example
 * ```ts
 * declare const space: DesignSpace;
 * const planners = [createRassPlanner(), createWeightedSumPlanner(), createUnawarePlanner()];
 * for (const planner of planners) {
 *   const planned = planner.prepare(space).choose({ troubled: ["gpu"], memoryPressure: false });
 *   console.log(planner.name, planned?.design.optimality);
 * }
 * ```
 */
export function createRassPlanner(): DesignPlanner {
  return {
    name: "rass",
    prepare(space) {
      if (space.count === 0) return { choose: () => undefined };
      const set = selectDesignSet(space);
      return {
        choose({ troubled, memoryPressure }) {
          const { design } = lookUpDesign(set, troubled, memoryPressure);
          return { design, feasible: true };
        },
      };
    },
  };
}

/** A planned design from the candidate of each task, judged by the scales of a space. */
export function judgeChoice(
  space: DesignSpace,
  choice: readonly number[],
  compiled: CompiledProblem = compileProblem(space.problem),
): PlannedDesign {
  const { feasible } = evaluateDesign(compiled, choice);
  return { design: describeDesign(compiled, choice, space.scales), feasible };
}
