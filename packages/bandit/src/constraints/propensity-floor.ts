import { EdgewrightError } from "@edgewright/core";
import type { Constraint } from "./constraint.js";

/**
 * Gives every arm that stands for choice at least the probability `minimum`, by mixing in the uniform distribution:
 * (1 - K minimum) p + minimum for K arms. Logs of such a bandit can be evaluated for any other policy, and the
 * weights of that are at most 1 / `minimum`.
 *
 * List it last, except beside a {@link safetyBaseline}, which must have the last word: constraints after it can take
 * away again what it gave. Arms that others do not admit stay out.
 *
 * @param minimum above 0, and at most 1 / K: more arms than that are refused when they come to be decided on
 *
 * @example
 * const bandit = createBandit({
 *   policy: linUcb({ dimension: 1, alpha: 1 }),
 *   arms: ["a", "b"],
 *   seed: 1,
 *   constraints: [propensityFloor(0.05)],
 * });
 * console.log(bandit.probabilities([1])); // Float64Array(2) [ 0.95, 0.05 ]
 */
export function propensityFloor(minimum: number): Constraint {
  if (!(minimum > 0 && minimum <= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `propensityFloor: a minimum above 0 and at most 1 was expected, got ${minimum}`,
    );
  }
  return {
    name: "propensityFloor",
    reshape({ probabilities }) {
      const count = probabilities.length;
      if (count * minimum > 1 + 1e-12) {
        throw new EdgewrightError(
          "limit-exceeded",
          `propensityFloor: ${count} arms cannot have a probability of ${minimum} each; set a minimum of at most ${1 / count}`,
        );
      }
      for (let i = 0; i < count; i++) {
        const probability = probabilities[i]!;
        // In this form certainty rounds well: 1 of two arms becomes 1 - minimum.
        probabilities[i] = Math.max(minimum, probability + minimum * (1 - count * probability));
      }
    },
  };
}
