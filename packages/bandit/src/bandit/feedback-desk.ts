import { restoreRng } from "@edgewright/core";
import type { Example } from "../policy/policy.js";
import type { AggregateOptions, Bandit, Feedback, UpdateOptions } from "./bandit.js";
import type { BanditState } from "./bandit-state.js";
import { checkFeedback, checkReward } from "./check-reward.js";
import { FeedbackError, type FeedbackRefusal } from "./feedback-error.js";
import { invalidArgument } from "./invalid-argument.js";
import type { PendingDecision } from "./pending-decisions.js";
import { describe } from "./read-numbers.js";

/** The half of a bandit that takes rewards. */
export interface FeedbackDesk
  extends Pick<Bandit, "update" | "updateBatch" | "updateAggregate" | "forget"> {
  /** Lets the policy learn from an example, every number of which was checked. */
  teach(example: Example): void;
  /**
   * Ends the wait of the decision that the next one pushes out, if it still waits.
   *
   * @returns what it taught, to be told once the next one is made
   */
  makeRoom(now: number | undefined): Example | undefined;
  /** Calls the listeners with examples that were learnt: all of them, whatever one throws. */
  tell(examples: readonly Example[]): void;
  /** Ends the wait of decisions whose time is over. */
  expire(now: number | undefined): number;
}

