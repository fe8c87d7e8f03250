import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { ExplorationRule } from "./exploration-rule.js";
import { requireOption } from "./linear-options.js";

/** The first arm with the highest mean + alpha * width. */
export function ucbRule(name: string, where: string, alpha: number): ExplorationRule {
  requireOption(alpha >= 0 && alpha < Infinity, where, "alpha", "a number from 0", alpha);
  return {
    name,
    optimism: alpha,
    explore({ scores, probabilities, means, widths }, count) {
      for (let i = 0; i < count; i++) scores[i] = means[i]! + alpha * widths[i]!;
      putAllOn(indexOfBest(scores, count), probabilities, count);
    },
  };
}
