import { EdgewrightError } from "@edgewright/core";
import type { Policy } from "../policy/policy.js";
import { createExponentialPolicy } from "./exponential-policy.js";
import { exponentialShares } from "./exponential-shares.js";

/** Options of {@link exp3}. */
export interface Exp3Options {
  /**
   * Share of exploration, above 0 and at most 1, which also is the rate of learning; "anytime" lets it fall with the
   * number t of rewards as min(1, sqrt(K ln K / ((e - 1) t))), the best one for t rounds.
   *
   * @default "anytime"
   */
  readonly gamma?: number | "anytime";
}

/**
 * EXP3, for rewards from 0 to 1 that an adversary may have chosen: probabilities are
 * (1 - gamma) exp(gamma G_a / K) / sum + gamma / K with G_a the arm's rewards, each divided by the probability with
 * which the arm was chosen (Auer, Cesa-Bianchi, Freund & Schapire: The Nonstochastic Multiarmed Bandit Problem, 2002,
 * figure 1).
 *
 * An arm that comes later starts from the average of the others' G_a, or from that of the arm it is like.
 *
 * @throws EdgewrightError "invalid-argument" for a gamma that is neither above 0 and at most 1 nor "anytime"
 *
 * @example
 * const bandit = createBandit({ policy: exp3({ gamma: 0.2 }), arms: ["a", "b"], seed: 1 });
 * console.log(bandit.decide().probabilities); // 0.5, 0.5
 */
export function exp3(options: Exp3Options = {}): Policy {
  const { gamma = "anytime" } = options;
  if (!(gamma === "anytime" || (gamma > 0 && gamma <= 1))) {
    throw new EdgewrightError(
      "invalid-argument",
      `exp3: a gamma above 0 and at most 1, or "anytime", was expected, got ${gamma}`,
    );
  }
  return createExponentialPolicy({
    name: "exp3",
    evaluate(gains, count, rounds, out) {
      const share =
        gamma === "anytime"
          ? Math.min(1, Math.sqrt((count * Math.log(count)) / ((Math.E - 1) * (rounds + 1))))
          : gamma;
      exponentialShares(gains, share / count, count, out);
      for (let i = 0; i < count; i++) out[i] = (1 - share) * out[i]! + share / count;
    },
    estimate: ({ reward, propensity }) => reward / propensity,
  });
}
