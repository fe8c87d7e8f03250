// How much nearer to the utopia point the planned designs lie than those of each baseline, on every device of a table.
import { EdgewrightError } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  createRassPlanner,
  createSingleArchitecturePlanner,
  createTransferredPlanner,
  createUnawarePlanner,
  createWeightedSumPlanner,
  type DesignPlanner,
  type DesignSpace,
  type DeviceState,
  exploreDesigns,
  type PlannedDesign,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import { Gains } from "./distribution.js";
import { loadProfiles } from "./load-profiles.js";
import { type UseCase, useCases } from "./use-cases.js";

const ALL_WELL: DeviceState = { troubled: [], memoryPressure: false };
const QUICK_DEVICES = 5;

/** One row a use case and baseline. */
export function compareOptimality(context: BenchContext): FigureInput[] {
  return useCases().flatMap((useCase) => compareUseCase(context, useCase));
}

function compareUseCase(context: BenchContext, useCase: UseCase): FigureInput[] {
  const profiles = loadProfiles(context, useCase.table);
  if (!profiles) return [];
  const spaces: DesignSpace[] = [];
  const counts = { candidates: 0, excluded: 0, impossible: 0, infeasible: 0, designs: 0 };
  for (const profile of context.quick ? profiles.slice(0, QUICK_DEVICES) : profiles) {
    context.signal.throwIfAborted();
    try {
      const problem = useCase.pose(profile);
      counts.candidates += problem.candidates.flat().length;
      counts.excluded += problem.excluded.length;
      const space = exploreDesigns(problem);
      counts.designs += space.size;
      if (space.count > 0) spaces.push(space);
      else counts.infeasible++;
    } catch (error) {
      if (!EdgewrightError.isInstance(error) || error.code !== "invalid-argument") throw error;
      counts.impossible++; // nothing was measured for one of the tasks
    }
  }
  context.log(`${useCase.name}: ${spaces.length} devices`);
  const { name } = useCase;
  return [
    {
      ...{ metric: `${name}: devices with a feasible design`, value: spaces.length, unit: "" },
      kind: "modelled",
      note:
        `${useCase.slos}; ${counts.designs} designs; ${counts.excluded} of ` +
        `${counts.candidates + counts.excluded} candidates lack a figure and are left out; no design holds on ` +
        `${counts.infeasible} devices, no candidates on ${counts.impossible}` +
        (useCase.sources ? `; ${useCase.sources}` : ""),
    },
    ...compareHere(spaces, name),
    compareTransferred(spaces, name),
  ];
}

// Baselines that plan on the device itself.
function compareHere(spaces: readonly DesignSpace[], name: string): FigureInput[] {
  const several = (spaces[0]?.problem.tasks.length ?? 1) > 1;
  const planners: [DesignPlanner, string][] = [
    [createWeightedSumPlanner(), "OODIn's weighted sum"],
    [createSingleArchitecturePlanner("accuracy"), "the most accurate architecture"],
    [createSingleArchitecturePlanner("size"), "the smallest architecture"],
  ];
  if (several) planners.push([createUnawarePlanner(), "each model planned alone"]);
  const gains = planners.map(() => new Gains());
  const events = new Gains();
  let [unavoidable, kept] = [0, 0];
  for (const space of spaces) {
    const own = createRassPlanner().prepare(space);
    const best = own.choose(ALL_WELL)!.design.optimality;
    planners.forEach(([planner], i) => {
      const prepared = planner.prepare(space);
      const other = prepared.choose(ALL_WELL);
      gains[i]!.add(best, judgedOf(other));
      if (planner.name !== "weighted-sum") return;
      for (const processor of space.problem.processors) {
        const state = { troubled: [processor], memoryPressure: false };
        const [mine, theirs] = [own.choose(state)!, prepared.choose(state)!];
        // Where nothing avoids the processor, optimality says nothing of how either would do.
        if (uses(theirs, processor)) unavoidable++;
        else if (uses(mine, processor)) kept++;
        else events.add(mine.design.optimality, judgedOf(theirs));
      }
    });
  }
  return [
    ...planners.map(([, label], i) => gains[i]!.toFigure(`${name}: over ${label}`)),
    events.toFigure(
      `${name}: over OODIn solved again, one processor in trouble`,
      `${unavoidable} more where no design avoids it, ${kept} where only OODIn does`,
    ),
  ];
}

// The best design of each device on every other one.
function compareTransferred(spaces: readonly DesignSpace[], name: string): FigureInput {
  const gains = new Gains();
  const best = spaces.map((space) => space.distances.reduce((a, b) => Math.min(a, b)));
  for (const source of spaces) {
    const planner = createTransferredPlanner(source);
    spaces.forEach((target, i) => {
      if (target === source) return;
      const other = planner.prepare(target).choose(ALL_WELL);
      gains.add(1 / best[i]!, judgedOf(other));
    });
  }
  return gains.toFigure(`${name}: over designs transferred from another device`);
}

function uses({ design }: PlannedDesign, processor: string): boolean {
  return design.assignments.some((assignment) => assignment.processor === processor);
}

function judgedOf(
  planned: PlannedDesign | undefined,
): { optimality: number; feasible: boolean } | undefined {
  return planned && { optimality: planned.design.optimality, feasible: planned.feasible };
}
