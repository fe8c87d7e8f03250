import { EdgewrightError } from "@edgewright/core";
import type { LogitsProcessor } from "./logits-processor.js";

/** How the next token is chosen from the logits. */
export interface SamplingOptions {
  /**
   * Divides the logits: below 1 sharpens, above 1 flattens. 0 always takes the likeliest token.
   * @default 0, or 1 where `topK`, `topP` or `minP` is given
   */
  temperature?: number;
  /** Choose among the k likeliest tokens only; 0 stands for all. @default 0 */
  topK?: number;
  /** Choose among the fewest tokens whose probabilities add up to so much, in (0, 1]. @default 1 */
  topP?: number;
  /** Choose among tokens at least so likely relative to the likeliest, in [0, 1]. @default 0 */
  minP?: number;
  /**
   * Divides positive logits of tokens that occurred (prompt included) and multiplies negative ones, as
   * Hugging Face's `RepetitionPenaltyLogitsProcessor` does. @default 1
   */
  repetitionPenalty?: number;
  /** The same seed gives the same text, whichever engine; a whole number from 0. @default 0 */
  seed?: number;
  /** Change the logits in place after the repetition penalty and before all else. @default none */
  logitsProcessors?: readonly LogitsProcessor[];
}

/** {@link SamplingOptions} with every default filled in. */
export type ResolvedSamplingOptions = Required<SamplingOptions>;

/**
 * Checks sampling options and fills in what is left out.
 *
 * @throws EdgewrightError `invalid-argument` for an option out of its range, by name.
 */
export function resolveSamplingOptions(options: SamplingOptions = {}): ResolvedSamplingOptions {
  const { topK = 0, topP = 1, minP = 0, repetitionPenalty = 1 } = options;
  const { seed = 0, logitsProcessors = [] } = options;
  const filters =
    options.topK !== undefined || options.topP !== undefined || options.minP !== undefined;
  const { temperature = filters ? 1 : 0 } = options;
  const within = (name: string, value: unknown, expected: string, fits: boolean): void => {
    if (fits) return;
    throw new EdgewrightError(
      "invalid-argument",
      `sampling: ${name} must be ${expected}, got ${typeof value === "string" ? `"${value}"` : value}`,
      { where: name },
    );
  };
  const wholeFromZero = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  within("temperature", temperature, "a finite number from 0", inRange(temperature, 0, Infinity));
  within("topK", topK, "a whole number from 0", wholeFromZero(topK));
  within("topP", topP, "above 0 and at most 1", inRange(topP, 0, 1) && topP > 0);
  within("minP", minP, "from 0 to 1", inRange(minP, 0, 1));
  within(
    "repetitionPenalty",
    repetitionPenalty,
    "a finite number above 0",
    inRange(repetitionPenalty, 0, Infinity) && repetitionPenalty > 0,
  );
  within("seed", seed, "a whole number from 0 to 2^53 - 1", wholeFromZero(seed));
  within(
    "logitsProcessors",
    logitsProcessors,
    "an array of functions",
    Array.isArray(logitsProcessors) && logitsProcessors.every((one) => typeof one === "function"),
  );
  return { temperature, topK, topP, minP, repetitionPenalty, seed, logitsProcessors };
}

function inRange(value: unknown, low: number, high: number): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= low && value <= high;
}
