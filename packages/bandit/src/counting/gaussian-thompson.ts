import { EdgewrightError } from "@edgewright/core";
import { probabilitiesOfBest } from "../policy/best-arm-probabilities.js";
import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";

/** Options of {@link gaussianThompson}. */
export interface GaussianThompsonOptions extends CountingOptions {
  /** Mean reward that arms are taken to have before their first. @default 0 */
  readonly priorMean?: number;
  /** Standard deviation of arms' means about `priorMean`, above 0; Infinity for no opinion. @default 1 */
  readonly priorDeviation?: number;
  /** Standard deviation of an arm's rewards about its mean, above 0: known, not estimated. @default 1 */
  readonly noise?: number;
}

/**
 * Thompson sampling with normal rewards of known noise: an arm is chosen with the probability that its mean is the
 * best one under independent normal posteriors. The defaults, a posterior N(sum / (n + 1), 1 / (n + 1)), are those of
 * Agrawal & Goyal: Further Optimal Regret Bounds for Thompson Sampling (2013), algorithm 2.
 *
 * The probabilities are worked out by quadrature to 1e-6 and the arm is drawn from them, so propensities are known.
 *
 * @throws EdgewrightError "invalid-argument" for deviations that are not above 0, or sizes beyond 1e100
 *
 * @example
 * const policy = gaussianThompson({ priorMean: 30, priorDeviation: 20, noise: 5 }); // frames per second, say
 * const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
 * for (let i = 0; i < 50; i++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 45 : 30);
 * }
 * console.log(bandit.decide().arm); // "b"
 */
export function gaussianThompson(options: GaussianThompsonOptions = {}): Policy {
  const { priorMean = 0, priorDeviation = 1, noise = 1 } = options;
  if (!(Math.abs(priorMean) <= 1e100 && priorDeviation > 0 && noise > 0 && noise <= 1e100)) {
    throw new EdgewrightError(
      "invalid-argument",
      `gaussianThompson: a priorMean of at most 1e100, a priorDeviation above 0 and a noise above 0, at most 1e100, were expected, got ${priorMean}, ${priorDeviation}, ${noise}`,
    );
  }
  // How many examples the prior counts for.
  const priorCount = (noise / priorDeviation) ** 2;
  if (!(priorCount <= 1e100)) {
    throw new EdgewrightError(
      "invalid-argument",
      `gaussianThompson: a priorDeviation of at least 1e-50 of the noise was expected, got ${priorDeviation} for a noise of ${noise}`,
    );
  }
  return createCountingPolicy(
    {
      name: "gaussian-thompson",
      rewards: "real",
      evaluate(statistics, { slots }, out) {
        for (let i = 0; i < slots.length; i++) {
          const count = priorCount + statistics.count(slots[i]!);
          out.means[i] =
            count > 0 ? (priorCount * priorMean + statistics.sum(slots[i]!)) / count : priorMean;
          out.widths[i] = noise / Math.sqrt(count);
          out.scores[i] = out.means[i]!;
        }
        probabilitiesOfBest(out.means, out.widths, slots.length, out.probabilities);
      },
    },
    options,
  );
}
