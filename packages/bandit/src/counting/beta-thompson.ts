import { EdgewrightError } from "@edgewright/core";
import type { Policy } from "../policy/policy.js";
import { createBestBetaArm } from "./beta/best-beta-arm.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";

/** Options of {@link betaThompson}. */
export interface BetaThompsonOptions extends CountingOptions {
  /** Successes that every arm is taken to have had, above 0. @default 1 */
  readonly priorSuccesses?: number;
  /** Failures that every arm is taken to have had, above 0. @default 1 */
  readonly priorFailures?: number;
  /**
   * What becomes of rewards between 0 and 1: `"counts"` takes r for r of a success and 1 - r of a failure, which
   * wastes nothing and can be added up over devices; `"trial"` flips a coin that shows 1 with probability r and takes
   * what it shows, for which Agrawal & Goyal's bound is proven.
   *
   * @default "counts"
   */
  readonly fractional?: "counts" | "trial";
}

/**
 * Thompson sampling with Beta posteriors, for rewards from 0 to 1: an arm is chosen with the probability that its
 * mean is the best one (Thompson 1933; Agrawal & Goyal: Analysis of Thompson Sampling for the Multi-armed Bandit
 * Problem, 2012, algorithms 1 and 2).
 *
 * The probabilities are worked out by quadrature to 1e-6 and the arm is drawn from them, so propensities are known.
 *
 * @throws EdgewrightError "invalid-argument" for prior counts that are not above 0
 *
 * @example
 * const bandit = createBandit({ policy: betaThompson(), arms: ["a", "b"], seed: 1 });
 * for (let i = 0; i < 100; i++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 1 : 0);
 * }
 * console.log(bandit.decide().arm); // "b"
 */
export function betaThompson(options: BetaThompsonOptions = {}): Policy {
  const { priorSuccesses = 1, priorFailures = 1, fractional = "counts" } = options;
  for (const prior of [priorSuccesses, priorFailures]) {
    // Below a hundredth nearly all of a posterior is at 0 and 1, too close to tell arms apart.
    if (!(prior >= 0.01 && prior < Infinity)) {
      throw new EdgewrightError(
        "invalid-argument",
        `betaThompson: prior counts from 0.01 were expected, got ${prior}`,
      );
    }
  }
  if (fractional !== "counts" && fractional !== "trial") {
    throw new EdgewrightError(
      "invalid-argument",
      `betaThompson: "counts" or "trial" was expected for fractional, got ${fractional}`,
    );
  }
  const best = createBestBetaArm();
  let successes = new Float64Array(8);
  let failures = new Float64Array(8);
  return createCountingPolicy(
    {
      name: "beta-thompson",
      rewards: "unit",
      evaluate(statistics, { slots }, out) {
        const arms = slots.length;
        if (arms > successes.length) {
          successes = new Float64Array(2 * arms);
          failures = new Float64Array(2 * arms);
        }
        for (let i = 0; i < arms; i++) {
          const count = statistics.count(slots[i]!);
          // Sums of weighted rewards may miss 0 or the count by a rounding.
          const sum = Math.min(count, Math.max(0, statistics.sum(slots[i]!)));
          const a = priorSuccesses + sum;
          const b = priorFailures + count - sum;
          successes[i] = a;
          failures[i] = b;
          out.means[i] = a / (a + b);
          out.widths[i] = Math.sqrt(((a / (a + b)) * (b / (a + b))) / (a + b + 1));
          out.scores[i] = out.means[i]!;
        }
        best.probabilities(successes, failures, arms, out.probabilities);
      },
      ...(fractional === "trial" && {
        recode: ({ reward }, rng) => (rng.uniform() < reward ? 1 : 0),
      }),
    },
    options,
  );
}
