import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";
import { estimateMeans, varianceOf } from "./empirical-mean.js";

/**
 * UCB1-tuned: UCB1 whose confidence term follows the spread of an arm's rewards,
 * mean + sqrt(ln n / n_a * min(1/4, v_a + sqrt(2 ln n / n_a))) with the variance v_a, for rewards from 0 to 1
 * (Auer, Cesa-Bianchi & Fischer 2002, section 4; without a proven bound, but nearly always ahead of UCB1).
 *
 * Arms that were never tried come first, in their order.
 *
 * @example
 * const bandit = createBandit({ policy: ucbTuned(), arms: ["a", "b"], seed: 1 });
 * for (let i = 0; i < 100; i++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 0.7 : 0.2);
 * }
 * console.log(bandit.decide().arm); // "b"
 */
export function ucbTuned(options: CountingOptions = {}): Policy {
  return createCountingPolicy(
    {
      name: "ucb-tuned",
      rewards: "unit",
      evaluate(statistics, choices, out) {
        const { slots } = choices;
        estimateMeans(statistics, choices, out);
        const logTotal = Math.log(Math.max(1, statistics.total));
        for (let i = 0; i < slots.length; i++) {
          const tries = statistics.count(slots[i]!);
          const spread = varianceOf(statistics, slots[i]!) + Math.sqrt((2 * logTotal) / tries);
          out.scores[i] =
            tries > 0
              ? out.means[i]! + Math.sqrt((logTotal / tries) * Math.min(0.25, spread))
              : Infinity;
        }
        putAllOn(indexOfBest(out.scores, slots.length), out.probabilities, slots.length);
      },
    },
    options,
  );
}
