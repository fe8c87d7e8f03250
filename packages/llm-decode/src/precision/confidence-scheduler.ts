import { mean, standardDeviation } from "@edgewright/core";
import { checkWidths, type PrecisionScheduler } from "./precision-scheduler.js";
import { largestProbability } from "./token-probability.js";

/** Options of {@link confidenceScheduler}. */
export interface ConfidenceSchedulerOptions {
  /** Bit widths, two or more. */
  readonly widths: readonly number[];
  /** Tokens that the threshold of a width is taken from. @default 10 */
  readonly window?: number;
  /** Standard deviations above the mean that count as confident. @default 1 */
  readonly deviations?: number;
}

/**
 * Falls by one width when the model is surer of its token than it was at first: the probabilities of the likeliest
 * tokens of the first `window` passes at a width give its threshold, mean + deviations x standard deviation (the
 * scheduler `confidence` of PMPD's experiments).
 */
export function confidenceScheduler(options: ConfidenceSchedulerOptions): PrecisionScheduler {
  const widths = checkWidths("confidenceScheduler", options.widths);
  const { window = 10, deviations = 1 } = options;
  let level = widths.length - 1;
  let seen: number[] = [];
  let threshold: number | undefined;
  return {
    name: `confidence ${[...widths].reverse().join("/")}`,
    widths,
    schedule({ logits, index }) {
      if (index === 0 || level === 0) return widths[level]!; // the prompt has a width of its own
      const probability = largestProbability(logits);
      if (threshold === undefined) {
        seen.push(probability);
        if (seen.length === window) {
          threshold = mean(seen) + (window > 1 ? deviations * standardDeviation(seen) : 0);
        }
      } else if (probability >= threshold) {
        level--;
        seen = [];
        threshold = undefined;
      }
      return widths[level]!;
    },
    reset() {
      level = widths.length - 1;
      seen = [];
      threshold = undefined;
    },
  };
}
