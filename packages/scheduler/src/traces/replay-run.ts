import { ValidationError } from "@edgewright/core";
import { createPolicy, type PolicyName, policyNames } from "../policies/create-policy.js";
import { meanIsolatedTimes } from "../simulator/create-requests.js";
import type { ModelTable } from "../simulator/model-table.js";
import { type SimulationResult, simulate } from "../simulator/simulate.js";
import type { ReferenceFile, ReferenceRun } from "./reference-runs.js";

/** What came of a reference run when it was run again. */
export interface ReplayedRun extends SimulationResult {
  readonly run: ReferenceRun;
  /** |ours - theirs| / |theirs| of each of its figures; 0 where both are 0. */
  readonly differences: Readonly<Record<"violation" | "stp" | "antt", number>>;
}

/**
 * Runs a run of the reference scheduler again on the same requests, with all quirks of the reference, and holds the
 * figures against those that it reported.
 *
 * @throws ValidationError for a scheduler or a model that is not known here
 */
export function replayRun(
  file: ReferenceFile,
  run: ReferenceRun,
  models: readonly ModelTable[],
): ReplayedRun {
  const name = run.scheduler.replaceAll("_", "-") as PolicyName;
  if (!policyNames().includes(name)) {
    throw new ValidationError(
      `replayRun: the scheduler "${run.scheduler}" is not known; there are ${policyNames().join(", ")}`,
    );
  }
  const tables = new Map(models.map((table) => [table.name, table]));
  const computed = meanIsolatedTimes(models);
  const requests = file.requestsOf(run).map(({ arrival, model, priority, sample }) => {
    const table = tables.get(model);
    if (table === undefined) {
      throw new ValidationError(
        `replayRun: no trace for the model "${model}"; there are ${[...tables.keys()].join(", ")}`,
      );
    }
    const { architecture } = table;
    const { meanIsolated } = file;
    const allowance =
      meanIsolated.get(model) ?? meanIsolated.get(architecture) ?? computed.get(architecture)!;
    return { arrival, model, priority, sample, deadline: arrival + allowance * run.sloMultiplier };
  });
  const policy = createPolicy(name, { compat: "reference" });
  const result = simulate({ policy, models, requests, compat: "reference" });
  const { violationRate, throughput, antt } = result.metrics;
  return {
    ...result,
    run,
    differences: {
      violation: relativeDifference(violationRate, run.violation),
      stp: relativeDifference(throughput, run.stp),
      antt: relativeDifference(antt, run.antt),
    },
  };
}

function relativeDifference(ours: number, theirs: number): number {
  return ours === theirs ? 0 : Math.abs(ours - theirs) / Math.abs(theirs);
}
