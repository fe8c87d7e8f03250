import { readMetric } from "./candidate.js";
import { scoreByWeightedSum } from "./choose-designs.js";
import { compileProblem } from "./design-columns.js";
import {
  type DesignPlanner,
  type DeviceState,
  judgeChoice,
  type PreparedPlanner,
} from "./design-planner.js";
import { type DesignSpace, exploreDesigns } from "./explore-designs.js";
import type { PlanningProblem } from "./planning-problem.js";
import { listUsedProcessors, processorBits } from "./used-processors.js";
import { decodeDesign } from "./walk-designs.js";

/**
 * OODIn's way: the greatest weighted sum of normalised objectives, found anew over all designs at every event. Without the
 * troubled processors, where that leaves anything; with short memory, the least memory first.
 */
export function createWeightedSumPlanner(): DesignPlanner {
  return {
    name: "weighted-sum",
    prepare: (space) => ({
      choose(state) {
        // All of it is solved again: that is what the method costs at run time.
        const fresh = exploreDesigns(space.problem, { maxDesigns: Number.POSITIVE_INFINITY });
        const index = chooseGreatest(fresh, scoreByWeightedSum(fresh), state);
        return index === undefined ? undefined : judgeIndex(space, index);
      },
    }),
  };
}

/**
 * One architecture for each task and nothing else: the most accurate one (B-A) or the smallest (B-S), at the precision and
 * on the engine that come nearest to the utopia point of all architectures.
 */
export function createSingleArchitecturePlanner(by: "accuracy" | "size"): DesignPlanner {
  return {
    name: by === "accuracy" ? "best-accuracy" : "best-size",
    prepare(space) {
      const allowed = allowArchitecture(space.problem, by);
      const compiled = compileProblem(space.problem);
      const scores = Float64Array.from(space.codes, (code, k) => {
        const choice = decodeDesign(compiled, code);
        const all = choice.every((at, task) => allowed[task]!.has(at));
        return all ? -space.distances[k]! : Number.NaN;
      });
      return {
        choose(state) {
          const index = chooseGreatest(space, scores, state);
          return index === undefined ? undefined : judgeIndex(space, index);
        },
      };
    },
  };
}

/**
 * Each task planned as if it were alone, and the designs put together: what it costs that they share the device shows only
 * when they run. Does not answer to events.
 */
export function createUnawarePlanner(): DesignPlanner {
  return {
    name: "multi-model-unaware",
    prepare: (space) =>
      createStaticPlanner(() => {
        const choice = space.problem.tasks.map((_, task) => {
          const alone = exploreDesigns(onlyTask(space.problem, task));
          if (alone.count === 0) return -1;
          let best = 0;
          for (let k = 1; k < alone.count; k++) {
            if (alone.distances[k]! < alone.distances[best]!) best = k;
          }
          return alone.codes[best]!;
        });
        return choice.includes(-1) ? undefined : judgeChoice(space, choice);
      }),
  };
}

/**
 * The best design of another device, used as it is: hardware-unaware. Nothing where this device lacks a variant or an engine
 * of it. Does not answer to events.
 *
 * @param source the other device, under the same objectives
 */
export function createTransferredPlanner(source: DesignSpace): DesignPlanner {
  return {
    name: "transferred",
    prepare: (space) =>
      createStaticPlanner(() => {
        if (source.count === 0) return undefined;
        let best = 0;
        for (let k = 1; k < source.count; k++) {
          if (source.distances[k]! < source.distances[best]!) best = k;
        }
        const compiled = compileProblem(source.problem);
        const choice = decodeDesign(compiled, source.codes[best]!).map((at, task) => {
          const wanted = source.problem.candidates[task]![at]!;
          return space.problem.candidates[task]!.findIndex(({ variant, engine }) => {
            return (
              variant.model === wanted.variant.model &&
              variant.precision === wanted.variant.precision &&
              engine.id === wanted.engine.id
            );
          });
        });
        return choice.includes(-1) ? undefined : judgeChoice(space, choice);
      }),
  };
}

function createStaticPlanner(plan: () => ReturnType<PreparedPlanner["choose"]>): PreparedPlanner {
  const planned = plan();
  return { choose: () => planned };
}

function judgeIndex(space: DesignSpace, index: number): ReturnType<PreparedPlanner["choose"]> {
  const compiled = compileProblem(space.problem);
  return judgeChoice(space, decodeDesign(compiled, space.codes[index]!), compiled);
}

// The greatest score among designs off the troubled processors; NaN is no score.
function chooseGreatest(
  space: DesignSpace,
  scores: Float64Array,
  { troubled, memoryPressure }: DeviceState,
): number | undefined {
  const used = listUsedProcessors(space);
  const bad = processorBits(space.problem.processors, troubled);
  const memory = memoryPressure ? space.memory?.values : undefined;
  const choose = (avoid: number): number | undefined => {
    let found: number | undefined;
    for (let k = 0; k < space.count; k++) {
      if (Number.isNaN(scores[k]!) || (used[k]! & avoid) !== 0) continue;
      const step = found === undefined ? -1 : memory ? memory[k]! - memory[found]! : 0;
      if (step < 0 || (step === 0 && scores[k]! > scores[found!]!)) found = k;
    }
    return found;
  };
  return choose(bad) ?? choose(0);
}

// By task: the candidates of the architecture that is the most accurate, or the smallest, at any of its precisions.
function allowArchitecture(
  { candidates }: PlanningProblem,
  by: "accuracy" | "size",
): ReadonlySet<number>[] {
  return candidates.map((list) => {
    let best = { score: Number.NEGATIVE_INFINITY, model: "" };
    for (const candidate of list) {
      const value = readMetric(candidate, by);
      const score = value === undefined ? Number.NEGATIVE_INFINITY : by === "size" ? -value : value;
      if (score > best.score) best = { score, model: candidate.variant.model };
    }
    return new Set(list.flatMap(({ variant }, at) => (variant.model === best.model ? [at] : [])));
  });
}

function onlyTask(problem: PlanningProblem, task: number): PlanningProblem {
  const name = problem.tasks[task]!;
  return {
    ...problem,
    tasks: [name],
    candidates: [problem.candidates[task]!],
    slos: problem.slos.filter((slo) => slo.task === undefined || slo.task === name),
  };
}
