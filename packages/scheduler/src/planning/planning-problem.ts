import {
  type DeviceMeasurement,
  type DeviceProfile,
  EdgewrightError,
  type Engine,
  type ModelVariant,
} from "@edgewright/core";
import { type Candidate, readMetric } from "./candidate.js";
import { type ContentionOptions, memoryIntensityOf } from "./contention.js";
import { formatSlo } from "./format-slos.js";
import { mergeComponents } from "./merge-components.js";
import { resolveSlos } from "./resolve-slos.js";
import type { Slo } from "./slo.js";

/** What {@link createPlanningProblem} needs. */
export interface PlanningProblemOptions {
  /** The device: its engines, and what was measured on them. */
  readonly profile: DeviceProfile;
  /** Objectives and constraints, as text or as objects. At least one objective. */
  readonly slos: string | readonly Slo[];
  /** Tasks that run at the same time, one model each. @default every task of the variants */
  readonly tasks?: readonly string[];
  /** The models there are for the tasks. @default those of the profile */
  readonly variants?: readonly ModelVariant[];
  /** What an engine occupies. @default the kind of its processor: `cpu`, `gpu`, `npu` ... */
  readonly processorOf?: (engine: Engine) => string;
  /** Leaves candidates out, say those on too many threads. @default all may be chosen */
  readonly accept?: (candidate: Candidate) => boolean;
  /** How models that run at the same time slow each other down where the profile has no co-run. */
  readonly contention?: ContentionOptions;
}

/** A candidate that cannot be judged, and why. */
export interface ExcludedCandidate {
  readonly candidate: Candidate;
  /** What its measurement or variant lacks. */
  readonly reason: string;
}

/** Which model shall run where, for every task of a device: what the planners solve. */
export interface PlanningProblem {
  readonly profile: DeviceProfile;
  readonly tasks: readonly string[];
  readonly slos: readonly Slo[];
  /** All processors of the device, in the order of its engines. */
  readonly processors: readonly string[];
  /** For each task, what can be chosen. */
  readonly candidates: readonly (readonly Candidate[])[];
  /** What lacks a figure that an objective or a constraint needs. */
  readonly excluded: readonly ExcludedCandidate[];
  /** How much one more busy processor slows a model that only waits for memory. */
  readonly kappa: number;
  /** How much of a candidate's time is waiting for memory, 0 to 1. */
  readonly memoryIntensity: (candidate: Candidate) => number;
}

/**
 * Sets a planning problem up: tasks x variants x engines of a device, under service-level objectives. Candidates without
 * a figure that an objective or constraint needs are left out and listed, never guessed.
 *
 * @throws SloSyntaxError for a text of objectives that makes no sense, ValidationError for such an object
 * @throws EdgewrightError (`invalid-argument`) without an objective, for an objective of a task that is not there, and for
 * a task with nothing to choose from, and for contention that is no number from 0
 *
 * @example
 * ```ts
 * import type { DeviceProfile } from "@edgewright/core";
 * declare const profile: DeviceProfile;
 * const problem = createPlanningProblem({ profile, slos: "max accuracy; min latency; latency <= 41.7ms" });
 * const { set } = planDesigns(problem);
 * ```
 */
export function createPlanningProblem(options: PlanningProblemOptions): PlanningProblem {
  const { profile, variants = profile.variants ?? [], processorOf = ({ unit }) => unit } = options;
  const tasks = options.tasks ?? [...new Set(variants.map(({ task }) => task))];
  const slos = resolveSlos(options.slos);
  checkTasks(tasks, variants, slos);
  const engines = new Map(profile.engines.map((engine) => [engine.id, engine]));
  const measurements = groupMeasurements(profile.measurements);
  const excluded: ExcludedCandidate[] = [];
  const candidates = tasks.map((task) => {
    const kept: Candidate[] = [];
    for (const variant of variants.filter((variant) => variant.task === task)) {
      for (const measurement of measurements.get(`${variant.model}\n${variant.precision}`) ?? []) {
        const engine = engines.get(measurement.engine);
        if (!engine) continue; // a profile that was never checked
        const candidate = { task, variant, engine, processor: processorOf(engine), measurement };
        if (options.accept?.(candidate) === false) continue;
        const reason = findMissing(candidate, slos);
        if (reason) excluded.push({ candidate, reason });
        else kept.push(candidate);
      }
    }
    return kept;
  });
  candidates.forEach((list, i) => {
    if (list.length === 0) throw nothingToChoose(tasks[i]!, excluded);
  });
  const { kappa = 0.15, memoryIntensity = memoryIntensityOf } = options.contention ?? {};
  if (!(kappa >= 0 && Number.isFinite(kappa))) {
    throw fault(`contention.kappa of at least 0 was expected, got ${kappa}`);
  }
  for (const candidate of candidates.flat()) {
    const intensity = memoryIntensity(candidate);
    if (intensity >= 0 && intensity <= 1) continue;
    const { model, precision } = candidate.variant;
    throw fault(
      `contention.memoryIntensity of 0 to 1 was expected, got ${intensity} for ${model} ${precision}`,
    );
  }
  const processors = [...new Set(profile.engines.map(processorOf))];
  return { profile, tasks, slos, processors, candidates, excluded, kappa, memoryIntensity };
}

function checkTasks(
  tasks: readonly string[],
  variants: readonly ModelVariant[],
  slos: readonly Slo[],
): void {
  if (tasks.length === 0) {
    throw fault("at least one task was expected: give tasks, or variants that name theirs");
  }
  if (new Set(tasks).size < tasks.length) throw fault("a task is named twice");
  const known = new Set(variants.map(({ task }) => task));
  const strange = tasks.find((task) => !known.has(task));
  if (strange !== undefined) {
    throw fault(`no variant is for task "${strange}"; there are ${[...known].join(", ")}`);
  }
  const missing = slos.find(({ task }) => task !== undefined && !tasks.includes(task));
  if (missing) {
    throw fault(`"${formatSlo(missing)}" is about none of the tasks ${tasks.join(", ")}`);
  }
  if (!slos.some(({ kind }) => kind === "broad")) {
    throw fault('at least one objective was expected, such as "max accuracy"');
  }
}

// By model and precision, one measurement an engine.
function groupMeasurements(
  all: readonly DeviceMeasurement[],
): Map<string, readonly DeviceMeasurement[]> {
  const groups = new Map<string, DeviceMeasurement[]>();
  for (const measurement of all) {
    const key = `${measurement.model}\n${measurement.precision}`;
    const group = groups.get(key);
    if (group) group.push(measurement);
    else groups.set(key, [measurement]);
  }
  return new Map([...groups].map(([key, group]) => [key, mergeComponents(group)]));
}

function findMissing(candidate: Candidate, slos: readonly Slo[]): string | undefined {
  for (const slo of slos) {
    if (slo.task !== undefined && slo.task !== candidate.task) continue;
    if (readMetric(candidate, slo.metric, slo.statistic) === undefined) {
      return `no ${slo.statistic ? `${slo.statistic} ` : ""}${slo.metric} is known`;
    }
  }
  return undefined;
}

function nothingToChoose(task: string, excluded: readonly ExcludedCandidate[]): EdgewrightError {
  const reasons = new Map<string, number>();
  for (const { candidate, reason } of excluded) {
    if (candidate.task === task) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const why = [...reasons].map(([reason, count]) => `of ${count} ${reason}`).join(", ");
  return fault(
    `task "${task}" has nothing to choose from${why && `: ${why}`}; measure more, or ask for less`,
  );
}

function fault(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `createPlanningProblem: ${message}`);
}
