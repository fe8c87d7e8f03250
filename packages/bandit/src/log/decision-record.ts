import type { DecisionRecord } from "./log-record.js";

/** What a {@link DecisionRecord} is made of, in arrays that may change afterwards. */
interface DecisionParts {
  readonly id: string;
  readonly time: number;
  readonly policy: string;
  readonly context: Float64Array;
  readonly arms: readonly string[];
  readonly armFeatures: readonly ArrayLike<number>[] | undefined;
  readonly arm: string;
  readonly propensity: number;
  readonly probabilities: Float64Array;
  readonly scores: Float64Array;
  readonly mean: number;
  readonly width: number;
  readonly asked: boolean | undefined;
}

/** Copies a decision into a record of its own. */
export function createDecisionRecord(parts: DecisionParts): DecisionRecord {
  const { armFeatures, asked, mean, width } = parts;
  return {
    type: "decision",
    version: 1,
    id: parts.id,
    time: parts.time,
    policy: parts.policy,
    context: Array.from(parts.context),
    arms: [...parts.arms],
    ...(armFeatures && { armFeatures: armFeatures.map((row) => Array.from(row)) }),
    arm: parts.arm,
    propensity: parts.propensity,
    probabilities: Array.from(parts.probabilities),
    scores: Array.from(parts.scores, numberOrNull),
    mean: numberOrNull(mean),
    width: numberOrNull(width),
    ...(asked !== undefined && { asked }),
  };
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
