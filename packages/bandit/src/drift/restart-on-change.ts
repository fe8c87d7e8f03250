import { EdgewrightError, type Rng, ValidationError } from "@edgewright/core";
import type { Evaluation, Example, Policy } from "../policy/policy.js";
import { expectField, readField, readWhole } from "../policy/read-field.js";
import type { ChangeDetector, DetectorKind } from "./change-detector.js";

/** Options of {@link restartOnChange}. */
export interface RestartOnChangeOptions {
  /** Watches each arm: {@link cusum}, {@link pageHinkley}, {@link adwin} or {@link glr}. */
  readonly detector: DetectorKind;
  /**
   * What is forgotten after an alarm: all that was learnt, or only the arm it was about. What a policy has learnt for
   * all arms together goes with `"all"` only; with `"arm"` the reward that gave alarm counts twice in it.
   *
   * @default "all"
   */
  readonly scope?: "arm" | "all";
  /**
   * Probability of choosing any arm, all alike, from 0 to 1: without it changes of arms that are not chosen go unseen.
   *
   * @default 0.05
   */
  readonly exploration?: number;
  /**
   * What is watched: rewards, or what they differ from the mean that the policy expected, so that contexts which come
   * and go are no change.
   *
   * @default "residual" for policies that look at features, "reward" for others
   */
  readonly observe?: "reward" | "residual";
  /**
   * What rewards can be: the detector then sees them scaled to 0 to 1, and residuals as (1 + residual) / 2 of that
   * scale; what lies beyond counts as the end of the range.
   *
   * @default from 0 to 1 where the policy or the detector expects that, with rewards beyond it refused; else none, and
   * the detector sees rewards or residuals as they are
   */
  readonly rewardRange?: readonly [low: number, high: number];
  /** Told of every alarm. */
  readonly onChange?: (change: DetectedChange) => void;
}

/** An alarm of {@link restartOnChange}. */
export interface DetectedChange {
  /** Slot of the arm whose rewards have changed. */
  readonly slot: number;
  /** Rewards that had been learnt when it was found, this one included. */
  readonly rounds: number;
}

/**
 * Lets a policy begin anew when rewards have changed: a detector watches every arm, and on its alarm what was learnt
 * is forgotten, and the reward that raised it is learnt anew (CUSUM-UCB and PHT-UCB of Liu, Lee & Shroff 2018 and
 * GLR-klUCB of Besson et al. 2022 are of this form).
 *
 * The policy must be one of its own that has no arms yet.
 *
 * @throws EdgewrightError "invalid-argument" for an exploration that is not from 0 to 1 or a range without width, and
 * when learning a reward beyond 0 to 1 with a detector for values from 0 to 1 and no `rewardRange`
 *
 * @example
 * const policy = restartOnChange(ucb1(), { detector: cusum() });
 * const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
 */
export function restartOnChange(policy: Policy, options: RestartOnChangeOptions): Policy {
  const { detector: kind, scope = "all", exploration = 0.05, onChange } = options;
  const { contextDimension, armDimension, rewards } = policy;
  const { observe = contextDimension + armDimension > 0 ? "residual" : "reward" } = options;
  if (!(exploration >= 0 && exploration <= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `restartOnChange: an exploration from 0 to 1 was expected, got ${exploration}`,
    );
  }
  const expectsUnit = rewards === "unit" || kind.values === "unit";
  const range = options.rewardRange ?? (expectsUnit ? [0, 1] : undefined);
  if (range && !(range[1] > range[0] && range[1] - range[0] < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `restartOnChange: a rewardRange from a finite low to a higher high was expected, got ${range.join(" to ")}`,
    );
  }
  const name = `${policy.name}+restart`;
  const fresh = policy.state();
  let detectors = new Map<number, ChangeDetector>();
  let rounds = 0;
  const one: Evaluation = {
    scores: new Float64Array(1),
    probabilities: new Float64Array(1),
    means: new Float64Array(1),
    widths: new Float64Array(1),
  };

  const forget = (slot: number): void => {
    if (scope === "arm") {
      policy.removeArm(slot);
      policy.addArm(slot);
      return;
    }
    policy.restore(fresh);
    for (const other of detectors.keys()) {
      policy.addArm(other);
      if (other !== slot) detectors.set(other, kind.start());
    }
  };
  const observed = (example: Example, rng: Rng): number => {
    const { slot, context, armFeatures, reward } = example;
    if (range && !options.rewardRange && !(reward >= 0 && reward <= 1)) {
      throw new EdgewrightError(
        "invalid-argument",
        `${name}: ${kind.name} expects rewards from 0 to 1, got ${reward}; give rewardRange for others`,
      );
    }
    const width = range ? range[1] - range[0] : 1;
    if (observe === "reward") {
      return range ? Math.min(1, Math.max(0, (reward - range[0]) / width)) : reward;
    }
    policy.evaluate({ slots: [slot], context, armFeatures }, rng, one);
    const mean = one.means[0]!;
    // Without an expectation there is no surprise.
    const residual = Number.isFinite(mean) ? reward - mean : 0;
    if (!range) return residual;
    return (1 + Math.min(1, Math.max(-1, residual / width))) / 2;
  };

  return {
    name,
    contextDimension,
    armDimension,
    rewards,
    addArm(slot, like) {
      policy.addArm(slot, like);
      detectors.set(slot, kind.start());
    },
    removeArm(slot) {
      policy.removeArm(slot);
      detectors.delete(slot);
    },
    evaluate(choices, rng, out) {
      policy.evaluate(choices, rng, out);
      const count = choices.slots.length;
      for (let i = 0; i < count; i++) {
        out.probabilities[i] = (1 - exploration) * out.probabilities[i]! + exploration / count;
      }
    },
    learn(example, rng) {
      const { slot } = example;
      const value = observed(example, rng);
      // First the policy, which may refuse the example: nothing has changed then.
      policy.learn(example, rng);
      rounds++;
      if (!detectors.get(slot)?.add(value)) return;
      forget(slot);
      policy.learn(example, rng);
      onChange?.({ slot, rounds });
    },
    state: () => ({
      policy: name,
      detector: kind.name,
      rounds,
      inner: policy.state(),
      detectors: [...detectors].map(([slot, watcher]) => [slot, watcher.state()]),
    }),
    restore(state) {
      const where = `${name}.restore`;
      expectField(state, "policy", name, where);
      expectField(state, "detector", kind.name, where);
      const restoredRounds = readWhole(state, "rounds", where);
      const list = readField(state, "detectors", where);
      const restored = new Map<number, ChangeDetector>();
      for (const entry of Array.isArray(list) ? list : [undefined]) {
        if (
          !Array.isArray(entry) ||
          entry.length !== 2 ||
          !Number.isInteger(entry[0]) ||
          restored.has(entry[0])
        ) {
          throw new ValidationError(
            `${where}.detectors: pairs of a slot, none twice, and a detector's state were expected; the snapshot is damaged`,
          );
        }
        const watcher = kind.start();
        watcher.restore(entry[1]);
        restored.set(entry[0], watcher);
      }
      policy.restore(readField(state, "inner", where));
      detectors = restored;
      rounds = restoredRounds;
    },
  };
}
