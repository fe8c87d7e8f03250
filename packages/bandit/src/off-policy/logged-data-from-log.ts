import { EdgewrightError, ShapeError } from "@edgewright/core";
import type { LoggedDecision } from "../log/logged-decision.js";
import { checkLoggedData, type LoggedData } from "./logged-data.js";

/** Options of {@link loggedDataFromLog}. */
export interface LoggedDataFromLogOptions {
  /**
   * Reward of decisions for which none came: a number where silence means something, such as 0 for no click;
   * `"drop"` leaves them out, which is right only when silence does not depend on the reward.
   *
   * @default "drop"
   */
  readonly missingReward?: "drop" | number;
}

/**
 * A bandit's log, as `readLog` gives it, as data for off-policy evaluation. Every decision is one row, whatever
 * weight its reward had in learning; a reward that the bandit assumed when none came in time is a reward.
 *
 * @throws EdgewrightError `invalid-argument` when no decision has a reward
 * @throws ShapeError when contexts or features of arms have different lengths
 *
 * @example
 * const lines: string[] = [];
 * const log = (record: LogRecord) => lines.push(formatLogLine(record));
 * const bandit = createBandit({ policy: epsilonGreedy(), arms: ["a", "b"], seed: 1, log });
 * for (let t = 0; t < 100; t++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "a" ? 1 : 0);
 * }
 * const data = loggedDataFromLog(readLog(lines).decisions);
 * const { estimates } = await evaluateOffPolicy(data, uniformTarget(), { seed: 1 });
 */
export function loggedDataFromLog(
  decisions: Iterable<LoggedDecision>,
  options: LoggedDataFromLogOptions = {},
): LoggedData {
  const { missingReward = "drop" } = options;
  const kept = [...decisions].filter((one) => one.reward !== undefined || missingReward !== "drop");
  const first = kept[0];
  if (first === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      "loggedDataFromLog: at least one decision with a reward was expected, got none; give missingReward if silence means something",
    );
  }
  const slots = new Map<string, number>();
  const offers = new Map<string, Int32Array>();
  const slotOf = (arm: string): number => {
    const slot = slots.get(arm) ?? slots.size;
    slots.set(arm, slot);
    return slot;
  };
  const candidates = kept.map(({ arms }) => {
    const key = JSON.stringify(arms);
    const known = offers.get(key) ?? Int32Array.from(arms, slotOf);
    offers.set(key, known);
    return known;
  });
  const contextDimension = first.context.length;
  const armDimension = first.armFeatures?.[0]?.length ?? 0;
  const contexts = new Float64Array(kept.length * contextDimension);
  const armFeatures: Float64Array[] = [];
  kept.forEach((decision, row) => {
    checkWidth(decision.id, "a context", decision.context.length, contextDimension);
    contexts.set(decision.context, row * contextDimension);
    const features = decision.armFeatures ?? [];
    for (const one of features) {
      checkWidth(decision.id, "features of an arm", one.length, armDimension);
    }
    if (armDimension === 0) return;
    checkWidth(decision.id, "features of arms", features.length, decision.arms.length);
    armFeatures.push(Float64Array.from(features.flat()));
  });
  return checkLoggedData("loggedDataFromLog", {
    rows: kept.length,
    arms: [...slots.keys()],
    candidates,
    chosen: Int32Array.from(kept, ({ chosen }) => chosen),
    rewards: Float64Array.from(kept, ({ reward }) => reward ?? (missingReward as number)),
    propensities: Float64Array.from(kept, ({ propensity }) => propensity),
    loggingProbabilities: kept.map(({ probabilities }) => probabilities),
    contextDimension,
    contexts,
    armDimension,
    ...(armDimension > 0 && { armFeatures }),
    positionCount: 1,
  });
}

function checkWidth(id: string, what: string, came: number, wanted: number): void {
  if (came === wanted) return;
  throw new ShapeError(
    `loggedDataFromLog: decision "${id}": ${what} of length ${wanted}, as in the decisions before, was expected, got ${came}`,
  );
}
