import { EdgewrightError } from "@edgewright/core";
import type { Policy } from "../policy/policy.js";
import { createExponentialPolicy } from "./exponential-policy.js";
import { exponentialShares } from "./exponential-shares.js";

/** Options of {@link exp3Ix}. */
export interface Exp3IxOptions {
  /**
   * Rate of learning, above 0; "anytime" lets it fall with the number t of rewards as sqrt(ln K / (K t)).
   *
   * @default "anytime"
   */
  readonly eta?: number | "anytime";
}

/**
 * EXP3-IX, for rewards from 0 to 1 that an adversary may have chosen: probabilities are in proportion to
 * exp(-eta L_a) with L_a the arm's losses 1 - reward, each divided by the probability with which the arm was chosen
 * plus gamma = eta / 2. This implicit exploration bounds the regret not only on average but with high probability
 * (Neu: Explore no more, 2015, algorithm 1 and corollary 1).
 *
 * An arm that comes later starts from the average of the others' L_a, or from that of the arm it is like.
 *
 * @throws EdgewrightError "invalid-argument" for an eta that is neither above 0 nor "anytime"
 *
 * @example
 * const bandit = createBandit({ policy: exp3Ix(), arms: ["a", "b"], seed: 1 });
 * for (let i = 0; i < 200; i++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 1 : 0);
 * }
 * console.log(bandit.decide().arm); // "b"
 */
export function exp3Ix(options: Exp3IxOptions = {}): Policy {
  const { eta = "anytime" } = options;
  if (!(eta === "anytime" || (eta > 0 && eta < Infinity))) {
    throw new EdgewrightError(
      "invalid-argument",
      `exp3Ix: an eta above 0, or "anytime", was expected, got ${eta}`,
    );
  }
  const rateAt = (arms: number, round: number): number =>
    eta === "anytime" ? Math.sqrt(Math.log(arms) / (arms * round)) : eta;
  return createExponentialPolicy({
    name: "exp3-ix",
    evaluate(gains, count, rounds, out) {
      exponentialShares(gains, rateAt(count, rounds + 1), count, out);
    },
    // Minus the loss: the same sums as for EXP3, of what is better when larger.
    estimate: ({ reward, propensity }, arms, rounds) =>
      (reward - 1) / (propensity + rateAt(arms, rounds + 1) / 2),
  });
}
