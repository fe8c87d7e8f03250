import { ValidationError } from "@edgewright/core";
import type { DecisionRecord, LogRecord } from "./log-record.js";
import type { LoggedDecision } from "./logged-decision.js";

/** A logged decision that still waits for its reward. */
export type OpenDecision = { -readonly [Field in keyof LoggedDecision]: LoggedDecision[Field] };

/** Joins rewards with the decisions they belong to. */
export interface RecordJoiner {
  /**
   * Takes one record.
   *
   * @returns the decision, where the record opened one
   * @throws ValidationError when the record does not fit those before it; nothing has changed then
   */
  take(record: LogRecord, where: string): OpenDecision | undefined;
  /** Stops waiting for a decision's reward. */
  drop(id: string): void;
}

/** Starts joining; what was taken and not dropped stays in memory. */
export function createRecordJoiner(): RecordJoiner {
  const known = new Map<string, OpenDecision>();
  return {
    take(record, where) {
      const { id } = record;
      const found = known.get(id);
      if (record.type === "decision") {
        if (found) {
          throw refusal(
            where,
            `a second decision "${id}"; give bandits that share a log different idPrefix`,
          );
        }
        const opened = openDecision(record);
        known.set(id, opened);
        return opened;
      }
      if (!found) throw refusal(where, `a ${record.type} for the unknown decision "${id}"`);
      if (found.reward !== undefined || found.expired) {
        const before = found.expired ? "had expired" : "has a reward already";
        throw refusal(where, `a ${record.type} for the decision "${id}", which ${before}`);
      }
      if (record.type === "expired") {
        found.expired = true;
        return undefined;
      }
      found.reward = record.reward;
      found.rewardTime = record.time;
      found.weight = record.weight ?? 1;
      found.assumed = record.assumed ?? false;
      found.expected = record.expected;
      found.best = record.best;
      return undefined;
    },
    drop(id) {
      known.delete(id);
    },
  };
}

function openDecision(record: DecisionRecord): OpenDecision {
  return {
    id: record.id,
    time: record.time,
    policy: record.policy,
    context: record.context,
    arms: record.arms,
    armFeatures: record.armFeatures,
    arm: record.arm,
    chosen: record.arms.indexOf(record.arm),
    propensity: record.propensity,
    probabilities: record.probabilities,
    scores: record.scores.map((score) => score ?? Number.NaN),
    mean: record.mean ?? Number.NaN,
    width: record.width ?? Number.NaN,
    asked: record.asked,
    reward: undefined,
    rewardTime: undefined,
    weight: 1,
    assumed: false,
    expired: false,
    expected: undefined,
    best: undefined,
  };
}

function refusal(where: string, message: string): ValidationError {
  return new ValidationError(`readLog: ${where}: ${message}`, { where });
}
