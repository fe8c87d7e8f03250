import { EdgewrightError } from "@edgewright/core";
import { indexOfBest } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";
import { estimateMeans } from "./empirical-mean.js";
import { createSchedule } from "./schedule.js";

/** Options of {@link epsilonGreedy}. */
export interface EpsilonGreedyOptions extends CountingOptions {
  /**
   * Probability of exploring, from 0 to 1, or what gives it by the number of rewards learnt so far.
   *
   * @default 0.1
   */
  readonly epsilon?: number | ((rounds: number) => number);
  /**
   * Lets a constant epsilon fall as epsilon / (1 + rounds / decay): to a half after `decay` rewards. Infinity keeps it.
   *
   * @default Infinity
   */
  readonly decay?: number;
  /** Mean reward that arms are taken to have before their first; Infinity has each tried at once. @default Infinity */
  readonly initialMean?: number;
}

/**
 * Chooses the arm of the highest mean reward, but with probability epsilon any arm, all alike (Sutton & Barto,
 * Reinforcement Learning, section 2.2; with decay, epsilon_n-greedy of Auer, Cesa-Bianchi & Fischer 2002).
 *
 * Propensities are exact: epsilon / K for every arm, and 1 - epsilon more for the first of the best ones. Arms that
 * were never tried are best by default, in their order.
 *
 * @throws EdgewrightError "invalid-argument" for an epsilon that is not from 0 to 1, a decay not above 0
 *
 * @example
 * const bandit = createBandit({ policy: epsilonGreedy({ epsilon: 0.2 }), arms: ["a", "b"], seed: 1 });
 * for (const reward of [0, 1, 0, 1]) bandit.update(bandit.decide().id, reward);
 * console.log(bandit.decide().probabilities); // 0.9 for one arm, 0.1 for the other
 */
export function epsilonGreedy(options: EpsilonGreedyOptions = {}): Policy {
  const { epsilon = 0.1, decay = Infinity, initialMean = Infinity } = options;
  const epsilonAt = createSchedule("epsilonGreedy: epsilon", epsilon, decay, 0, 1);
  if (Number.isNaN(initialMean)) {
    throw new EdgewrightError(
      "invalid-argument",
      "epsilonGreedy: a number was expected as initialMean, got NaN",
    );
  }
  return createCountingPolicy(
    {
      name: "epsilon-greedy",
      rewards: "real",
      evaluate(statistics, choices, out, rounds) {
        const count = choices.slots.length;
        estimateMeans(statistics, choices, out);
        for (let i = 0; i < count; i++) {
          const mean = out.means[i]!;
          out.scores[i] = Number.isNaN(mean) ? initialMean : mean;
        }
        const explored = epsilonAt(rounds);
        out.probabilities.fill(explored / count, 0, count);
        // One arm's share less the others': exactly 1 without exploration, and the sum is 1 to the last bit or two.
        out.probabilities[indexOfBest(out.scores, count)] = 1 - (explored / count) * (count - 1);
      },
    },
    options,
  );
}
