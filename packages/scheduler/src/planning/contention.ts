import type { CoRun, DeviceProfile } from "@edgewright/core";
import { type Candidate, readMetric, readStatistic } from "./candidate.js";

/** How models slow each other down where no co-run was measured. */
export interface ContentionOptions {
  /**
   * How much one more busy processor slows a model that only waits for memory: 0.05 to 0.3 on shared memory.
   *
   * @default 0.15
   */
  readonly kappa?: number;
  /**
   * How much of a model's time is waiting for memory, 0 to 1.
   *
   * @default bytes of weights against multiply-accumulates, at 32 of these a byte as the balance; 0.5 where not known
   */
  readonly memoryIntensity?: (candidate: Candidate) => number;
}

/** Share of a candidate's time that goes to memory: `bytes / (bytes + macs / 32)`, or 0.5 where either is not known. */
export function memoryIntensityOf({ variant }: Candidate): number {
  const { bytes, macs } = variant;
  const share =
    bytes === undefined || macs === undefined ? Number.NaN : bytes / (bytes + macs / 32);
  return share >= 0 && share <= 1 ? share : 0.5;
}

/**
 * Time of a model beside others over its time alone, modelled: models on one processor share its time evenly, and every
 * other busy processor costs a part of the time that goes to memory.
 *
 * @param sharing models on its processor, itself among them
 * @param processors busy processors, its own among them
 */
export function modelSlowdown(
  sharing: number,
  processors: number,
  kappa: number,
  intensity: number,
): number {
  return sharing * (1 + kappa * intensity * (processors - 1));
}

/** A measured co-run that fits a problem: which candidate of each task, and how much slower each became. */
export interface MeasuredSlowdown {
  /** Index of the candidate, by task. */
  readonly choice: readonly number[];
  /** Time beside the others over time alone, by task. */
  readonly slowdowns: readonly number[];
}

/** The co-runs of a profile that are whole designs of a problem. */
export function findMeasuredSlowdowns(
  profile: DeviceProfile,
  candidates: readonly (readonly Candidate[])[],
): MeasuredSlowdown[] {
  const found: MeasuredSlowdown[] = [];
  for (const coRun of profile.coRuns) {
    if (coRun.members.length === candidates.length) matchTasks(coRun, candidates, [], found);
  }
  return found;
}

// Tries every member for the next task: a member may serve several.
function matchTasks(
  coRun: CoRun,
  candidates: readonly (readonly Candidate[])[],
  used: readonly { member: number; candidate: number }[],
  found: MeasuredSlowdown[],
): void {
  const task = used.length;
  if (task === candidates.length) {
    const slowdowns = used.map(({ member, candidate }, i) => {
      const alone = readMetric(candidates[i]![candidate]!, "latency");
      const together = readStatistic(coRun.latencyMs[member], undefined);
      return alone !== undefined && together !== undefined ? together / alone : Number.NaN;
    });
    if (slowdowns.some(Number.isNaN)) return;
    found.push({ choice: used.map(({ candidate }) => candidate), slowdowns });
    return;
  }
  coRun.members.forEach((member, i) => {
    if (used.some((one) => one.member === i)) return;
    const candidate = candidates[task]!.findIndex(({ variant, engine }) => {
      return (
        variant.model === member.model &&
        variant.precision === member.precision &&
        engine.id === member.engine
      );
    });
    if (candidate >= 0) matchTasks(coRun, candidates, [...used, { member: i, candidate }], found);
  });
}
