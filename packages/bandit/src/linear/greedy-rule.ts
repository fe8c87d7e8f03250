import { indexOfBest } from "../policy/choose-best.js";
import type { ExplorationRule } from "./exploration-rule.js";
import { requireOption } from "./linear-options.js";

/** How often greedy policies on linear models explore. */
export interface GreedyOptions {
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
  /**
   * Whether to work out the widths of all arms, which the choice does not need: `"needed"` leaves them NaN and takes
   * d instead of d^2 / 2 products for every arm.
   *
   * @default "all"
   */
  readonly scores?: "all" | "needed";
}

/** The first arm with the highest mean, but with probability epsilon any, all alike. */
export function greedyRule(
  name: string,
  where: string,
  { epsilon = 0.1, decay = Infinity }: GreedyOptions,
): ExplorationRule {
  const check = (value: number): void =>
    requireOption(value >= 0 && value <= 1, where, "epsilon", "a number from 0 to 1", value);
  if (typeof epsilon === "number") check(epsilon);
  requireOption(decay > 0, where, "decay", "a number above 0", decay);
  return {
    name,
    meansOnly: true,
    explore({ scores, probabilities, means }, count, learned) {
      for (let i = 0; i < count; i++) scores[i] = means[i]!;
      const explored =
        typeof epsilon === "number" ? epsilon / (1 + learned / decay) : epsilon(learned);
      check(explored);
      probabilities.fill(explored / count, 0, count);
      probabilities[indexOfBest(scores, count)] = 1 - (explored / count) * (count - 1);
    },
  };
}
