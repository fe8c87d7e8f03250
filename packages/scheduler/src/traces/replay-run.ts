import { ValidationError } from "@edgewright/core";
import { createPolicy, type PolicyName, policyNames } from "../policies/create-policy.js";
import { meanIsolatedTimes, type SimulatedRequest } from "../simulator/create-requests.js";
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
 * @param models those that the file knows; others are left aside
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
  const known = tablesOf(file, models);
  const requests = replayRequests(file, run, known);
  const policy = createPolicy(name, { compat: "reference" });
  const result = simulate({ policy, models: known, requests, compat: "reference" });
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

/**
 * The requests of a reference run for the simulator, with their deadlines: the mean time alone of the model's
 * architecture, times the run's multiplier, after the arrival.
 *
 * @throws ValidationError for a model that is not known here
 */
export function replayRequests(
  file: ReferenceFile,
  run: ReferenceRun,
  models: readonly ModelTable[],
): SimulatedRequest[] {
  const tables = tablesOf(file, models);
  const computed = meanIsolatedTimes(tables);
  const allowances = new Map<string, number>();
  for (const { name, architecture } of tables) {
    const given = file.meanIsolated.get(name) ?? file.meanIsolated.get(architecture);
    allowances.set(name, (given ?? computed.get(architecture)!) * run.sloMultiplier);
  }
  return file.requestsOf(run).map(({ arrival, model, priority, sample }) => {
    const allowance = allowances.get(model);
    if (allowance !== undefined) {
      return { arrival, model, priority, sample, deadline: arrival + allowance };
    }
    throw new ValidationError(
      `replayRequests: a request is for "${model}", which the file does not list; it lists ${file.models.join(", ")}`,
    );
  });
}

function tablesOf(file: ReferenceFile, models: readonly ModelTable[]): ModelTable[] {
  return file.models.map((name) => {
    const table = models.find((one) => one.name === name);
    if (table !== undefined) return table;
    const names = models.map((one) => one.name).join(", ");
    throw new ValidationError(`replayRun: no trace for the model "${name}"; there are ${names}`);
  });
}

function relativeDifference(ours: number, theirs: number): number {
  return ours === theirs ? 0 : Math.abs(ours - theirs) / Math.abs(theirs);
}
