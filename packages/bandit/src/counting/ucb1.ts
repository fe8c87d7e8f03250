import { EdgewrightError } from "@edgewright/core";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";
import { estimateMeans } from "./empirical-mean.js";

/** Options of {@link ucb1}. */
export interface Ucb1Options extends CountingOptions {
  /** Factor of the confidence term, from 0; 1 is Auer's. For rewards over a range of R, take R. @default 1 */
  readonly alpha?: number;
}

/**
 * UCB1: chooses the arm of the highest mean + alpha sqrt(2 ln n / n_a), with n examples in all and n_a of the arm
 * (Auer, Cesa-Bianchi & Fischer: Finite-time Analysis of the Multiarmed Bandit Problem, 2002, figure 1).
 *
 * Arms that were never tried come first, in their order. With `memory: discounted(...)` or `slidingWindow(...)` it is
 * D-UCB or SW-UCB in the style of Garivier & Moulines (2011), whose counts are those remembered.
 *
 * @throws EdgewrightError "invalid-argument" for an alpha below 0
 *
 * @example
 * const bandit = createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1 });
 * bandit.update(bandit.decide().id, 1); // "a": the first untried one
 * bandit.update(bandit.decide().id, 0); // "b"
 * console.log(bandit.decide().arm); // "a"
 */
export function ucb1(options: Ucb1Options = {}): Policy {
  const { alpha = 1 } = options;
  if (!(alpha >= 0 && alpha < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `ucb1: an alpha from 0 was expected, got ${alpha}`,
    );
  }
  return createCountingPolicy(
    {
      name: "ucb1",
      rewards: "real",
      evaluate(statistics, choices, out) {
        const { slots } = choices;
        estimateMeans(statistics, choices, out);
        // Memories that forget can hold less than one example, where the logarithm would be below 0.
        const logTotal = Math.log(Math.max(1, statistics.total));
        for (let i = 0; i < slots.length; i++) {
          const tries = statistics.count(slots[i]!);
          out.scores[i] =
            tries > 0 ? out.means[i]! + alpha * Math.sqrt((2 * logTotal) / tries) : Infinity;
        }
        putAllOn(indexOfBest(out.scores, slots.length), out.probabilities, slots.length);
      },
    },
    options,
  );
}
