import { putAllOn } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";
import { estimateMeans, indexOfUntried } from "./empirical-mean.js";
import { exponentialShares } from "./exponential-shares.js";
import { createSchedule } from "./schedule.js";

/** Options of {@link softmax}. */
export interface SoftmaxOptions extends CountingOptions {
  /**
   * Difference of means, in units of the reward, that makes an arm e times likelier; above 0, or what gives it by the
   * number of rewards learnt so far.
   *
   * @default 0.1
   */
  readonly temperature?: number | ((rounds: number) => number);
  /** Lets a constant temperature fall as temperature / (1 + rounds / decay); Infinity keeps it. @default Infinity */
  readonly decay?: number;
}

/**
 * Chooses arms with probabilities in proportion to exp(mean / temperature): Boltzmann exploration
 * (Sutton & Barto, Reinforcement Learning, 1998, section 2.3).
 *
 * Arms that were never tried come first, in their order, with probability 1.
 *
 * @throws EdgewrightError "invalid-argument" for a temperature or decay that is not above 0
 *
 * @example
 * const bandit = createBandit({ policy: softmax({ temperature: 0.5 }), arms: ["a", "b"], seed: 1 });
 * bandit.update(bandit.decide().id, 1); // "a"
 * bandit.update(bandit.decide().id, 0); // "b"
 * console.log(bandit.decide().probabilities); // 0.88, 0.12
 */
export function softmax(options: SoftmaxOptions = {}): Policy {
  const { temperature = 0.1, decay = Infinity } = options;
  const temperatureAt = createSchedule(
    "softmax: temperature",
    temperature,
    decay,
    Number.MIN_VALUE,
    Number.MAX_VALUE,
  );
  return createCountingPolicy(
    {
      name: "softmax",
      rewards: "real",
      evaluate(statistics, choices, out, rounds) {
        const count = choices.slots.length;
        estimateMeans(statistics, choices, out);
        out.scores.set(out.means.subarray(0, count));
        const untried = indexOfUntried(statistics, choices);
        if (untried >= 0) putAllOn(untried, out.probabilities, count);
        else exponentialShares(out.means, 1 / temperatureAt(rounds), count, out.probabilities);
      },
    },
    options,
  );
}
