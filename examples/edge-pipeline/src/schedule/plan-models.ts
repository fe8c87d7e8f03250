import type { DeviceProfile } from "@edgewright/core";
import {
  createPlanningProblem,
  type DesignSet,
  formatDesign,
  planDesigns,
} from "@edgewright/scheduler";
import type { PlannedDesign } from "./served-requests.js";
import { type ProfiledModel, READ_LINES, SORT_PICTURES } from "./task-models.js";

const ENGINE = { id: "edgewright-1t", runtime: "edgewright", unit: "cpu", threads: 1 } as const;

/** A plan, and the same in words. */
export interface ModelPlan {
  readonly set: DesignSet;
  readonly objectives: string;
  readonly designs: readonly PlannedDesign[];
}

/**
 * Chooses which model sorts pictures while all is well and which when the processor cannot keep up: the most accurate
 * that takes at most 1.5 times as long as a line of text, and the one with the least work.
 */
export function planModels(profiled: readonly ProfiledModel[]): ModelPlan {
  const line = profiled.find(({ model }) => model.task === READ_LINES)!;
  const fastest = Math.min(
    ...profiled.filter(({ model }) => model.task === SORT_PICTURES).map(({ meanMs }) => meanMs),
  );
  // On a machine where even the fastest takes longer, there is still something to choose.
  const limit = Math.max(1.5 * line.meanMs, 1.1 * fastest);
  const objectives = `max accuracy for "${SORT_PICTURES}"; latency <= ${limit.toPrecision(3)}ms for "${SORT_PICTURES}"`;
  const problem = createPlanningProblem({
    profile: describeProfile(profiled),
    slos: objectives,
    tasks: [READ_LINES, SORT_PICTURES],
  });
  const { set } = planDesigns(problem);
  const designs = set.designs.map((design, index): PlannedDesign => {
    const sorting = design.assignments.find(({ task }) => task === SORT_PICTURES)!;
    const { model, meanMs } = profiled.find(({ model }) => model.name === sorting.model)!;
    const roles = Object.entries(set.roles).filter(([, at]) => at === index);
    return {
      roles: roles.map(([role]) => role),
      text: formatDesign(design),
      ...{ model: model.name, accuracy: model.accuracy, albumMs: meanMs },
    };
  });
  return { set, objectives, designs };
}

function describeProfile(profiled: readonly ProfiledModel[]): DeviceProfile {
  return {
    version: 1,
    device: { name: "this machine" },
    engines: [ENGINE],
    variants: profiled.map(({ model: { task, name, bytes, macs, accuracy } }) => ({
      ...{ task, model: name, precision: "fp32", bytes: bytes.length, macs },
      ...(Number.isNaN(accuracy) ? {} : { accuracy: { metric: "top1", value: accuracy } }),
    })),
    measurements: profiled.map(({ model, meanMs, memoryBytes }) => ({
      ...{ model: model.name, precision: "fp32", engine: ENGINE.id, kind: "measured" },
      latencyMs: { mean: meanMs },
      memoryBytes: { max: memoryBytes },
    })),
    coRuns: [],
  };
}
