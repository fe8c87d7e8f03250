import { ShapeError } from "@edgewright/core";
import type { Bandit } from "./bandit.js";
import type { BanditOptions } from "./bandit-options.js";
import { createBanditState, readOwnFeatures } from "./bandit-state.js";
import { checkFeedback } from "./check-reward.js";
import { createContextReader } from "./context-reader.js";
import { createDecider } from "./decider.js";
import { createFeedbackDesk } from "./feedback-desk.js";
import { invalidArgument } from "./invalid-argument.js";
import { describe, readNumbers } from "./read-numbers.js";
import { writeSnapshot } from "./write-snapshot.js";

/**
 * Makes a bandit: it chooses among arms, remembers each decision until its reward comes, and lets the policy learn.
 *
 * The arm is drawn from the probabilities that are reported, so propensities are exact whatever the policy and the
 * constraints do.
 *
 * @throws EdgewrightError "invalid-argument" for options that make no bandit; ValidationError for a snapshot that is
 * damaged or of other options
 *
 * @example
 * const bandit = createBandit({
 *   policy: linUcb({ dimension: 2, alpha: 1 }),
 *   arms: ["small", "large"],
 *   seed: 1,
 * });
 * for (let i = 0; i < 50; i++) {
 *   const slowDevice = i % 2;
 *   const { id, arm } = bandit.decide([1, slowDevice]);
 *   bandit.update(id, (arm === "small") === (slowDevice === 1) ? 1 : 0);
 * }
 * console.log(bandit.decide([1, 0]).arm, bandit.decide([1, 1]).arm); // large small
 *
 * @example
 * // Goes on where another process stopped, or begins.
 * const stored = new Map<string, string>();
 * const open = () => {
 *   const text = stored.get("bandit");
 *   const snapshot = text === undefined ? undefined : JSON.parse(text);
 *   return createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, snapshot });
 * };
 * const first = open();
 * first.update(first.decide().id, 1);
 * stored.set("bandit", JSON.stringify(first.snapshot()));
 * console.log(open().decide().arm === first.decide().arm); // true
 */
export function createBandit<const Arm extends string = string, Context = ArrayLike<number>>(
  options: BanditOptions<Arm, Context>,
): Bandit<Arm, Context> {
  const state = createBanditState(options);
  const { policy, registry, pending } = state;
  const readContext = createContextReader(state);
  const desk = createFeedbackDesk(state);
  const decider = createDecider(state, readContext, desk);
  const none = new Float64Array(0);

  return {
    policy,
    get arms() {
      return registry.arms;
    },
    get decided() {
      return pending.decided;
    },
    get pending() {
      return pending.waiting;
    },
    decide: decider.decide,
    estimate: decider.estimate,
    probabilities: (context, arms) => decider.estimate(context, arms).probabilities,
    update: desk.update,
    updateBatch: desk.updateBatch,
    updateAggregate: desk.updateAggregate,
    forget: desk.forget,
    expire: () => desk.expire(state.now("expire")),
    learn({ context, arm, armFeatures, reward, propensity = 1, weight = 1 }) {
      const seen = readContext(context, "learn");
      const { slot, features: own } = registry.find(arm, "learn");
      checkFeedback(reward, { weight }, policy, "learn");
      if (!(Number.isFinite(propensity) && propensity > 0 && propensity <= 1)) {
        throw invalidArgument(
          `learn: a propensity above 0 and at most 1 was expected, got ${describe(propensity)}`,
        );
      }
      desk.teach({
        slot,
        context: policy.contextDimension > 0 ? seen : none,
        armFeatures: policy.armDimension > 0 ? featuresOf(arm, armFeatures ?? own) : none,
        reward,
        propensity,
        weight,
      });
    },
    addArm(arm, { features, like } = {}) {
      registry.checkNew(arm, "addArm");
      const model = like === undefined ? undefined : registry.find(like, "addArm");
      const own = readOwnFeatures(features, policy, arm, "addArm") ?? model?.features;
      const slot = registry.freeSlot();
      policy.addArm(slot, model?.slot);
      registry.add({ arm, slot, features: own });
    },
    removeArm(arm) {
      const entry = registry.find(arm, "removeArm");
      if (registry.arms.length === 1) {
        throw invalidArgument(`removeArm: "${arm}" is the last arm; add another before it goes`);
      }
      const time = state.now("removeArm") ?? pending.decided;
      for (let number = pending.oldestWaiting(); number < pending.decided; number++) {
        const decision = pending.at(number);
        if (typeof decision === "string" || decision.slot !== entry.slot) continue;
        state.log?.({ type: "expired", id: decision.id, time });
        pending.settle(number, "arm-removed");
      }
      policy.removeArm(entry.slot);
      registry.remove(entry);
    },
    slotOf: (arm) => registry.find(arm, "slotOf").slot,
    onLearn(listener) {
      // An object of its own, so that the same function may listen twice.
      const own: typeof listener = (example, arm) => listener(example, arm);
      state.listeners.add(own);
      return () => {
        state.listeners.delete(own);
      };
    },
    snapshot: () => writeSnapshot({ ...state, rng: state.rng, arms: registry.entries() }),
  };

  function featuresOf(arm: Arm, given: ArrayLike<number> | undefined): Float64Array {
    if (given) {
      return readNumbers(given, policy.armDimension, "learn", `features of the arm "${arm}"`);
    }
    throw new ShapeError(
      `learn: ${policy.armDimension} features of the arm "${arm}" were expected, got none; give them as armFeatures`,
    );
  }
}
