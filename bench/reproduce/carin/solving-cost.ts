// What an event costs: a look-up in the table against solving again; and what the device has to keep.
import type { ModelVariant } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  createWeightedSumPlanner,
  type DesignSet,
  exploreDesigns,
  findBestDesign,
  lookUpDesign,
  type PlanningProblem,
  planDesigns,
  selectDesignSet,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import { loadProfiles } from "./load-profiles.js";
import { createMillionDesigns } from "./million-designs.js";
import { useCases } from "./use-cases.js";

const PHONE = "Samsung Galaxy S24";
const LOOK_UPS = 100_000;

/** Times and bytes on one phone's published table; the million designs are synthetic. */
export function measureSolvingCost(context: BenchContext): FigureInput[] {
  return [
    ...useCases().flatMap((useCase) => {
      if (!useCase.name.startsWith("AI-Hub")) return [];
      const profile = loadProfiles(context, useCase.table)?.find(
        ({ device }) => device.name === PHONE,
      );
      return profile ? costOf(`${PHONE}, ${useCase.name.slice(8)}`, useCase.pose(profile)) : [];
    }),
    ...measureMillion(),
  ];
}

function costOf(name: string, problem: PlanningProblem): FigureInput[] {
  const { set, space } = planDesigns(problem);
  const state = { troubled: [problem.processors[0]!], memoryPressure: false };
  const prepared = createWeightedSumPlanner().prepare(space);
  const again = bestOf(5, () => prepared.choose(state));
  const lookUps = bestOf(5, () => {
    let sum = 0; // kept, so that nothing is optimised away
    for (let i = 0; i < LOOK_UPS; i++) {
      sum += lookUpDesign(set, state.troubled, (i & 1) === 1).index;
    }
    return sum;
  });
  const ratio = again / (lookUps / LOOK_UPS);
  const all = bytesOf(problem.candidates.flat().map(({ variant }) => variant));
  const kept = bytesOf(variantsOf(set, problem));
  return [
    {
      metric: `${name}: solving once for all states`,
      value: bestOf(3, () => selectDesignSet(exploreDesigns(problem))),
      unit: "ms",
      note: `${space.size} designs`,
    },
    { metric: `${name}: OODIn solved again at an event`, value: again, unit: "ms" },
    {
      metric: `${name}: look-up at an event`,
      value: (1e6 * lookUps) / LOOK_UPS,
      unit: "ns",
      ratio,
      peer: "solving again",
    },
    {
      ...{ metric: `${name}: models of the design set`, value: kept / 1e6, unit: "MB" },
      ...{ kind: "modelled", ratio: all / kept, peer: `all variants, ${Math.round(all / 1e6)} MB` },
      note: `${set.designs.length} designs; sizes as published`,
    },
  ];
}

function measureMillion(): FigureInput[] {
  const problem = createMillionDesigns();
  const space = exploreDesigns(problem);
  const { scales } = space;
  const whole = bestOf(3, () => selectDesignSet(exploreDesigns(problem)));
  const search = findBestDesign(problem, { scales })!;
  const bound = bestOf(3, () => findBestDesign(problem, { scales }));
  return [
    {
      ...{
        metric: "10^6 designs of three models: enumeration, distances and design set",
        value: whole,
      },
      ...{
        unit: "ms",
        target: { atMost: 1000 },
        note: `${space.count} feasible; synthetic figures`,
      },
    },
    {
      ...{
        metric: "the same: branch and bound for the best one, scales known",
        value: bound,
        unit: "ms",
      },
      note: `${search.visited} partial and whole designs looked at`,
    },
  ];
}

function variantsOf(set: DesignSet, problem: PlanningProblem): ModelVariant[] {
  const used = set.designs.flatMap(({ assignments }) => assignments);
  return problem.candidates
    .flat()
    .map(({ variant }) => variant)
    .filter(({ task, model, precision }) =>
      used.some((one) => one.task === task && one.model === model && one.precision === precision),
    );
}

// Every variant once: weights do not depend on the engine.
function bytesOf(variants: readonly ModelVariant[]): number {
  return [...new Set(variants)].reduce((sum, { bytes = 0 }) => sum + bytes, 0);
}

function bestOf(times: number, run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
