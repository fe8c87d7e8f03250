import type { Rng } from "@edgewright/core";
import type { Evaluation } from "../policy/policy.js";

/** How a policy on linear models turns means and widths of the arms into scores and probabilities. */
export interface ExplorationRule {
  /** Name of the kind of policy, the first part of the policy's. */
  readonly name: string;
  /** Whether means alone decide: widths need not be worked out. */
  readonly meansOnly?: boolean;
  /**
   * Where the best arm is the first with the highest mean + optimism * width: that factor. Arms that cannot be the
   * best need no width then.
   */
  readonly optimism?: number;
  /**
   * Fills `scores` and `probabilities` of the first `count` arms from their `means` and `widths`.
   *
   * @param learned examples that the policy has learnt
   * @param covariances works out the covariances of the estimated means, a packed triangle, where they are correlated
   */
  explore(
    out: Evaluation,
    count: number,
    learned: number,
    rng: Rng,
    covariances?: () => Float64Array,
  ): void;
}
