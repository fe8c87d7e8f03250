import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";
import { estimateMeans } from "./empirical-mean.js";

/**
 * Chooses every arm with the same probability and keeps its mean reward all the same: the baseline of every
 * comparison, and the logging policy whose logs tell most about all others.
 *
 * @example
 * const bandit = createBandit({ policy: randomChoice(), arms: ["a", "b"], seed: 1 });
 * console.log(bandit.decide().propensity); // 0.5
 */
export function randomChoice(options: CountingOptions = {}): Policy {
  return createCountingPolicy(
    {
      name: "random-choice",
      rewards: "real",
      evaluate(statistics, choices, out) {
        const count = choices.slots.length;
        estimateMeans(statistics, choices, out);
        out.scores.set(out.means.subarray(0, count));
        out.probabilities.fill(1 / count, 0, count);
      },
    },
    options,
  );
}
