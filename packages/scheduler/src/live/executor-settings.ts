import { EdgewrightError } from "@edgewright/core";
import type { ExecutorModel, ExecutorOptions } from "./executor-options.js";
import type { LayeredModel } from "./layered-model.js";
import { LearnedModel } from "./learned-model.js";
import type { Lane } from "./live-request.js";
import { checkModelProfile } from "./model-profile.js";

/** The options of an executor, checked, with their defaults. */
export interface ExecutorSettings
  extends Required<
    Pick<
      ExecutorOptions,
      | "maxQueue"
      | "maxPerModel"
      | "turnMs"
      | "lateRequests"
      | "predictor"
      | "learningRate"
      | "countingShare"
      | "keepSegments"
      | "now"
    >
  > {
  /** The policy's name. */
  readonly policy: string;
  readonly countsZeros: boolean;
  readonly onEvent: ExecutorOptions["onEvent"];
}

/** Checks options and fills in what is not given. */
export function readSettings(options: ExecutorOptions): ExecutorSettings {
  const {
    policy,
    maxQueue = 256,
    maxPerModel = maxQueue,
    turnMs = 4,
    lateRequests = "run",
    predictor = "both",
    learningRate = 0.05,
    countingShare = 0.01,
    keepSegments = false,
    now = () => performance.now(),
    onEvent,
  } = options;
  check(maxQueue >= 1, "maxQueue", "a number from 1", maxQueue);
  check(maxPerModel >= 1, "maxPerModel", "a number from 1", maxPerModel);
  check(turnMs >= 0, "turnMs", "a time from 0", turnMs);
  check(learningRate >= 0 && learningRate <= 1, "learningRate", "from 0 to 1", learningRate);
  check(countingShare >= 0 && countingShare <= 1, "countingShare", "from 0 to 1", countingShare);
  return {
    policy: policy.name,
    maxQueue,
    maxPerModel,
    turnMs,
    lateRequests,
    predictor,
    learningRate,
    countingShare,
    keepSegments,
    now,
    onEvent,
    countsZeros: policy.watchesSparsity && (predictor === "sparsity" || predictor === "both"),
  };
}

/** Makes a model's place in an executor. */
export function createLane(name: string, model: ExecutorModel, settings: ExecutorSettings): Lane {
  const { session, profile, priority = 1, deadlineMs = Number.POSITIVE_INFINITY } = model;
  const free = isPool(session) ? [...session] : [session];
  check(free.length > 0, `models.${name}.session`, "a session or some", "none");
  check(
    new Set(free).size === free.length,
    `models.${name}.session`,
    "different ones",
    "one twice",
  );
  check(deadlineMs >= 0, `models.${name}.deadlineMs`, "a time from 0", deadlineMs);
  if (profile !== undefined) checkModelProfile(profile, `models.${name}.profile`);
  return {
    name,
    learned: new LearnedModel(settings.learningRate, profile),
    priority,
    deadlineMs,
    free,
    started: new Set(),
    waiting: 0,
  };
}

function isPool(session: ExecutorModel["session"]): session is readonly LayeredModel[] {
  return Array.isArray(session);
}

function check(holds: boolean, option: string, expected: string, got: unknown): void {
  if (holds) return;
  throw new EdgewrightError(
    "invalid-argument",
    `createExecutor: ${option} must be ${expected}, got ${got}`,
    { where: option },
  );
}