/** Makes the half that takes rewards. */
export function createFeedbackDesk<Arm extends string, Context>(
  state: BanditState<Arm, Context>,
): FeedbackDesk {
  const { policy, registry, pending, constraints, log, listeners } = state;
  const { idPrefix, timeToLiveMs, rewardOnExpiry } = state;

  const isOver = (decision: PendingDecision, now: number | undefined): boolean =>
    now !== undefined && now - decision.time >= timeToLiveMs;

  const find = (id: string, now: number | undefined, caller: string): PendingDecision => {
    const number =
      typeof id === "string" && id.startsWith(idPrefix)
        ? Number.parseInt(id.slice(idPrefix.length), 36)
        : Number.NaN;
    const known = number >= 0 && number < pending.decided;
    const found = known ? pending.at(number) : "unknown";
    if (typeof found === "object" && found.id === id && !isOver(found, now)) return found;
    const canonical = known && idPrefix + number.toString(36) === id;
    const reason = typeof found === "string" ? found : "expired";
    throw refuse(id, canonical ? reason : "unknown", caller);
  };

  const teach = (example: Example): void => {
    const rngBefore = state.rng.state();
    try {
      policy.learn(example, state.rng);
    } catch (error) {
      state.rng = restoreRng(rngBefore);
      throw error;
    }
  };

  const tell = (examples: readonly Example[]): void => {
    if (listeners.size === 0) return;
    const failures: unknown[] = [];
    // Names first: a listener may remove an arm.
    const arms = examples.map(({ slot }) => registry.nameOf(slot));
    for (const [i, example] of examples.entries()) {
      for (const listener of listeners) {
        try {
          listener(example, arms[i]!);
        } catch (failure) {
          failures.push(failure);
        }
      }
    }
    if (failures.length > 0) throw failures[0];
  };

  const reward = (
    decision: PendingDecision,
    figure: number,
    options: UpdateOptions,
    time: number,
    assumed: boolean,
  ): Example => {
    const { weight = 1, expected, best } = options;
    const { id, slot, context, armFeatures, propensity } = decision;
    log?.({
      type: "reward",
      id,
      time,
      reward: figure,
      ...(weight !== 1 && { weight }),
      ...(assumed && { assumed }),
      ...(expected !== undefined && { expected }),
      ...(best !== undefined && { best }),
    });
    const example = { slot, context, armFeatures, reward: figure, propensity, weight };
    teach(example);
    pending.settle(decision.number, assumed ? "expired" : "answered");
    for (let i = 0; i < constraints.length; i++) {
      constraints[i]!.learned?.(registry.nameOf(slot), figure, decision.notes[i]!);
    }
    return example;
  };

  const expireOne = (decision: PendingDecision, now: number | undefined): Example | undefined => {
    const time = now ?? pending.decided;
    if (rewardOnExpiry !== undefined) return reward(decision, rewardOnExpiry, {}, time, true);
    log?.({ type: "expired", id: decision.id, time });
    pending.settle(decision.number, "expired");
    return undefined;
  };

  const expire = (now: number | undefined): number => {
    if (now === undefined || timeToLiveMs === Infinity) return 0;
    let count = 0;
    const taught: Example[] = [];
    try {
      for (; ; count++) {
        const oldest = pending.oldestWaiting();
        if (oldest === pending.decided) break;
        const decision = pending.at(oldest) as PendingDecision;
        if (!isOver(decision, now)) break;
        const example = expireOne(decision, now);
        if (example) taught.push(example);
      }
    } finally {
      tell(taught);
    }
    return count;
  };

  /** Tells what was learnt, even where the log fails at an expiry. */
  const expireAndTell = (now: number | undefined, examples: readonly Example[]): void => {
    try {
      expire(now);
    } finally {
      tell(examples);
    }
  };

  /** Everything was checked: learns from all of them. */
  const rewardAll = (
    answers: readonly (readonly [PendingDecision, figure: number, UpdateOptions])[],
    now: number | undefined,
  ): void => {
    const time = now ?? pending.decided;
    const examples: Example[] = [];
    try {
      for (const [decision, figure, options] of answers) {
        examples.push(reward(decision, figure, options, time, false));
      }
    } catch (failure) {
      tell(examples);
      throw failure;
    }
    expireAndTell(now, examples);
  };

  const checkDistinct = (decisions: readonly PendingDecision[], caller: string): void => {
    const seen = new Set<PendingDecision>();
    for (const decision of decisions) {
      if (seen.has(decision)) throw refuse(decision.id, "answered", `${caller}: twice in one call`);
      seen.add(decision);
    }
  };

  return {
    teach(example) {
      teach(example);
      tell([example]);
    },
    makeRoom(now) {
      const decision = pending.crowdedOut();
      return decision && expireOne(decision, now);
    },
    tell,
    expire,
    update(id, figure, options = {}) {
      checkFeedback(figure, options, policy, "update");
      const now = state.now("update");
      const time = now ?? pending.decided;
      const example = reward(find(id, now, "update"), figure, options, time, false);
      expireAndTell(now, [example]);
    },
    updateBatch(rewards: Iterable<Feedback>) {
      const now = state.now("updateBatch");
      const answers = Array.from(rewards, (feedback) => {
        checkFeedback(feedback.reward, feedback, policy, "updateBatch");
        return [find(feedback.id, now, "updateBatch"), feedback.reward, feedback] as const;
      });
      checkDistinct(
        answers.map(([decision]) => decision),
        "updateBatch",
      );
      rewardAll(answers, now);
    },
    updateAggregate(ids, figure, { share = "mean" }: AggregateOptions = {}) {
      if (share !== "mean" && share !== "each" && share !== "total") {
        throw invalidArgument(
          `updateAggregate: a share of "mean", "each" or "total" was expected, got ${describe(share)}`,
        );
      }
      const now = state.now("updateAggregate");
      const decisions = Array.from(ids, (id) => find(id, now, "updateAggregate"));
      checkDistinct(decisions, "updateAggregate");
      const each = share === "total" ? figure / decisions.length : figure;
      if (decisions.length > 0) checkReward(each, policy, "updateAggregate");
      const weight = share === "mean" ? 1 / decisions.length : 1;
      rewardAll(
        decisions.map((decision) => [decision, each, { weight }] as const),
        now,
      );
    },
    forget(id) {
      const now = state.now("forget");
      const decision = find(id, now, "forget");
      log?.({ type: "expired", id, time: now ?? pending.decided });
      pending.settle(decision.number, "forgotten");
    },
  };
}

function refuse(id: string, reason: FeedbackRefusal, caller: string): FeedbackError {
  const why = {
    unknown: "was not given out by this bandit",
    answered: "has its reward already",
    expired: "waits no longer: its time to live or the capacity ran out",
    forgotten: "was forgotten",
    "arm-removed": "chose an arm that was removed since",
  }[reason];
  return new FeedbackError(
    `${caller}: the id of a waiting decision was expected, got ${describe(id)}, which ${why}`,
    reason,
    id,
  );
}
